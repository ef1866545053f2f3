/** Changes of what is the pipeline's own: its name, inputs, parameters and outputs. */
import { listed, type Parameter, type Value } from "../fields";
import {
  type Change,
  type Declared,
  isFrom,
  type Json,
  type Pipeline,
  type PipelineNode,
} from "./model";

export type Own = "inputs" | "parameters";

/** Sets one of the pipeline's fields; "" takes it out where it may be missing. */
export const setOwn =
  (field: "name" | "version" | "display_name" | "description", value: string): Change =>
  (pipeline) => {
    if (pipeline[field] === value) return pipeline;
    if (value || field === "name" || field === "version") return { ...pipeline, [field]: value };
    const { [field]: _, ...rest } = pipeline;
    return rest as Pipeline;
  };

/** What is written into the file before it is published: its version, and what changed in it. */
export const released =
  (version: string, notes: string): Change =>
  (pipeline) => {
    const { version_description: _, ...rest } = pipeline;
    const next = { ...rest, version } as Pipeline;
    return notes ? { ...next, version_description: notes } : next;
  };

export const declare =
  (own: Own, name: string, declared: Declared): Change =>
  (pipeline) => ({ ...pipeline, [own]: { ...pipeline[own], [name]: declared } });

/** Takes an input or parameter away; nodes that read a parameter keep the value that it had. */
export const undeclare =
  (own: Own, name: string): Change =>
  (pipeline) => {
    const { [name]: gone, ...rest } = pipeline[own] ?? {};
    if (!gone) return pipeline;
    const kept = own === "parameters" ? gone.default : undefined;
    return withReads(withOwn(pipeline, own, rest), `${own}.${name}`, kept);
  };

/** Calls an input or parameter something else, where it stands and where it is read. */
export const renameOwn =
  (own: Own, from: string, to: string): Change =>
  (pipeline) => {
    const entries = Object.entries(pipeline[own] ?? {});
    const isTaken = entries.some(([name]) => name === to);
    if (from === to || isTaken || !entries.some(([name]) => name === from)) return pipeline;
    const renamed = Object.fromEntries(
      entries.map(([name, each]) => [name === from ? to : name, each]),
    );
    return withReads(withOwn(pipeline, own, renamed), `${own}.${from}`, { from: `${own}.${to}` });
  };

/** Gives a port of a node as an output of the pipeline; "" takes the output away. */
export const setOutput =
  (name: string, from: string): Change =>
  (pipeline) => {
    const { [name]: _, ...rest } = pipeline.outputs ?? {};
    const outputs = from ? { ...pipeline.outputs, [name]: { from } } : rest;
    if (Object.keys(outputs).length) return { ...pipeline, outputs };
    const { outputs: _none, ...bare } = pipeline;
    return bare as Pipeline;
  };

/** The nodes that read an input or parameter of the pipeline. */
export function readersOf(pipeline: Pipeline, own: Own, name: string): string[] {
  const from = `${own}.${name}`;
  return Object.entries(pipeline.nodes)
    .filter(([, node]) => reads(node).some((value) => isFrom(value) && value.from === from))
    .map(([node]) => node);
}

/** The type of a pipeline's parameter that stands for one of a node.
 *
 * Columns of a pipeline would have to name a table of its own: their names are a text as well.
 */
export const ownType = (type: string): string =>
  type === "Column" || type === "Columns" ? "String" : type;

/** Names of columns as one text: with commas between, or as JSON where a name would not stand it. */
function asText(names: string[]): string {
  const isPlain = names.every((name) => name === name.trim() && !/^\[|,/.test(name));
  return isPlain ? names.join(",") : JSON.stringify(names);
}

/** Whether a value names scheduling parameters, which stand in the values of nodes alone. */
export const isDated = (pipeline: Pipeline, value: Value): boolean =>
  pipeline.scheduling_parameters !== undefined && /\$\{/.test(JSON.stringify(value ?? ""));

/** A parameter of the pipeline that stands for one of a node, with the value that it has there. */
export function declaredAs(parameter: Parameter, value: Value): Declared {
  const { minimum, maximum, exclusive_minimum, exclusive_maximum } = parameter;
  const range = {
    ...(minimum !== null && { [exclusive_minimum ? "exclusive_min" : "min"]: minimum }),
    ...(maximum !== null && { [exclusive_maximum ? "exclusive_max" : "max"]: maximum }),
  };
  const now = value === undefined || isFrom(value) ? (parameter.default as Json | null) : value;
  const isList = parameter.type === "Columns";
  return {
    type: ownType(parameter.type),
    ...(now !== null && now !== undefined && { default: isList ? asText(listed(now)) : now }),
    ...(Object.keys(range).length && { range }),
    ...(parameter.choices.length && !isList && { enum: parameter.choices }),
    ...(parameter.pattern && { pattern: parameter.pattern }),
    ...(parameter.length && { length: parameter.length }),
    ...(parameter.description && { description: parameter.description }),
  };
}

/** Whether a parameter of the pipeline may be read by one of a node (docs/pipeline-file.md). */
export function mayRead(parameter: Parameter, declared: Declared): boolean {
  const { type } = parameter;
  if (type === declared.type) return true;
  if (type === "Float" && declared.type === "Int") return true;
  return (
    ["String", "Column", "Columns"].includes(type) && ["String", "Column"].includes(declared.type)
  );
}

/** Whether a text may be the name of an input, output or parameter. */
export const isName = (name: string): boolean => /^[A-Za-z0-9-][\w-]{0,63}$/.test(name);

function reads(node: PipelineNode): unknown[] {
  return [
    ...Object.values(node.inputs ?? {}),
    ...Object.values(node.parameters ?? {}),
    node.foreach,
  ];
}

function withOwn(pipeline: Pipeline, own: Own, values: Record<string, Declared>): Pipeline {
  if (Object.keys(values).length) return { ...pipeline, [own]: values };
  const { [own]: _, ...rest } = pipeline;
  return rest as Pipeline;
}

/** Puts something else wherever `from` is read; `undefined` takes the reading away. */
function withReads(pipeline: Pipeline, from: string, instead: unknown): Pipeline {
  const changed = (values: Record<string, unknown> | undefined) => {
    const entries = Object.entries(values ?? {}).flatMap(([name, value]): [string, unknown][] => {
      if (!isFrom(value) || value.from !== from) return [[name, value]];
      return instead === undefined
        ? []
        : [[name, isFrom(instead) ? { ...value, ...instead } : instead]];
    });
    return entries.length ? Object.fromEntries(entries) : undefined;
  };
  const nodes = Object.entries(pipeline.nodes).map(([name, node]): [string, PipelineNode] => {
    if (!reads(node).some((value) => isFrom(value) && value.from === from)) return [name, node];
    const { inputs, parameters, foreach, ...rest } = node;
    const next = {
      inputs: changed(inputs),
      parameters: changed(parameters),
      ...changed({ foreach }),
    };
    const told = Object.entries(next).filter(([, value]) => value !== undefined);
    return [name, { ...rest, ...Object.fromEntries(told) } as PipelineNode];
  });
  return { ...pipeline, nodes: Object.fromEntries(nodes) };
}
