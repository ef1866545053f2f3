/** Where nodes stand: as the file says, or tidied by who needs whom. */
import { BOX } from "./graph";
import { move } from "./pipeline/edit";
import { type Change, inOrder, needs, type Pipeline, type Place } from "./pipeline/model";

const STEP: Place = [240, 120];
/** Above this, dagre takes seconds; rows by depth take none. */
const MOST_FOR_DAGRE = 1_000;

type Dagre = typeof import("@dagrejs/dagre");
let dagre: Dagre | undefined;

/** Loads what lays out by who needs whom; until it is there, nodes stand in rows. */
export async function loadLayout(): Promise<true> {
  dagre ??= await import("@dagrejs/dagre");
  return true;
}

export type Places = Record<string, Place>;

/** A place for every node: its own, or one that is free. */
export function placesOf(pipeline: Pipeline): Places {
  const names = Object.keys(pipeline.nodes);
  const known = pipeline.layout ?? {};
  const lost = names.filter((name) => !known[name]);
  if (!lost.length) return known;
  if (lost.length === names.length) return tidied(pipeline);
  const lowest = names.reduce((most, name) => Math.max(most, known[name]?.[1] ?? most), 0);
  const row = lost.map((name, index): [string, Place] => [
    name,
    [index * STEP[0], lowest + STEP[1]],
  ]);
  return { ...known, ...Object.fromEntries(row) };
}

/** Writes down where nodes stand that had no place, so that they stay there. */
export const settle: Change = (pipeline) => {
  const places = placesOf(pipeline);
  return places === pipeline.layout || !Object.keys(places).length
    ? pipeline
    : { ...pipeline, layout: places };
};

/** All nodes from top to bottom, each below what it needs. */
export function tidied(pipeline: Pipeline): Places {
  const count = Object.keys(pipeline.nodes).length;
  return dagre && count <= MOST_FOR_DAGRE ? byDagre(dagre, pipeline) : inRows(pipeline);
}

/** Tidies what is there when the change is made: what was added meanwhile stays where it is. */
export const tidy =
  (places: Places): Change =>
  (pipeline) =>
    move(Object.fromEntries(Object.entries(places).filter(([name]) => name in pipeline.nodes)))(
      pipeline,
    );

function byDagre({ graphlib, layout }: Dagre, pipeline: Pipeline): Places {
  const graph = new graphlib.Graph();
  graph.setGraph({ rankdir: "TB", nodesep: 40, ranksep: STEP[1] - BOX.height });
  graph.setDefaultEdgeLabel(() => ({}));
  for (const name of Object.keys(pipeline.nodes)) graph.setNode(name, { ...BOX });
  for (const name of Object.keys(pipeline.nodes))
    for (const need of needs(pipeline, name)) graph.setEdge(need, name);
  layout(graph);
  const corner = (name: string): Place => {
    const { x, y } = graph.node(name) as { x: number; y: number };
    return [Math.round(x - BOX.width / 2), Math.round(y - BOX.height / 2)];
  };
  return Object.fromEntries(Object.keys(pipeline.nodes).map((name) => [name, corner(name)]));
}

/** Rows by depth, each in the order of the file. */
function inRows(pipeline: Pipeline): Places {
  const depths = new Map<string, number>();
  const filled: number[] = [];
  const places: Places = {};
  for (const name of inOrder(pipeline)) {
    const above = needs(pipeline, name).map((need) => depths.get(need) ?? 0);
    const depth = above.length ? Math.max(...above) + 1 : 0;
    const column = filled[depth] ?? 0;
    depths.set(name, depth);
    filled[depth] = column + 1;
    places[name] = [column * STEP[0], depth * STEP[1]];
  }
  return places;
}
