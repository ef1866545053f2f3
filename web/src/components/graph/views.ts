/** Which part of each graph was looked at last, kept in the browser. */
import type { Viewport } from "@/models/viewport";

const PREFIX = "millwork.view.";

export function keptView(name: string): Viewport | null {
  try {
    const said: unknown = JSON.parse(localStorage.getItem(PREFIX + name) ?? "null");
    return isViewport(said) ? { x: said.x, y: said.y, zoom: said.zoom } : null;
  } catch {
    return null;
  }
}

export function keepView(name: string, view: Viewport) {
  try {
    localStorage.setItem(PREFIX + name, JSON.stringify(view));
  } catch {
    // A full or forbidden storage only costs the memory of where one was.
  }
}

function isViewport(said: unknown): said is Viewport {
  const { x, y, zoom } = (said ?? {}) as Record<string, unknown>;
  return [x, y, zoom].every(Number.isFinite) && Number(zoom) > 0;
}
