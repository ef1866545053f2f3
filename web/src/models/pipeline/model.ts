/** A pipeline as its file has it (docs/pipeline-file.md), and the changes that can be made to it.
 *
 * All is pure: a change gives a new pipeline that shares with the old one what did not change.
 */

export type Json = string | number | boolean | null | Json[] | { [name: string]: Json };

/** Where something stands on the canvas, from its left and top. */
export type Place = [number, number];

export interface From {
  from: string;
}

export type Binding = { from: string } | { path: string };

export interface PipelineNode {
  component: string;
  inputs?: Record<string, Binding>;
  parameters?: Record<string, Json>;
  after?: string[];
  [field: string]: unknown;
}

export interface Note {
  text: string;
  at: [number, number];
  size?: [number, number];
  colour?: "yellow" | "blue" | "green" | "red" | "grey";
}

export interface Declared {
  type: string;
  default?: Json;
  [field: string]: unknown;
}

export interface Pipeline {
  apiVersion: "millwork/v1";
  kind: "Pipeline";
  name: string;
  version: string;
  display_name?: string;
  description?: string;
  inputs?: Record<string, Declared>;
  parameters?: Record<string, Declared>;
  scheduling_parameters?: Record<string, string>;
  nodes: Record<string, PipelineNode>;
  outputs?: Record<string, From>;
  layout?: Record<string, [number, number]>;
  notes?: Note[];
  [field: string]: unknown;
}

/** A wire: from an output of a node, or an input of the pipeline, to an input of a node. */
export interface Wire {
  source: string;
  output: string;
  target: string;
  input: string;
}

export type Change = (pipeline: Pipeline) => Pipeline;

/** The place of what is the pipeline's own in a `from`, which no node is called. */
export const OWN = ["inputs", "parameters"];

export function blank(name: string): Pipeline {
  return { apiVersion: "millwork/v1", kind: "Pipeline", name, version: "0.1.0", nodes: {} };
}

export function isFrom(value: unknown): value is From {
  return typeof value === "object" && value !== null && typeof (value as From).from === "string";
}

/** The node or place, and the port, that a `from` names. */
export function split(from: string): [string, string] {
  const dot = from.indexOf(".");
  return dot < 0 ? [from, ""] : [from.slice(0, dot), from.slice(dot + 1)];
}

export function wires(pipeline: Pipeline): Wire[] {
  return Object.entries(pipeline.nodes).flatMap(([target, node]) =>
    Object.entries(node.inputs ?? {}).flatMap(([input, binding]) => {
      if (!isFrom(binding)) return [];
      const [source, output] = split(binding.from);
      return [{ source, output, target, input }];
    }),
  );
}

/** The nodes that must be done before a node: of its inputs, parameters, `after` and `foreach`. */
export function needs(pipeline: Pipeline, name: string): string[] {
  const node = pipeline.nodes[name];
  if (!node) return [];
  const read = [
    ...Object.values(node.inputs ?? {}),
    ...Object.values(node.parameters ?? {}),
    node.foreach,
  ];
  const named = read.flatMap((value) => (isFrom(value) ? [split(value.from)[0]] : []));
  const found = new Set([...named, ...(node.after ?? [])]);
  return [...found].filter((each) => each in pipeline.nodes && each !== name);
}

/** The nodes by what they need: `upstream` or, the other way round, `downstream` of some nodes. */
export function reach(pipeline: Pipeline, names: string[], way: "up" | "down"): Set<string> {
  const edges = new Map<string, string[]>();
  for (const name of Object.keys(pipeline.nodes))
    for (const need of needs(pipeline, name)) {
      const [from, to] = way === "up" ? [name, need] : [need, name];
      edges.set(from, [...(edges.get(from) ?? []), to]);
    }
  const found = new Set<string>();
  const open = [...names];
  for (let at = open.pop(); at !== undefined; at = open.pop())
    for (const next of edges.get(at) ?? [])
      if (!found.has(next)) {
        found.add(next);
        open.push(next);
      }
  return found;
}

/** The nodes in an order in which each stands behind what it needs; rings keep the file's order. */
export function inOrder(pipeline: Pipeline): string[] {
  const placed = new Set<string>();
  const place = (name: string, path: Set<string>) => {
    if (placed.has(name) || path.has(name)) return;
    path.add(name);
    for (const need of needs(pipeline, name)) place(need, path);
    path.delete(name);
    placed.add(name);
  };
  for (const name of Object.keys(pipeline.nodes)) place(name, new Set());
  return [...placed];
}

/** A name that no node has: `split_rows`, `split_rows_2`, ... */
export function freshName(pipeline: Pipeline, wanted: string): string {
  const base = wanted.replace(/[^A-Za-z0-9_-]/g, "_").replace(/^[^A-Za-z]+/, "") || "node";
  const taken = (name: string) => name in pipeline.nodes || OWN.includes(name);
  if (!taken(base)) return base;
  for (let count = 2; ; count++) if (!taken(`${base}_${count}`)) return `${base}_${count}`;
}
