/** The picture of a pipeline: what stands where, what is wired, what is missing. */
import { type GraphNode, type GraphWire, PILL, type Port } from "./graph";
import {
  inOrder,
  isFrom,
  type Pipeline,
  type PipelineNode,
  type Place,
  split,
} from "./pipeline/model";
import type { Face } from "./ports";

export interface Scene {
  nodes: GraphNode[];
  wires: GraphWire[];
}

export interface SceneFault {
  node: string;
  field: string;
  name: string;
  severity: string;
  message: string;
}

/** What is known of a pipeline beside its text. */
export interface Knowledge {
  faceOf: (name: string, node: PipelineNode) => Face | undefined;
  places: Record<string, Place>;
  faults?: readonly SceneFault[];
  stale?: ReadonlySet<string>;
  words: Words;
}

/** How people are told what a node lacks. */
export interface Words {
  missingInput: (name: string) => string;
  missingParameter: (name: string) => string;
  unknown: (component: string) => string;
  input: (type: string) => string;
  parameter: (type: string) => string;
}

const GAP = 24;

/** What is as it was `before` stays the same object, so that it is not drawn again. */
export function sceneOf(pipeline: Pipeline, known: Knowledge, before?: Scene): Scene {
  const faults = byNode(known.faults ?? []);
  const given = givenOf(pipeline);
  const nodes = inOrder(pipeline).flatMap((name) => {
    const node = pipeline.nodes[name];
    return node ? [drawn(name, node, { known, faults, given })] : [];
  });
  const all = [...ownNodes(pipeline, nodes, known.words), ...nodes];
  const types = typesOf(all);
  const wires = Object.entries(pipeline.nodes).flatMap(([name, node]) =>
    wiresOf(name, node, types).filter((wire) => types.has(wire.source)),
  );
  return {
    nodes: kept(all, before?.nodes ?? [], (node) => node.name),
    wires: kept(wires, before?.wires ?? [], (wire) => JSON.stringify(wire)),
  };
}

interface Around {
  known: Knowledge;
  faults: Map<string, SceneFault[]>;
  given: Map<string, string[]>;
}

function drawn(name: string, node: PipelineNode, { known, faults, given }: Around): GraphNode {
  const { component } = node;
  const face = known.faceOf(name, node);
  const lacks = lacking(node, face);
  const said = [
    ...lacks.inputs.map(known.words.missingInput),
    ...lacks.parameters.map(known.words.missingParameter),
    ...(face || !component ? [] : [known.words.unknown(component)]),
    ...(faults.get(name) ?? [])
      .filter((fault) => !isSaid(fault, face, lacks))
      .map((fault) => fault.message),
  ];
  return {
    name,
    title: titleOf(name, face),
    about: component ? aboutOf(component, face) : "",
    kind: face?.kind ?? "unknown",
    at: known.places[name] ?? [0, 0],
    inputs: portsOf(face?.inputs, node.inputs),
    outputs: (face?.outputs ?? []).map((port) => ({ name: port.name, type: port.type })),
    missing: lacks.inputs,
    given: given.get(name) ?? [],
    faults: said,
    isUnfinished: said.length > 0,
    isStale: known.stale?.has(name) ?? false,
  };
}

/** What is seen here needs not be told by the server as well. */
function isSaid(fault: SceneFault, face: Face | undefined, lacks: ReturnType<typeof lacking>) {
  if (fault.field === "component") return !face;
  return [...lacks.inputs, ...lacks.parameters].includes(fault.name);
}

/** A node that was given a name of its own is called that. */
export function titleOf(name: string, face: Face | undefined): string {
  if (!face) return name;
  const isGiven = name.replace(/_\d+$/, "") !== face.name;
  return isGiven ? name : face.title || name;
}

export function aboutOf(component: string, face: Face | undefined): string {
  if (!face) return component;
  return face.source === "builtin" ? face.name : `${face.name}@${face.version}`;
}

/** Ports of the component, and those wired ones that it has not, so that a wrong wire is seen. */
function portsOf(ports: Face["inputs"] | undefined, wired: PipelineNode["inputs"]): Port[] {
  const known = (ports ?? []).map(({ name, type, required }) => ({
    name,
    type,
    isRequired: required,
  }));
  const names = new Set(known.map((port) => port.name));
  const others = Object.keys(wired ?? {}).filter((name) => !names.has(name));
  return [...known, ...others.map((name) => ({ name, type: "any" }))];
}

