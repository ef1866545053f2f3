/** What a graph is given, and what it tells. */
import type { ReactNode, Ref } from "react";
import type { GraphNode, GraphWire, Statuses } from "@/models/graph";
import type { Note, Place, Wire } from "@/models/pipeline/model";

/** A port from which a wire is drawn. */
export interface PortEnd {
  node: string;
  port: string;
  way: "in" | "out";
}

/** A point of the window, in pixels. */
export interface Point {
  x: number;
  y: number;
}

/** What people may change; without it a graph is only looked at. */
export interface Editing {
  refusalOf: (wire: Wire) => string;
  onMove: (places: Record<string, Place>) => void;
  onConnect: (wire: Wire) => void;
  onDisconnect: (wire: GraphWire) => void;
  /** A wire was let go where it does not fit; null: both ends are inputs, or both outputs. */
  onRefused: (wire: Wire | null) => void;
  /** A wire was let go above nothing, or above a node beside its ports. */
  onDropped: (from: PortEnd, place: Place, point: Point, node?: string) => void;
  onNote: (index: number, note: Note | null) => void;
}

export interface GraphProps {
  label: string;
  /** In the order in which Tab goes through them; an object that is the same is not drawn again. */
  nodes: GraphNode[];
  wires: GraphWire[];
  notes?: Note[];
  statuses: Statuses;
  selected: string[];
  onSelect: (names: string[]) => void;
  /** A double click or Enter. */
  onOpen?: (name: string) => void;
  onMenu?: (point: Point, name?: string) => void;
  editing?: Editing;
  /** Under which name the part that is looked at is remembered. */
  kept?: string;
  control?: Ref<GraphControl>;
  children?: ReactNode;
}

export interface GraphControl {
  /** Brings a node to the middle, and gives it the keyboard. */
  goTo: (name: string) => void;
  /** Brings a node to the middle; the keyboard stays where it is. */
  show: (name: string) => void;
  /** Shows these nodes, or all. */
  fit: (names?: string[]) => void;
  zoomBy: (factor: number) => void;
  /** Where a point of the window is on the canvas. */
  placeOf: (point: Point) => Place;
  /** Where a place of the canvas is in the window. */
  pointOf: (place: Place) => Point;
  middle: () => Place;
}
