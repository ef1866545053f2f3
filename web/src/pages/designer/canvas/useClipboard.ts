/** Copy, cut and paste, by the browser's own events: they need no permission. */
import { type ClipboardEvent, type PointerEvent, useEffect, useMemo, useRef } from "react";
import type { GraphControl, Point } from "@/components/graph/types";
import { useDesignerStore } from "@/services/designer/store";
import { useStrings } from "@/strings";
import { copyNodes, pasteText, removeSelected } from "./actions";

type Clip = Pick<ClipboardEvent, "preventDefault"> & {
  clipboardData: DataTransfer | null;
  target: EventTarget | null;
};

/** Whether an event belongs to the canvas: nothing is written or marked elsewhere. */
function isOurs({ target }: Clip): boolean {
  if (!(target instanceof Element)) return true;
  if (target.closest("input, textarea, select, [contenteditable=true], [role=dialog]"))
    return false;
  const isCanvas = target === document.body || Boolean(target.closest("[data-testid=graph]"));
  return isCanvas && !String(window.getSelection() ?? "");
}

export function useClipboard(control: GraphControl | null) {
  const t = useStrings();
  const store = useDesignerStore();
  const pointer = useRef<Point>(null);
  useEffect(() => {
    const doing = { store, t };
    const copy = (event: Clip) => {
      const text = copyNodes(doing);
      if (!isOurs(event) || !text) return false;
      event.clipboardData?.setData("text/plain", text);
      event.preventDefault();
      return true;
    };
    const cut = (event: Clip) => {
      if (copy(event)) removeSelected(doing);
    };
    const paste = (event: Clip) => {
      const text = event.clipboardData?.getData("text/plain") ?? "";
      if (!isOurs(event) || !text.trim() || !control) return;
      event.preventDefault();
      pasteText(doing, text, pointer.current ? control.placeOf(pointer.current) : control.middle());
    };
    document.addEventListener("copy", copy);
    document.addEventListener("cut", cut);
    document.addEventListener("paste", paste);
    return () => {
      document.removeEventListener("copy", copy);
      document.removeEventListener("cut", cut);
      document.removeEventListener("paste", paste);
    };
  }, [store, t, control]);
  return useMemo(
    () => ({
      onPointerMove: ({ clientX: x, clientY: y }: PointerEvent) => {
        pointer.current = { x, y };
      },
      onPointerLeave: () => {
        pointer.current = null;
      },
    }),
    [],
  );
}