export function lacking(node: PipelineNode, face: Face | undefined) {
  const inputs = face?.inputs.filter((each) => each.required && !node.inputs?.[each.name]) ?? [];
  const parameters =
    face?.parameters.filter((each) => {
      const value = node.parameters?.[each.name];
      return each.required && each.default === null && (value === undefined || value === "");
    }) ?? [];
  return {
    inputs: inputs.map((each) => each.name),
    parameters: parameters.map((each) => each.name),
  };
}

function byNode(faults: readonly SceneFault[]): Map<string, SceneFault[]> {
  const found = new Map<string, SceneFault[]>();
  for (const fault of faults)
    if (fault.node && fault.severity === "error")
      found.set(fault.node, [...(found.get(fault.node) ?? []), fault]);
  return found;
}

function givenOf(pipeline: Pipeline): Map<string, string[]> {
  const found = new Map<string, string[]>();
  for (const { from } of Object.values(pipeline.outputs ?? {})) {
    const [node, port] = split(from);
    found.set(node, [...(found.get(node) ?? []), port]);
  }
  return found;
}

/** The pipeline's own inputs and parameters, at the left edge, above what reads them. */
function ownNodes(pipeline: Pipeline, nodes: GraphNode[], words: Words): GraphNode[] {
  const left = nodes.reduce((least, { at }) => Math.min(least, at[0]), nodes.length ? Infinity : 0);
  const top = nodes.reduce((least, { at }) => Math.min(least, at[1]), nodes.length ? Infinity : 0);
  const own = (["inputs", "parameters"] as const).flatMap((place) =>
    Object.entries(pipeline[place] ?? {}).map(([name, { type }]) => ({ place, name, type })),
  );
  return own.map(({ place, name, type }, index) => ({
    name: `${place}.${name}`,
    title: name,
    about: place === "inputs" ? words.input(type) : words.parameter(type),
    kind: place === "inputs" ? "input" : "parameter",
    at: [left - PILL.width - 2 * GAP, top - (own.length - index) * (PILL.height + GAP)],
    inputs: [],
    outputs: [{ name, type: place === "inputs" ? type : "value" }],
  }));
}

type Types = Map<string, Map<string, string>>;

const typesOf = (nodes: GraphNode[]): Types =>
  new Map(
    nodes.map(({ name, outputs }) => [
      name,
      new Map(outputs.map((each) => [each.name, each.type])),
    ]),
  );

function wiresOf(target: string, node: PipelineNode, types: Types): GraphWire[] {
  const wire = (from: string, input: string, kind: GraphWire["kind"]): GraphWire => {
    const [source, output] = ended(from);
    const type = kind === "order" ? "" : (types.get(source)?.get(output) ?? "any");
    return { source, output, target, input, kind, type };
  };
  const reads = (values: Record<string, unknown> | undefined, kind: "data" | "value") =>
    Object.entries(values ?? {}).flatMap(([name, value]) =>
      isFrom(value) ? [wire(value.from, name, kind)] : [],
    );
  return [
    ...reads(node.inputs, "data"),
    ...reads(node.parameters, "value"),
    ...(isFrom(node.foreach) ? [wire(node.foreach.from, "foreach", "value")] : []),
    ...(node.after ?? []).map((name) => wire(name, "after", "order")),
  ];
}

/** What a `from` names as it is drawn: the pipeline's own inputs are nodes of their own. */
function ended(from: string): [string, string] {
  const [source, output] = split(from);
  return source === "inputs" || source === "parameters" ? [from, output] : [source, output];
}

/** The place and port of a drawn wire's start as a `from` names them. */
export function sourceOf(name: string, output: string): [string, string] {
  const isOwn = name.startsWith("inputs.") || name.startsWith("parameters.");
  return isOwn ? split(name) : [name, output];
}

function kept<T>(now: T[], before: readonly T[], keyOf: (item: T) => string): T[] {
  const known = new Map(before.map((item) => [keyOf(item), item]));
  const items = now.map((item) => {
    const old = known.get(keyOf(item));
    return old && JSON.stringify(old) === JSON.stringify(item) ? old : item;
  });
  const isSame = items.length === before.length && items.every((item, i) => item === before[i]);
  return isSame ? (before as T[]) : items;
}
