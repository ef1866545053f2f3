/** Drafts: read, and saved a moment after each edit. */
import { queryOptions } from "@tanstack/react-query";
import { createContext, useContext } from "react";
import { loadLayout } from "@/models/layout";
import type { Pipeline } from "@/models/pipeline/model";
import { write } from "@/models/pipeline/text";
import { api, asked, Problem, type Schemas } from "@/services/api";
import type { DesignerStore } from "./store";

export type Draft = Schemas["DraftView"];

export const draftOf = (workspace: string, name: string) =>
  queryOptions({
    queryKey: ["draft", workspace, name],
    queryFn: async () => {
      const draft = await showDraft(workspace, name);
      if (!/^layout:/m.test(draft.text)) await loadLayout();
      return draft;
    },
    // What is on the canvas is newer than what the server said: it is read once, on opening.
    staleTime: Number.POSITIVE_INFINITY,
    gcTime: 0,
  });

export const showDraft = (workspace: string, name: string): Promise<Draft> =>
  asked(
    api.GET("/api/v1/workspaces/{workspace}/drafts/{name}", {
      params: { path: { workspace, name } },
    }),
  );

export const saveDraft = (
  workspace: string,
  name: string,
  body: { text: string; revision: number; bundle: string },
): Promise<Draft> =>
  asked(
    api.PUT("/api/v1/workspaces/{workspace}/drafts/{name}", {
      params: { path: { workspace, name } },
      body,
    }),
  );

/** What could not be sent, in this browser, until it could. */
export interface Kept {
  text: string;
  revision: number;
}

const keyOf = (workspace: string, name: string) => `millwork.draft.${workspace}.${name}`;

export function keptText(workspace: string, name: string): Kept | null {
  try {
    const kept = JSON.parse(localStorage.getItem(keyOf(workspace, name)) ?? "null") as Kept | null;
    return kept && typeof kept.text === "string" && typeof kept.revision === "number" ? kept : null;
  } catch {
    return null;
  }
}

export function keepText(workspace: string, name: string, kept: Kept | null) {
  try {
    if (kept) localStorage.setItem(keyOf(workspace, name), JSON.stringify(kept));
    else localStorage.removeItem(keyOf(workspace, name));
  } catch {
    // A full or forbidden storage must not keep anybody from working.
  }
}

/** The text of what is on the canvas now. */
export function textOf(store: DesignerStore): string {
  const { history, text } = store.getState();
  return write(history.now, text);
}

export interface Saver {
  /** Saves now what is not saved; false if that could not be done. */
  flush: () => Promise<boolean>;
  stop: () => void;
}

export const PAUSE = 900;
const AGAIN = 5_000;

/** Saves the store's pipeline a moment after each change, until it is stopped. */
export function startSaving(store: DesignerStore): Saver {
  let timer = 0;
  let going: Promise<boolean> | null = null;
  let isStopped = false;
  const later = (pause: number) => {
    window.clearTimeout(timer);
    if (!isStopped) timer = window.setTimeout(() => void flush(), pause);
  };
  const flush = async (): Promise<boolean> => {
    window.clearTimeout(timer);
    if (going) await going;
    const { saving } = store.getState();
    if (saving === "saved") return true;
    if (saving === "conflict") return false;
    going = push(store, () => later(AGAIN));
    const isDone = await going;
    going = null;
    if (isDone && store.getState().saving === "changed") later(PAUSE);
    return isDone;
  };
  const drop = store.subscribe((now, before) => {
    if (now.history.now !== before.history.now && now.saving === "changed") later(PAUSE);
  });
  const leave = () => {
    const { saving, workspace, draft, revision } = store.getState();
    if (saving !== "saved") keepText(workspace, draft, { text: textOf(store), revision });
  };
  const back = () => void flush();
  window.addEventListener("pagehide", leave);
  window.addEventListener("online", back);
  if (store.getState().saving === "changed") later(0);
  const stop = () => {
    void flush();
    leave();
    isStopped = true;
    window.clearTimeout(timer);
    drop();
    window.removeEventListener("pagehide", leave);
    window.removeEventListener("online", back);
  };
  return { flush, stop };
}

async function push(store: DesignerStore, again: () => void): Promise<boolean> {
  const { workspace, draft, bundle, revision, history, set } = store.getState();
  const text = textOf(store);
  set({ saving: "saving" });
  try {
    const saved = await saveDraft(workspace, draft, { text, revision, bundle });
    keepText(workspace, draft, null);
    const isSame = store.getState().history.now === history.now;
    set({ text, revision: saved.revision, failure: "", saving: isSame ? "saved" : "changed" });
    return true;
  } catch (error) {
    keepText(workspace, draft, { text, revision });
    const problem = error instanceof Problem ? error : new Problem(0, "", String(error));
    if (problem.status === 409) await disputed(store);
    else {
      set({ saving: "failed", failure: problem.status === 0 ? "" : problem.message });
      if (problem.status === 0 || problem.status >= 500) again();
    }
    return false;
  }
}

async function disputed(store: DesignerStore) {
  const { workspace, draft, set } = store.getState();
  try {
    const { author, changed, revision, text } = await showDraft(workspace, draft);
    set({ saving: "conflict", conflict: { author, changed, revision, text } });
  } catch (error) {
    set({ saving: "failed", failure: error instanceof Error ? error.message : "" });
  }
}

/** Saves what is on the canvas as a draft of its own; its name. */
export async function saveCopy(store: DesignerStore): Promise<string> {
  const { workspace, draft, bundle } = store.getState();
  const text = textOf(store);
  for (let count = 1; ; count++) {
    const name = `${draft}-${count === 1 ? "copy" : `copy-${count}`}`;
    try {
      await saveDraft(workspace, name, { text, revision: 0, bundle });
      keepText(workspace, draft, null);
      return name;
    } catch (error) {
      // A copy of that name is there already: the next one may not be.
      if (!(error instanceof Problem && error.status === 409) || count > 50) throw error;
    }
  }
}

/** Takes what somebody else has saved instead of what is here. */
export function takeTheirs(store: DesignerStore, pipeline: Pipeline) {
  const { conflict, replace, workspace, draft } = store.getState();
  if (!conflict) return;
  keepText(workspace, draft, null);
  replace(pipeline, conflict.text, conflict.revision);
}

export const SaverContext = createContext<Saver | null>(null);

export function useSaver(): Saver {
  const saver = useContext(SaverContext);
  if (!saver) throw new Error("nothing is saved here");
  return saver;
}
