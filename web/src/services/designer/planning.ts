/** What the server knows of the text on the canvas: columns at every port, and every fault. */

import { api, asked } from "@/services/api";
import type { Plan } from "@/services/designer/store";
import { textOf } from "./draft";
import type { DesignerStore } from "./store";

const PAUSE = 350;

export const planOf = (
  workspace: string,
  body: { text: string; bundle: string },
  signal?: AbortSignal,
): Promise<Plan> =>
  asked(
    api.POST("/api/v1/workspaces/{workspace}/plans", {
      params: { path: { workspace } },
      body,
      signal,
    }),
  );

/** Asks a moment after each change, until the returned function is called. */
export function startPlanning(store: DesignerStore): () => void {
  let timer = 0;
  let current = new AbortController();
  const ask = async () => {
    current.abort();
    current = new AbortController();
    const { signal } = current;
    const { workspace, bundle, set, learn } = store.getState();
    try {
      const plan = await planOf(workspace, { text: textOf(store), bundle }, signal);
      // Only the newest answer counts: an older one is of what stands here no more.
      if (signal.aborted) return;
      set({ plan });
      learn(Object.values(plan.nodes).flatMap(({ face }) => (face ? [face] : [])));
    } catch {
      // A server that is away is told of by the saved state; the next change asks again.
    }
  };
  const drop = store.subscribe((now, before) => {
    if (!isOther(now.history.now, before.history.now)) return;
    window.clearTimeout(timer);
    timer = window.setTimeout(() => void ask(), PAUSE);
  });
  void ask();
  return () => {
    drop();
    window.clearTimeout(timer);
    current.abort();
  };
}

type Graph = ReturnType<DesignerStore["getState"]>["history"]["now"];

/** Where nodes stand and what notes say changes nothing of what would run. */
function isOther(now: Graph, before: Graph): boolean {
  if (now === before) return false;
  const names = new Set([...Object.keys(now), ...Object.keys(before)]);
  names.delete("layout");
  names.delete("notes");
  return [...names].some((name) => now[name] !== before[name]);
}
