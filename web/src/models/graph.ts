/** What is drawn of a pipeline or of a run: boxes with ports, and wires between them. */
import type { Note, Place, Wire } from "./pipeline/model";

export interface Port {
  name: string;
  type: string;
  isRequired?: boolean;
}

/** `input` and `parameter` are the pipeline's own, from which its nodes read. */
export type NodeKind = "component" | "pipeline" | "unknown" | "input" | "parameter";

export interface GraphNode {
  name: string;
  title: string;
  /** One line below the title, such as `split_rows@1.0.0`. */
  about: string;
  kind: NodeKind;
  at: Place;
  inputs: Port[];
  outputs: Port[];
  /** Inputs that must be wired and are not. */
  missing?: string[];
  /** Outputs that are outputs of the pipeline too. */
  given?: string[];
  /** Something is wrong or missing; what, for people. */
  faults?: string[];
  isUnfinished?: boolean;
  /** Changed since the run that is shown. */
  isStale?: boolean;
}

/** `order` waits without data; `value` hands a parameter on. Neither ends at a port of its own. */
export interface GraphWire extends Wire {
  kind: "data" | "order" | "value";
  type: string;
}

/** What is known of a node's step; `rows` counts those of outputs that are tables. */
export interface NodeStatus {
  status: string;
  reason?: string;
  seconds?: number | null;
  isReused?: boolean;
  rows?: Record<string, number>;
  /** It is of an earlier run than the one that is shown. */
  isPast?: boolean;
  /** How many of its parts are over, in words: said in place of the time. */
  tally?: string;
}

/** Where nodes get their own status from, so that a change draws that node alone. */
export interface Statuses {
  subscribe: (listener: () => void) => () => void;
  of: (name: string) => NodeStatus | undefined;
}

export interface Size {
  width: number;
  height: number;
}

/** Sizes are fixed, for what is not measured need not be drawn to be known (designer.md 3.2). */
export const BOX: Size = { width: 200, height: 72 };
export const PILL: Size = { width: 160, height: 32 };
export const NOTE: Size = { width: 200, height: 100 };

export const isOwn = (kind: NodeKind) => kind === "input" || kind === "parameter";

export const sizeOf = (node: Pick<GraphNode, "kind">): Size => (isOwn(node.kind) ? PILL : BOX);

export function noteSize(note: Note): Size {
  if (!note.size) return NOTE;
  return { width: note.size[0], height: note.size[1] };
}

/** How far from the left the port of that place in a row of ports is. */
export function portAt(index: number, count: number, width: number): number {
  return Math.round(((index + 1) * width) / (count + 1));
}

/** Of how many wires at one port people can tell one from the others. */
const MOST_AT_PORT = 300;

/** The wires that are drawn: at a port with very many those alone that lead to what is selected. */
export function shownWires(
  wires: readonly GraphWire[],
  selected: ReadonlySet<string>,
): readonly GraphWire[] {
  if (wires.length <= MOST_AT_PORT) return wires;
  const counts = new Map<string, number>();
  const ends = ({ source, output, target, input }: GraphWire) =>
    [`${source}.${output}>`, `>${target}.${input}`] as const;
  for (const end of wires.flatMap(ends)) counts.set(end, (counts.get(end) ?? 0) + 1);
  const isCrowded = (end: string) => (counts.get(end) ?? 0) > MOST_AT_PORT;
  return wires.filter((wire) => {
    const [start, end] = ends(wire);
    if (isCrowded(start) && !selected.has(wire.target)) return false;
    return !isCrowded(end) || selected.has(wire.source);
  });
}

export const wireId = (wire: GraphWire) =>
  `${wire.kind}:${wire.source}.${wire.output}>${wire.target}.${wire.input}`;
