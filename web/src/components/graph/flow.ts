/** From what is drawn to xyflow's nodes and edges; what has not changed stays the same object. */
import { type Edge, type Node, type NodeHandle, Position } from "@xyflow/react";
import {
  type GraphNode,
  type GraphWire,
  isOwn,
  noteSize,
  portAt,
  sizeOf,
  wireId,
} from "@/models/graph";
import type { Note, Place } from "@/models/pipeline/model";
import { colourOf } from "./PortMark";

export type BoxNode = Node<{ node: GraphNode }, "box">;
export type NoteNode = Node<{ note: Note; index: number }, "note">;
export type FlowNode = BoxNode | NoteNode;

export const NOTE_PREFIX = "note:";
/** The ends of wires that have no port. */
export const BEFORE = "!before";
export const AFTER = "!after";
/** How far from the left they are. */
export const CORNER = 12;
/** Of a port's side. */
const HALF = 8;

export interface Looks {
  isSelected: boolean;
  isLit: boolean;
  /** Where it is dragged to, until it is let go. */
  held?: Place;
}

const boxes = new WeakMap<GraphNode, Map<string, BoxNode>>();

export function boxOf(node: GraphNode, looks: Looks): BoxNode {
  if (looks.held) return { ...made(node, looks), position: pointOf(looks.held) };
  const key = `${looks.isSelected}${looks.isLit}`;
  const known = boxes.get(node) ?? new Map<string, BoxNode>();
  boxes.set(node, known);
  const found = known.get(key) ?? made(node, looks);
  known.set(key, found);
  return found;
}

const pointOf = ([x, y]: Place) => ({ x, y });

function made(node: GraphNode, { isSelected, isLit }: Looks): BoxNode {
  const size = sizeOf(node);
  return {
    id: node.name,
    type: "box",
    position: pointOf(node.at),
    ...size,
    measured: size,
    handles: handlesOf(node),
    selected: isSelected,
    className: isLit ? "lit" : "",
    ariaLabel: `${node.title}, ${node.about}`,
    draggable: isOwn(node.kind) ? false : undefined,
    data: { node },
  };
}

function handlesOf(node: GraphNode): NodeHandle[] {
  const { width, height } = sizeOf(node);
  const [own] = node.outputs;
  if (isOwn(node.kind) && own) return [bare(own.name, "source", Position.Right, width, height / 2)];
  const row = (ports: { name: string }[], type: "source" | "target", y: number): NodeHandle[] =>
    ports.map(({ name }, index) => ({
      id: name,
      type,
      position: type === "source" ? Position.Bottom : Position.Top,
      x: portAt(index, ports.length, width) - HALF,
      y: y - HALF,
      width: 2 * HALF,
      height: 2 * HALF,
    }));
  return [
    ...row(node.inputs, "target", 0),
    ...row(node.outputs, "source", height),
    bare(BEFORE, "target", Position.Top, CORNER, 0),
    bare(AFTER, "source", Position.Bottom, CORNER, height),
  ];
}

function bare(
  id: string,
  type: "source" | "target",
  position: Position,
  x: number,
  y: number,
): NodeHandle {
  return { id, type, position, x, y, width: 1, height: 1 };
}

const edges = new WeakMap<GraphWire, Map<string, Edge>>();

export function edgeOf(wire: GraphWire, isLit: boolean, isSelected: boolean): Edge {
  const key = `${isLit}${isSelected}`;
  const known = edges.get(wire) ?? new Map<string, Edge>();
  edges.set(wire, known);
  const found = known.get(key) ?? {
    id: wireId(wire),
    source: wire.source,
    target: wire.target,
    sourceHandle: wire.kind === "order" ? AFTER : wire.output,
    targetHandle: wire.kind === "data" ? wire.input : BEFORE,
    selected: isSelected,
    className: `${wire.kind}${isLit ? " lit" : ""}`,
    style: { "--wire": colourOf(wire.type) } as Edge["style"],
    interactionWidth: 14,
    data: { wire },
  };
  known.set(key, found);
  return found;
}

export function noteOf(note: Note, index: number, held?: Place): NoteNode {
  const size = noteSize(note);
  return {
    id: `${NOTE_PREFIX}${index}`,
    type: "note",
    position: pointOf(held ?? note.at),
    ...size,
    measured: size,
    handles: [],
    selectable: false,
    zIndex: -1,
    data: { note, index },
  };
}
