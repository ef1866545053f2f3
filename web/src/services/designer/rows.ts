/** How many rows the tables have that a run's steps left, asked for when steps are done. */
import { api, asked, every } from "@/services/api";
import type { Designer, DesignerStore } from "./store";

/** Milliseconds: steps that end soon after another are asked about together. */
const PAUSE = 700;
const AT_ONCE = 200;

/** Keeps the store's `rows` up to date with its run, until the returned function is called. */
export function followRows(store: DesignerStore, run: string): () => void {
  let timer = 0;
  let isGone = false;
  const ask = async () => {
    timer = 0;
    try {
      const rows = await rowsOf(store.getState().workspace, run);
      if (!isGone) store.getState().set({ rows });
    } catch {
      // It is a hint: whoever wants to know looks at the table.
    }
  };
  const drop = store.subscribe((now, before) => {
    if (!timer && done(now) > done(before)) timer = window.setTimeout(() => void ask(), PAUSE);
  });
  if (done(store.getState())) void ask();
  return () => {
    isGone = true;
    drop();
    window.clearTimeout(timer);
  };
}

const counted = new WeakMap<Designer["steps"], number>();

/** How many steps have left what they leave; counted once for each state of them. */
function done({ steps }: Designer): number {
  const known = counted.get(steps);
  if (known !== undefined) return known;
  const count = Object.values(steps).filter(({ status }) => status === "succeeded").length;
  counted.set(steps, count);
  return count;
}

async function rowsOf(workspace: string, run: string): Promise<Designer["rows"]> {
  const artifacts = await every((after) =>
    asked(
      api.GET("/api/v1/workspaces/{workspace}/runs/{run}/artifacts", {
        params: { path: { workspace, run }, query: { limit: AT_ONCE, after } },
      }),
    ),
  );
  const found: Designer["rows"] = {};
  for (const { step, port, rows } of artifacts)
    if (rows !== null) found[step] = { ...found[step], [port]: rows };
  return found;
}
