/** Nodes as text, to be carried within a pipeline and between pipelines. */
import { parse, stringify } from "yaml";
import { BOX } from "./graph";
import { rename } from "./pipeline/edit";
import {
  blank,
  type Change,
  freshName,
  isFrom,
  OWN,
  type Pipeline,
  type PipelineNode,
  type Place,
  split,
} from "./pipeline/model";

/** A part of a pipeline's file: its nodes, and where they stand. */
export type Fragment = Pick<Pipeline, "nodes" | "layout">;

/** What the text of these nodes is; wires from nodes that do not come along are left behind. */
export function copied(pipeline: Pipeline, names: readonly string[]): string {
  const chosen = names.filter((name) => name in pipeline.nodes);
  const within = (from: string) => chosen.includes(from) || OWN.includes(from);
  const nodes = chosen.map((name) => [name, keeping(pipeline.nodes[name], within)]);
  const layout = chosen.flatMap((name) => {
    const at = pipeline.layout?.[name];
    return at ? [[name, at]] : [];
  });
  return stringify(
    { nodes: Object.fromEntries(nodes), layout: Object.fromEntries(layout) },
    { lineWidth: 100 },
  );
}

/** The nodes in a text, which may be a fragment or a whole pipeline; null if there are none. */
export function readFragment(text: string): Fragment | null {
  let value: unknown;
  try {
    value = parse(text, { maxAliasCount: 0 });
  } catch {
    return null;
  }
  if (!isRecord(value) || !isRecord(value.nodes)) return null;
  const nodes = Object.entries(value.nodes).filter(
    ([, node]) => isRecord(node) && typeof node.component === "string",
  );
  if (!nodes.length) return null;
  const layout = Object.entries(isRecord(value.layout) ? value.layout : {}).filter(
    ([, at]) => Array.isArray(at) && at.length === 2 && at.every(Number.isFinite),
  );
  return {
    nodes: Object.fromEntries(nodes) as Pipeline["nodes"],
    layout: Object.fromEntries(layout) as Pipeline["layout"],
  };
}

export interface Pasted {
  names: string[];
  change: Change;
}

/** Adds a fragment with names that are free, its upper left corner `at` that place. */
export function pasted(pipeline: Pipeline, fragment: Fragment, at: Place): Pasted {
  const { part, names } = renamedFor(pipeline, fragment);
  const left = Math.min(...names.map((name) => part.layout?.[name]?.[0] ?? 0));
  const top = Math.min(...names.map((name) => part.layout?.[name]?.[1] ?? 0));
  const placed = names.map((name, index): [string, Place] => {
    const own = part.layout?.[name] ?? [left + index * (BOX.width + 40), top];
    return [name, [Math.round(own[0] - left + at[0]), Math.round(own[1] - top + at[1])]];
  });
  return {
    names,
    change: (now) => {
      const within = (from: string, port: string) =>
        from in part.nodes || Boolean(now[from as "inputs" | "parameters"]?.[port]);
      const nodes = names.map((name) => [name, keeping(part.nodes[name], within)]);
      return {
        ...now,
        nodes: { ...now.nodes, ...Object.fromEntries(nodes) },
        layout: { ...now.layout, ...Object.fromEntries(placed) },
      };
    },
  };
}

/** A fragment none of whose nodes is called as one of the pipeline. */
function renamedFor(pipeline: Pipeline, { nodes, layout }: Fragment) {
  let part: Pipeline = { ...blank("fragment"), nodes, layout };
  const names = Object.keys(nodes).map((name) => {
    if (!(name in pipeline.nodes) && !OWN.includes(name)) return name;
    const both = { ...pipeline, nodes: { ...pipeline.nodes, ...part.nodes } };
    const fresh = freshName(both, name.replace(/_\d+$/, ""));
    part = rename(name, fresh)(part);
    return fresh;
  });
  return { part, names };
}

/** A node that reads only what may be read. */
function keeping(
  node: PipelineNode | undefined,
  within: (from: string, port: string) => boolean,
): PipelineNode {
  const { inputs, parameters, after, foreach, ...rest } = node ?? { component: "" };
  const stays = (value: unknown) => !isFrom(value) || within(...split(value.from));
  const some = <V>(values: Record<string, V> | undefined) =>
    Object.entries(values ?? {}).filter(([, value]) => stays(value));
  const waits = (after ?? []).filter((name) => within(name, ""));
  return {
    ...rest,
    ...(some(inputs).length && { inputs: Object.fromEntries(some(inputs)) }),
    ...(some(parameters).length && { parameters: Object.fromEntries(some(parameters)) }),
    ...(waits.length && { after: waits }),
    ...(foreach !== undefined && stays(foreach) && { foreach }),
  } as PipelineNode;
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}
