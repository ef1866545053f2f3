/** What part of the canvas is seen, and how much of a node is worth drawing there. */
import type { Size } from "./graph";
import type { Place } from "./pipeline/model";

/** As xyflow has it: the canvas is moved by `x`, `y` pixels of the screen and then scaled. */
export interface Viewport {
  x: number;
  y: number;
  zoom: number;
}

export interface Box {
  at: Place;
  size: Size;
}

/** `near`: whole nodes. `plain`: bare boxes. `far`: too many for elements, so they are painted. */
export type Level = "near" | "plain" | "far";

export const PLAIN_BELOW = 0.35;
export const MOST_MOUNTED = 800;
/** Above this many, the whole is never fitted into the window unasked. */
export const MOST_FITTED = 300;
const MARGIN = 48;
/** The zoom below which titles are hard to read. */
const READABLE = 0.5;

export function isSeen({ at: [x, y], size }: Box, view: Viewport, screen: Size): boolean {
  const left = x * view.zoom + view.x;
  const top = y * view.zoom + view.y;
  return (
    left < screen.width &&
    top < screen.height &&
    left + size.width * view.zoom > 0 &&
    top + size.height * view.zoom > 0
  );
}

export function levelOf(boxes: readonly Box[], view: Viewport, screen: Size): Level {
  if (boxes.length > MOST_MOUNTED) {
    let seen = 0;
    for (const box of boxes) if (isSeen(box, view, screen) && ++seen > MOST_MOUNTED) return "far";
  }
  return view.zoom < PLAIN_BELOW ? "plain" : "near";
}

export function boundsOf(boxes: readonly Box[]): Box | null {
  if (!boxes.length) return null;
  let [left, top, right, bottom] = [Infinity, Infinity, -Infinity, -Infinity];
  for (const { at, size } of boxes) {
    left = Math.min(left, at[0]);
    top = Math.min(top, at[1]);
    right = Math.max(right, at[0] + size.width);
    bottom = Math.max(bottom, at[1] + size.height);
  }
  return { at: [left, top], size: { width: right - left, height: bottom - top } };
}

/** The view in which all boxes are seen, no larger than they are. */
export function fitting(boxes: readonly Box[], screen: Size, least = 0.05): Viewport {
  const bounds = boundsOf(boxes);
  if (!bounds) return { x: screen.width / 2, y: MARGIN, zoom: 1 };
  const across = (screen.width - 2 * MARGIN) / bounds.size.width;
  const down = (screen.height - 2 * MARGIN) / bounds.size.height;
  const zoom = Math.max(least, Math.min(1, across, down));
  return centred(bounds, screen, zoom);
}

export function centred({ at, size }: Box, screen: Size, zoom: number): Viewport {
  return {
    x: screen.width / 2 - (at[0] + size.width / 2) * zoom,
    y: screen.height / 2 - (at[1] + size.height / 2) * zoom,
    zoom,
  };
}

/** Where a canvas opens that nobody has looked at yet: all of it, or the beginning of much. */
export function opening(boxes: readonly Box[], screen: Size): Viewport {
  const bounds = boundsOf(boxes);
  if (!bounds || boxes.length <= MOST_FITTED) {
    const view = fitting(boxes, screen, READABLE);
    const isTall = bounds && bounds.size.height * view.zoom > screen.height - 2 * MARGIN;
    return isTall ? { ...view, y: MARGIN - bounds.at[1] * view.zoom } : view;
  }
  const first = boxes.reduce((top, box) => (box.at[1] < top.at[1] ? box : top));
  return { ...centred(first, screen, 1), y: MARGIN - first.at[1] };
}

/** Where a point of the screen, from the canvas's corner, is on the canvas. */
export function placeAt([x, y]: Place, view: Viewport): Place {
  return [(x - view.x) / view.zoom, (y - view.y) / view.zoom];
}

/** The last of the boxes, which is the uppermost, that covers a place. */
export function topmostAt<B extends Box>(boxes: readonly B[], [x, y]: Place): B | undefined {
  return boxes.findLast(({ at: [left, top], size }) => {
    const isWithin = x >= left && x <= left + size.width;
    return isWithin && y >= top && y <= top + size.height;
  });
}
