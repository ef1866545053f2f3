/** All that can be done on the canvas: for the keyboard, the menu and the command palette alike. */
import { notifications } from "@mantine/notifications";
import { type KeyboardEvent, useCallback, useMemo } from "react";
import type { GraphControl } from "@/components/graph/types";
import { type Command, isTyping } from "@/services/commands";
import {
  type DesignerStore,
  faceOf,
  useDesigner,
  useDesignerStore,
} from "@/services/designer/store";
import { type Speak, useStrings } from "@/strings";
import {
  addNote,
  copyNodes,
  duplicateSelected,
  pasteText,
  removeSelected,
  selectAll,
  tidyAll,
} from "./actions";
import type { Asked } from "./offers";

export interface Action extends Command {
  /** As an event's `key`, with `Mod+` and `Shift+` before it. */
  on?: string[];
  /** Whether it is offered where nothing, one node, or some are selected. */
  isFor: (count: number, isPipeline: boolean) => boolean;
  /** A line is drawn above it in the menu. */
  isApart?: boolean;
}

interface Given {
  control: GraphControl | null;
  ask: (asked: Asked | null) => void;
  open: (name: string) => void;
}

export function useActions({ control, ask, open }: Given) {
  const t = useStrings();
  const store = useDesignerStore();
  const count = useDesigner((designer) => designer.selected.length);
  const isPipeline = useDesigner((designer) => isOnePipeline(designer));
  const all = useMemo(
    () => [
      ...ofNodes(store, t, { control, ask, open }),
      ...ofCanvas(store, t, { control, ask, open }),
    ],
    [store, t, control, ask, open],
  );
  const menu = useMemo(
    () => all.filter((action) => action.isFor(count, isPipeline)),
    [all, count, isPipeline],
  );
  const commands = useMemo(
    () => all.map((action) => ({ ...action, isDisabled: !action.isFor(count, isPipeline) })),
    [all, count, isPipeline],
  );
  const press = useCallback(
    (event: KeyboardEvent) => {
      if (isTyping(event.nativeEvent) || isWithin(event.target, "[role=dialog], [role=menu]"))
        return;
      if (event.key === "F10" && event.shiftKey) {
        ask({ kind: "menu", point: pointOf(event.target) });
      } else {
        const name = nameOf(event);
        const action = menu.find(({ on }) => on?.includes(name));
        if (!action) return;
        action.run();
      }
      event.preventDefault();
      event.stopPropagation();
    },
    [menu, ask],
  );
  return { commands, menu, press };
}

function isOnePipeline(designer: ReturnType<DesignerStore["getState"]>): boolean {
  const [name] = designer.selected;
  if (designer.selected.length !== 1 || !name) return false;
  return faceOf(designer, name)?.kind === "pipeline";
}

const isWithin = (target: EventTarget, selector: string) =>
  target instanceof Element && target.closest(selector) !== null;

function pointOf(target: EventTarget) {
  const { left, top, width, height } =
    target instanceof Element ? target.getBoundingClientRect() : new DOMRect();
  return { x: left + Math.min(width / 2, 400), y: top + Math.min(height / 2, 300) };
}

function nameOf(event: KeyboardEvent): string {
  const mod = event.ctrlKey || event.metaKey ? "Mod+" : "";
  const shift = event.shiftKey && event.key.length > 1 ? "Shift+" : "";
  return mod + shift + (event.key.length === 1 && !mod ? event.key : upper(event));
}

/** With Ctrl, Shift is part of the name of a letter too. */
function upper({ key, shiftKey }: KeyboardEvent): string {
  if (key.length > 1) return key;
  return (shiftKey ? "Shift+" : "") + key.toUpperCase();
}

const some = (count: number) => count > 0;
const always = () => true;

