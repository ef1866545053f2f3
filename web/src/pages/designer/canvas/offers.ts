/** What the canvas asks people just now. */
import type { Point, PortEnd } from "@/components/graph/types";
import type { Place } from "@/models/pipeline/model";

export type Asked =
  | { kind: "menu"; point: Point }
  | { kind: "search" }
  | { kind: "connect"; node: string }
  | { kind: "group" }
  | { kind: "add"; place: Place; point: Point }
  | { kind: "offer"; from: PortEnd; type: string; place: Place; point: Point };
