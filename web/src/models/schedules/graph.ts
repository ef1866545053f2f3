/** The instances around one, by how far they are from it. */

interface Node {
  level: number;
  scheduled: number;
  schedule: string;
}

export interface Level<N extends Node> {
  level: number;
  nodes: N[];
  /** How many more there are than are worth drawing. */
  hidden: number;
}

const MOST = 12;

/** From what is waited for first to what waits last. */
export function levelsOf<N extends Node>(nodes: N[]): Level<N>[] {
  const byLevel = new Map<number, N[]>();
  for (const node of nodes) byLevel.set(node.level, [...(byLevel.get(node.level) ?? []), node]);
  return [...byLevel]
    .sort(([a], [b]) => a - b)
    .map(([level, all]) => {
      const sorted = all.sort(
        (a, b) => a.schedule.localeCompare(b.schedule) || a.scheduled - b.scheduled,
      );
      return { level, nodes: sorted.slice(0, MOST), hidden: Math.max(0, all.length - MOST) };
    });
}