function ofNodes(store: DesignerStore, t: Speak, { control, ask, open }: Given): Action[] {
  const doing = { store, t };
  const last = () => store.getState().selected.at(-1);
  const withLast = (act: (name: string) => void) => () => {
    const name = last();
    if (name) act(name);
  };
  return [
    {
      id: "node-open",
      label: t("canvas.do.open"),
      keys: "Enter",
      isFor: (_, isPipeline) => isPipeline,
      run: withLast(open),
    },
    {
      id: "node-connect",
      label: t("canvas.do.connect"),
      keys: "C",
      on: ["c"],
      isFor: (count) => count === 1,
      run: withLast((node) => ask({ kind: "connect", node })),
    },
    {
      id: "nodes-copy",
      label: t("canvas.do.copy"),
      keys: "Ctrl C",
      isFor: some,
      run: () => void navigator.clipboard.writeText(copyNodes(doing)),
    },
    {
      id: "nodes-cut",
      label: t("canvas.do.cut"),
      keys: "Ctrl X",
      isFor: some,
      run: () =>
        void navigator.clipboard.writeText(copyNodes(doing)).then(() => removeSelected(doing)),
    },
    {
      id: "nodes-duplicate",
      label: t("canvas.do.duplicate"),
      keys: "Ctrl D",
      on: ["Mod+D"],
      isFor: some,
      run: () => duplicateSelected(doing),
    },
    {
      id: "nodes-delete",
      label: t("canvas.do.delete"),
      keys: "Del",
      on: ["Delete", "Backspace"],
      isFor: some,
      run: () => removeSelected(doing),
    },
    {
      id: "nodes-group",
      label: t("canvas.do.group"),
      keys: "Ctrl G",
      on: ["Mod+G"],
      isFor: some,
      isApart: true,
      run: () => ask({ kind: "group" }),
    },
    {
      id: "node-ungroup",
      label: t("canvas.do.ungroup"),
      keys: "Ctrl Shift G",
      on: ["Mod+Shift+G"],
      isFor: (_, isPipeline) => isPipeline,
      run: withLast(
        (name) => void import("./grouping").then(({ ungroupNode }) => ungroupNode(doing, name)),
      ),
    },
    {
      id: "nodes-fit",
      label: t("canvas.do.fit"),
      keys: "F",
      on: ["f"],
      isFor: always,
      isApart: true,
      run: () => control?.fit(store.getState().selected),
    },
  ];
}

function ofCanvas(store: DesignerStore, t: Speak, { control, ask }: Given): Action[] {
  const doing = { store, t };
  const isEmpty = () => !Object.keys(store.getState().history.now.nodes).length;
  return [
    {
      id: "canvas-add",
      label: t("canvas.do.add"),
      keys: "A",
      on: ["a"],
      isFor: always,
      run: () => {
        if (!control) return;
        const place = control.middle();
        ask({ kind: "add", place, point: control.pointOf(place) });
      },
    },
    {
      id: "canvas-paste",
      label: t("canvas.do.paste"),
      keys: "Ctrl V",
      isFor: always,
      run: () => void pasteClipboard(control, doing),
    },
    {
      id: "canvas-note",
      label: t("canvas.do.note"),
      isFor: (count) => count === 0,
      run: () => control && addNote(doing, control.middle()),
    },
    {
      id: "canvas-all",
      label: t("canvas.do.all"),
      keys: "Ctrl A",
      on: ["Mod+A"],
      isFor: (count) => count === 0 || !isEmpty(),
      run: () => selectAll(doing),
    },
    {
      id: "layout",
      label: t("canvas.do.tidy"),
      isFor: always,
      run: () => tidyAll(doing),
    },
    {
      id: "canvas-search",
      label: t("canvas.do.search"),
      keys: "/",
      on: ["/"],
      isFor: always,
      run: () => ask({ kind: "search" }),
    },
  ];
}

async function pasteClipboard(
  control: GraphControl | null,
  doing: { store: DesignerStore; t: Speak },
) {
  try {
    const text = await navigator.clipboard.readText();
    if (control) pasteText(doing, text, control.middle());
  } catch {
    notifications.show({ color: "orange", message: doing.t("canvas.paste.forbidden") });
  }
}
