/** Nodes that become a pipeline of their own with one node in their place, and back again. */
import { move, rename } from "./pipeline/edit";
import {
  type Binding,
  blank,
  type Change,
  type Declared,
  freshName,
  isFrom,
  OWN,
  type Pipeline,
  type PipelineNode,
  type Place,
  reach,
  split,
} from "./pipeline/model";
import { ownType } from "./pipeline/own";

/** What the ports and parameters of nodes are, as far as it is known. */
export interface Types {
  output: (node: string, port: string) => string | undefined;
  input: (node: string, port: string) => string | undefined;
  parameter: (node: string, parameter: string) => string | undefined;
}

/** Why nodes cannot be one: a way leads out of them and back, or a condition reads from outside. */
export type Obstacle = "ring" | "foreach" | "when" | "none";

export interface Grouped {
  inner: Pipeline;
  /** Puts a node of that component in the place of the nodes. */
  outer: (name: string, component: string) => Change;
}

const READ = /(?<![\w.'"-])([A-Za-z][\w-]*)\.([\w-]+)/g;

export function obstacle(pipeline: Pipeline, names: readonly string[]): Obstacle | null {
  if (!names.length) return "none";
  const chosen = new Set(names);
  const [up, down] = [reach(pipeline, [...names], "up"), reach(pipeline, [...names], "down")];
  if ([...up].some((name) => down.has(name) && !chosen.has(name))) return "ring";
  const isOutside = (from: string) => !chosen.has(from) && from !== "parameters";
  for (const name of names) {
    const { foreach, when } = pipeline.nodes[name] ?? { component: "" };
    if (isFrom(foreach) && isOutside(split(foreach.from)[0])) return "foreach";
    if ([...String(when ?? "").matchAll(READ)].some(([, from]) => isOutside(from ?? "")))
      return "when";
  }
  return Object.entries(pipeline.nodes).some(
    ([name, { when }]) =>
      !chosen.has(name) &&
      [...String(when ?? "").matchAll(READ)].some(([, from]) => chosen.has(from ?? "")),
  )
    ? "when"
    : null;
}

/** The pipeline that the nodes would be; call it only where there is no obstacle. */
export function grouped(
  pipeline: Pipeline,
  names: readonly string[],
  called: string,
  types: Types,
): Grouped {
  const edge = new Edge(pipeline, new Set(names), types);
  const order = Object.keys(pipeline.nodes).filter((name) => names.includes(name));
  const nodes = Object.fromEntries(order.map((name) => [name, edge.taken(name)]));
  const outputs = edge.outputs();
  const inner: Pipeline = {
    ...blank(called),
    version: "1.0.0",
    ...(edge.inputs.size && { inputs: edge.declared(edge.inputs) }),
    ...(edge.parameters.size && { parameters: edge.declared(edge.parameters) }),
    // All of them: what a component's command has of them is not known here.
    ...(pipeline.scheduling_parameters && {
      scheduling_parameters: pipeline.scheduling_parameters,
    }),
    nodes,
    ...(outputs.size && {
      outputs: Object.fromEntries([...outputs].map(([from, name]) => [name, { from }])),
    }),
    layout: only(pipeline.layout, order),
  };
  return { inner, outer: (name, component) => replaced(names, edge, outputs, { name, component }) };
}

interface Crossing {
  name: string;
  declared: Declared;
}

/** What crosses the border of the nodes, by the `from` that it has outside. */
class Edge {
  readonly inputs = new Map<string, Crossing>();
  readonly parameters = new Map<string, Crossing>();
  readonly after = new Set<string>();

  constructor(
    readonly pipeline: Pipeline,
    readonly chosen: ReadonlySet<string>,
    readonly types: Types,
  ) {}

  /** A node as it is inside. */
  taken(name: string): PipelineNode {
    const { inputs, parameters, after, foreach, ...rest } = this.pipeline.nodes[name] ?? {
      component: "",
    };
    const waits = (after ?? []).filter((each) => this.chosen.has(each) || !this.after.add(each));
    for (const [, from, port] of String(rest.when ?? "").matchAll(READ))
      if (from === "parameters") this.parameter(`parameters.${port}`, "", "");
    if (isFrom(foreach) && split(foreach.from)[0] === "parameters")
      this.parameter(foreach.from, "", "");
    return {
      ...rest,
      ...(inputs && { inputs: mapped(inputs, (value, port) => this.input(value, name, port)) }),
      ...(parameters && {
        parameters: mapped(parameters, (value, each) =>
          isFrom(value) ? this.parameter(value.from, name, each) : value,
        ),
      }),
      ...(waits.length && { after: waits }),
      ...(foreach !== undefined && { foreach }),
    };
  }

  private input(binding: Binding, node: string, port: string): Binding {
    if (!isFrom(binding)) return binding;
    const [source, output] = split(binding.from);
    if (this.chosen.has(source)) return binding;
    const type = this.types.output(source, output) ?? this.types.input(node, port) ?? "any";
    const crossing = this.crossing(this.inputs, binding.from, port, () => ({ type }));
    return { from: `inputs.${crossing.name}` };
  }

  private parameter(from: string, node: string, parameter: string): { from: string } {
    const [source, port] = split(from);
    if (this.chosen.has(source)) return { from };
    const own = source === "parameters";
    const made = () =>
      (own && this.pipeline.parameters?.[port]) || {
        type: ownType(this.types.parameter(node, parameter) ?? "String"),
      };
    const crossing = this.crossing(this.parameters, from, own ? port : parameter, made);
    return { from: `parameters.${crossing.name}` };
  }

  private crossing(
    known: Map<string, Crossing>,
    from: string,
    wanted: string,
    declared: () => Declared,
  ): Crossing {
    const found = known.get(from) ?? {
      name: free(wanted, new Set([...known.values()].map((each) => each.name))),
      declared: declared(),
    };
    known.set(from, found);
    return found;
  }

  declared(known: Map<string, Crossing>): Record<string, Declared> {
    return Object.fromEntries([...known.values()].map((each) => [each.name, each.declared]));
  }

  /** What of the nodes is read outside, and what it is called there. */
  outputs(): Map<string, string> {
    const found = new Map<string, string>();
    const see = (value: unknown) => {
      if (!isFrom(value) || !this.chosen.has(split(value.from)[0]) || found.has(value.from)) return;
      found.set(value.from, free(split(value.from)[1], new Set(found.values())));
    };
    for (const [name, node] of Object.entries(this.pipeline.nodes)) {
      if (this.chosen.has(name)) continue;
      for (const value of Object.values(node.inputs ?? {})) see(value);
      for (const value of Object.values(node.parameters ?? {})) see(value);
      see(node.foreach);
    }
    for (const value of Object.values(this.pipeline.outputs ?? {})) see(value);
    return found;
  }
}

function replaced(
  names: readonly string[],
  edge: Edge,
  outputs: Map<string, string>,
  { name, component }: { name: string; component: string },
): Change {
  const chosen = new Set(names);
  const bound = (known: Map<string, Crossing>) =>
    Object.fromEntries([...known].map(([from, each]) => [each.name, { from }]));
  const node: PipelineNode = {
    component,
    ...(edge.inputs.size && { inputs: bound(edge.inputs) }),
    ...(edge.parameters.size && { parameters: bound(edge.parameters) }),
    ...(edge.after.size && { after: [...edge.after] }),
  };
  return (pipeline) => {
    const first = Object.keys(pipeline.nodes).find((each) => chosen.has(each));
    const turn = (from: string) => (outputs.has(from) ? `${name}.${outputs.get(from)}` : undefined);
    const nodes = Object.entries(pipeline.nodes).flatMap(
      ([each, was]): [string, PipelineNode][] => {
        if (each === first) return [[name, node]];
        if (chosen.has(each)) return [];
        return [[each, redirected(was, turn, (wait) => (chosen.has(wait) ? [name] : [wait]))]];
      },
    );
    const done = {
      ...pipeline,
      nodes: Object.fromEntries(nodes),
      ...(pipeline.outputs && {
        outputs: mapped(pipeline.outputs, (value) => turned(value, turn)),
      }),
      ...(pipeline.layout && {
        layout: only(
          pipeline.layout,
          nodes.map(([each]) => each),
        ),
      }),
    };
    return move({ [name]: centreOf(pipeline, names) })(done);
  };
}

/** A scheduling parameter that both pipelines list, but not alike; "" if they can be one. */
export function clash(pipeline: Pipeline, inside: Pipeline): string {
  const known = pipeline.scheduling_parameters ?? {};
  const own = Object.entries(inside.scheduling_parameters ?? {});
  return own.find(([name, said]) => name in known && known[name] !== said)?.[0] ?? "";
}

/** Puts the nodes of a pipeline in the place of the node that it is; not where there is a clash. */
export function ungrouped(name: string, inside: Pipeline): Change {
  return (pipeline) => {
    const outer = pipeline.nodes[name];
    if (!outer) return pipeline;
    const inner = renamedFor(pipeline, name, inside);
    const names = Object.keys(inner.nodes);
    const { starts, ends } = edgesOf(inner);
    const nodes = Object.entries(pipeline.nodes).flatMap(
      ([each, was]): [string, PipelineNode][] => {
        if (each !== name) {
          const turn = (from: string) => givenBy(inner, name, from);
          return [[each, redirected(was, turn, (wait) => (wait === name ? ends : [wait]))]];
        }
        return names.map((part) => [
          part,
          inlined(inner, outer, part, starts.has(part) ? (outer.after ?? []) : []),
        ]);
      },
    );
    const { [name]: at = [0, 0] as Place, ...layout } = pipeline.layout ?? {};
    const outputs =
      pipeline.outputs &&
      mapped(pipeline.outputs, (value) => turned(value, (from) => givenBy(inner, name, from)));
    const dates = { ...inner.scheduling_parameters, ...pipeline.scheduling_parameters };
    return {
      ...pipeline,
      ...(Object.keys(dates).length && { scheduling_parameters: dates }),
      nodes: Object.fromEntries(nodes),
      ...(outputs && { outputs }),
      layout: { ...layout, ...around(inner, at) },
    };
  };
}

function renamedFor(pipeline: Pipeline, name: string, inside: Pipeline): Pipeline {
  let inner = inside;
  for (const part of Object.keys(inside.nodes)) {
    if (part === name || !(part in pipeline.nodes)) continue;
    const both = { ...pipeline, nodes: { ...pipeline.nodes, ...inner.nodes } };
    inner = rename(part, freshName(both, part))(inner);
  }
  return inner;
}

const givenBy = (inner: Pipeline, name: string, from: string): string | undefined => {
  const [source, port] = split(from);
  return source === name ? inner.outputs?.[port]?.from : undefined;
};

/** A node of the inner pipeline, reading what the node that stood for it read. */
function inlined(inner: Pipeline, outer: PipelineNode, part: string, after: string[]) {
  const { inputs, parameters, foreach, ...rest } = inner.nodes[part] ?? { component: "" };
  const outside = (value: unknown): unknown => {
    if (!isFrom(value)) return value;
    const [place, port] = split(value.from);
    if (place === "inputs") return outer.inputs?.[port];
    if (place !== "parameters") return value;
    return outer.parameters?.[port] ?? inner.parameters?.[port]?.default;
  };
  const whole = <V>(values: Record<string, V> | undefined) =>
    Object.entries(values ?? {}).flatMap(([key, value]) => {
      const now = outside(value);
      return now === undefined ? [] : [[key, now]];
    });
  const waits = [...new Set([...(rest.after ?? []), ...after])];
  const when = [outer.when, rest.when].filter(Boolean).map(String);
  return {
    ...rest,
    ...(whole(inputs).length && { inputs: Object.fromEntries(whole(inputs)) }),
    ...(whole(parameters).length && { parameters: Object.fromEntries(whole(parameters)) }),
    ...(waits.length && { after: waits }),
    ...(when.length && { when: when.length > 1 ? `(${when.join(") and (")})` : when[0] }),
    ...(foreach !== undefined && { foreach: outside(foreach) }),
  } as PipelineNode;
}

/** The nodes that wait for none of the others, and those that none of the others waits for. */
function edgesOf(inner: Pipeline) {
  const names = Object.keys(inner.nodes);
  const starts = names.filter((name) => !reach(inner, [name], "up").size);
  const ends = names.filter((name) => !reach(inner, [name], "down").size);
  return { starts: new Set(starts), ends };
}

function redirected(
  node: PipelineNode,
  turn: (from: string) => string | undefined,
  wait: (name: string) => string[],
): PipelineNode {
  const { inputs, parameters, after, foreach } = node;
  return {
    ...node,
    ...(inputs && { inputs: mapped(inputs, (value) => turned(value, turn)) }),
    ...(parameters && { parameters: mapped(parameters, (value) => turned(value, turn)) }),
    ...(after && { after: [...new Set(after.flatMap(wait))] }),
    ...(foreach !== undefined && { foreach: turned(foreach, turn) }),
  };
}

function turned<V>(value: V, turn: (from: string) => string | undefined): V {
  if (!isFrom(value)) return value;
  const from = turn(value.from);
  return from === undefined ? value : { ...value, from };
}

function around(inner: Pipeline, [x, y]: Place): Record<string, Place> {
  const names = Object.keys(inner.nodes);
  const [middle, top] = centreOf(inner, names);
  return Object.fromEntries(
    names.map((name, index): [string, Place] => {
      const at: Place = inner.layout?.[name] ?? [index * 240, index * 120];
      return [name, [Math.round(at[0] - middle + x), Math.round(at[1] - top + y)]];
    }),
  );
}

function centreOf(pipeline: Pipeline, names: readonly string[]): Place {
  const places = names.flatMap((name) => pipeline.layout?.[name] ?? []);
  const mean = (odd: number) => {
    const some = places.filter((_, index) => index % 2 === odd);
    return some.length ? Math.round(some.reduce((sum, at) => sum + at, 0) / some.length) : 0;
  };
  return [mean(0), mean(1)];
}

function free(wanted: string, taken: ReadonlySet<string>): string {
  const isFree = (name: string) => !taken.has(name) && !OWN.includes(name);
  if (isFree(wanted)) return wanted;
  for (let count = 2; ; count++) if (isFree(`${wanted}_${count}`)) return `${wanted}_${count}`;
}

const mapped = <V, W>(values: Record<string, V>, to: (value: V, key: string) => W) =>
  Object.fromEntries(Object.entries(values).map(([key, value]) => [key, to(value, key)])) as Record<
    string,
    W
  >;

const only = <V>(values: Record<string, V> | undefined, keys: readonly string[]) =>
  Object.fromEntries(
    keys.flatMap((key) => {
      const value = values?.[key];
      return value === undefined ? [] : [[key, value]];
    }),
  ) as Record<string, V>;
