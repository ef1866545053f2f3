/** The changes that people make on the canvas. */
import {
  type Binding,
  type Change,
  type Declared,
  isFrom,
  type Json,
  type Note,
  type Pipeline,
  type PipelineNode,
  type Place,
  split,
  type Wire,
} from "./model";

/** One change after the other. */
export const all =
  (...changes: Change[]): Change =>
  (pipeline) =>
    changes.reduce((done, change) => change(done), pipeline);

export const addNode =
  (name: string, node: PipelineNode, at?: Place): Change =>
  (pipeline) => ({
    ...pipeline,
    nodes: { ...pipeline.nodes, [name]: node },
    ...(at && { layout: { ...pipeline.layout, [name]: whole(at) } }),
  });

export const changeNode =
  (name: string, change: (node: PipelineNode) => PipelineNode): Change =>
  (pipeline) => {
    const node = pipeline.nodes[name];
    if (!node) return pipeline;
    return { ...pipeline, nodes: { ...pipeline.nodes, [name]: change(node) } };
  };

/** Removes nodes, and what read their outputs or waited for them. */
export const removeNodes =
  (names: string[]): Change =>
  (pipeline) => {
    const gone = new Set(names);
    const isGone = (value: unknown) => isFrom(value) && gone.has(split(value.from)[0]);
    const nodes = Object.entries(pipeline.nodes)
      .filter(([name]) => !gone.has(name))
      .map(([name, node]): [string, PipelineNode] => [name, without(node, isGone, gone)]);
    return tidy({
      ...pipeline,
      nodes: Object.fromEntries(nodes),
      outputs: only(pipeline.outputs, (value) => !isGone(value)),
      layout: only(pipeline.layout, (_, name) => !gone.has(name)),
    });
  };

function without(
  node: PipelineNode,
  isGone: (value: unknown) => boolean,
  gone: Set<string>,
): PipelineNode {
  const reads = [...Object.values(node.inputs ?? {}), ...Object.values(node.parameters ?? {})];
  const isTouched =
    reads.some(isGone) || node.after?.some((each) => gone.has(each)) || isGone(node.foreach);
  if (!isTouched) return node;
  const { foreach, ...rest } = node;
  return tidyNode({
    ...rest,
    inputs: only(node.inputs, (value) => !isGone(value)),
    parameters: only(node.parameters, (value) => !isGone(value)),
    after: node.after?.filter((each) => !gone.has(each)),
    ...(foreach !== undefined && !isGone(foreach) && { foreach }),
  });
}

export const connect = ({ source, output, target, input }: Wire): Change =>
  bind(target, input, { from: `${source}.${output}` });

export const bind = (node: string, input: string, binding: Binding | undefined): Change =>
  changeNode(node, (known) => {
    const { [input]: _, ...others } = known.inputs ?? {};
    return tidyNode({ ...known, inputs: binding ? { ...others, [input]: binding } : others });
  });

export const disconnect = ({ target, input }: Pick<Wire, "target" | "input">): Change =>
  bind(target, input, undefined);

/** Gives a parameter a value, `{from}` included; `undefined` is the component's default again. */
export const setParameter = (node: string, name: string, value: Json | undefined): Change =>
  changeNode(node, (known) => {
    const { [name]: _, ...others } = known.parameters ?? {};
    const parameters = value === undefined ? others : { ...known.parameters, [name]: value };
    return tidyNode({ ...known, parameters });
  });

/** Sets one of a node's further fields, such as `retries`; `undefined` takes it out. */
export const setField = (node: string, field: string, value: unknown): Change =>
  changeNode(node, (known) => {
    const { [field]: _, ...others } = known;
    return (value === undefined ? others : { ...known, [field]: value }) as PipelineNode;
  });

/** Makes a parameter of the pipeline of a node's, and has the node read it. */
export const promote = (node: string, parameter: string, as: string, declared: Declared): Change =>
  all(
    (pipeline) => ({ ...pipeline, parameters: { ...pipeline.parameters, [as]: declared } }),
    setParameter(node, parameter, { from: `parameters.${as}` }),
  );

export const move =
  (places: Record<string, Place>): Change =>
  (pipeline) => {
    const rounded = Object.entries(places).map(([name, at]) => [name, whole(at)]);
    return { ...pipeline, layout: { ...pipeline.layout, ...Object.fromEntries(rounded) } };
  };

/** Calls a node something else wherever it is named but in conditions, which are text. */
export const rename =
  (from: string, to: string): Change =>
  (pipeline) => {
    const named = (value: unknown): unknown => {
      if (Array.isArray(value)) return value.map((each) => (each === from ? to : each));
      if (!isFrom(value)) return value;
      const [node, port] = split(value.from);
      return node === from ? { ...value, from: `${to}.${port}` } : value;
    };
    const each = <V>(values: Record<string, V> | undefined) =>
      values &&
      (Object.fromEntries(Object.entries(values).map(([k, v]) => [k, named(v)])) as Record<
        string,
        V
      >);
    const key = (name: string) => (name === from ? to : name);
    const nodes = Object.entries(pipeline.nodes).map(([name, node]) => [
      key(name),
      tidyNode({
        ...node,
        inputs: each(node.inputs),
        parameters: each(node.parameters),
        after: named(node.after) as string[] | undefined,
        ...(node.foreach !== undefined && { foreach: named(node.foreach) }),
        ...(typeof node.when === "string" && {
          when: node.when.replace(new RegExp(`(?<![\\w.'"-])${from}(?=\\.)`, "g"), to),
        }),
      }),
    ]);
    const layout = Object.entries(pipeline.layout ?? {}).map(([name, at]) => [key(name), at]);
    return tidy({
      ...pipeline,
      nodes: Object.fromEntries(nodes),
      outputs: each(pipeline.outputs),
      layout: Object.fromEntries(layout),
    });
  };

export const setNotes =
  (notes: Note[]): Change =>
  (pipeline) =>
    tidy({ ...pipeline, notes });

const whole = ([x, y]: Place): Place => [Math.round(x), Math.round(y)];

function only<V>(
  values: Record<string, V> | undefined,
  keep: (value: V, name: string) => boolean,
): Record<string, V> | undefined {
  return values && Object.fromEntries(Object.entries(values).filter(([k, v]) => keep(v, k)));
}

const isEmpty = (value: unknown) =>
  value === undefined ||
  (typeof value === "object" && value !== null && Object.keys(value).length === 0);

/** Without fields that say nothing, so that a file has only what somebody meant. */
function tidy(pipeline: Pipeline): Pipeline {
  const keep = ([name, value]: [string, unknown]) => name === "nodes" || !isEmpty(value);
  return Object.fromEntries(Object.entries(pipeline).filter(keep)) as Pipeline;
}

function tidyNode(node: PipelineNode): PipelineNode {
  return Object.fromEntries(
    Object.entries(node).filter(([, value]) => !isEmpty(value)),
  ) as PipelineNode;
}
