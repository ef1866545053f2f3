/** What can be done with what is on the canvas; each is one entry of the history. */
import { notifications } from "@mantine/notifications";
import { copied, pasted, readFragment } from "@/models/clipboard";
import { loadLayout, placesOf, settle, tidied, tidy } from "@/models/layout";
import { addNode, all, move, removeNodes, setNotes } from "@/models/pipeline/edit";
import type { Note, Place } from "@/models/pipeline/model";
import type { DesignerStore } from "@/services/designer/store";
import type { Speak } from "@/strings";

const NOTE_PREFIX = "note:";
const BESIDE: Place = [40, 40];

export interface Doing {
  store: DesignerStore;
  t: Speak;
}

export function copyNodes({ store }: Doing): string {
  const { history, selected } = store.getState();
  const { now } = history;
  return selected.length ? copied({ ...now, layout: placesOf(now) }, selected) : "";
}

export function removeSelected({ store, t }: Doing) {
  const { edit, selected } = store.getState();
  if (selected.length) edit(t("canvas.did.delete"), removeNodes(selected));
}

/** Adds the nodes of a text; says so if there are none in it. */
export function pasteText({ store, t }: Doing, text: string, at: Place) {
  const { history, edit, select } = store.getState();
  const fragment = readFragment(text);
  if (!fragment) return notifications.show({ color: "orange", message: t("canvas.paste.none") });
  const { names, change } = pasted(history.now, fragment, at);
  edit(t("canvas.did.paste"), all(settle, change));
  select(names);
}

export function duplicateSelected({ store, t }: Doing) {
  const { history, selected, edit, select } = store.getState();
  const places = placesOf(history.now);
  const fragment = readFragment(copied({ ...history.now, layout: places }, selected));
  if (!fragment) return;
  const corner = (axis: 0 | 1) => Math.min(...selected.map((name) => places[name]?.[axis] ?? 0));
  const at: Place = [corner(0) + BESIDE[0], corner(1) + BESIDE[1]];
  const { names, change } = pasted(history.now, fragment, at);
  edit(t("canvas.did.duplicate"), all(settle, change));
  select(names);
}

export async function tidyAll({ store, t }: Doing) {
  await loadLayout();
  const { history, edit } = store.getState();
  edit(t("canvas.did.tidy"), tidy(tidied(history.now)));
}

export function selectAll({ store }: Doing) {
  const { history, select } = store.getState();
  select(Object.keys(history.now.nodes));
}

/** Moves nodes, and notes, which are called `note:` and their number. */
export function moveAll({ store, t }: Doing, places: Record<string, Place>) {
  const { history, edit } = store.getState();
  const nodes = Object.entries(places).filter(([name]) => name in history.now.nodes);
  const notes = (history.now.notes ?? []).map((note, index): Note => {
    const at = places[NOTE_PREFIX + index];
    return at ? { ...note, at: [Math.round(at[0]), Math.round(at[1])] } : note;
  });
  const hasNotes = Object.keys(places).some((name) => name.startsWith(NOTE_PREFIX));
  const burst = `move ${Object.keys(places).sort().join(" ")}`;
  edit(
    t("canvas.did.move"),
    all(settle, move(Object.fromEntries(nodes)), ...(hasNotes ? [setNotes(notes)] : [])),
    burst,
  );
}

export function addNote({ store, t }: Doing, [x, y]: Place) {
  const { history, edit } = store.getState();
  const note: Note = { text: "", at: [Math.round(x), Math.round(y)] };
  edit(t("canvas.did.note"), setNotes([...(history.now.notes ?? []), note]));
}

export function changeNote({ store, t }: Doing, index: number, note: Note | null) {
  const { history, edit } = store.getState();
  const notes = history.now.notes ?? [];
  const others = notes.filter((_, each) => each !== index);
  edit(
    t(note ? "canvas.did.note" : "canvas.did.note.delete"),
    setNotes(note ? notes.map((each, at) => (at === index ? note : each)) : others),
  );
}

/** The component that holds a table as text. */
export const ENTERED = "builtin:enter_data";

/** Adds a node that holds a table as text. */
export function addCsv({ store, t }: Doing, name: string, csv: string, at: Place) {
  const { edit, select } = store.getState();
  const node = { component: ENTERED, parameters: { csv } };
  edit(t("canvas.did.add"), all(settle, addNode(name, node, at)));
  select([name]);
}
