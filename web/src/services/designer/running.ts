/** Runs of what is on the canvas: asked for, followed, stopped, and found again. */
import { queryOptions } from "@tanstack/react-query";
import { read } from "@/models/pipeline/text";
import { byNode, ENDED, type Event, told, untold } from "@/models/steps";
import { api, asked, type Schemas } from "@/services/api";
import { listen } from "@/services/stream";
import type { Saver } from "./draft";
import type { DesignerStore, StepState } from "./store";

/** What of the graph is to run; nothing is all of it. */
export interface Part {
  first?: string;
  last?: string;
  only?: string;
}

export interface Wish extends Part {
  parameters?: Record<string, unknown>;
  inputs?: Record<string, string>;
  force?: string[];
}

const DRAFT = "draft";

/** Saves, asks for the run and follows it; its notices. Throws what the server says against it. */
export async function startRun(store: DesignerStore, saver: Saver, wish: Wish): Promise<string[]> {
  if (!(await saver.flush())) throw new Error(store.getState().failure);
  const { workspace, draft, revision, history } = store.getState();
  const { run, notices } = await asked(
    api.POST("/api/v1/workspaces/{workspace}/runs", {
      params: { path: { workspace } },
      body: { ...wish, draft, revision, tags: { [DRAFT]: draft } },
    }),
  );
  const { set, steps, past } = store.getState();
  set({
    run,
    steps: {},
    past: { ...past, ...gone(steps) },
    rows: {},
    runStatus: "queued",
    runReason: "",
    ran: history.now,
  });
  return notices;
}

/** Steps as they were when another run began. */
function gone(steps: Record<string, StepState>): Record<string, StepState> {
  return Object.fromEntries(
    Object.entries(steps)
      .filter(([, { status }]) => ENDED.includes(status))
      .map(([name, step]) => [name, { ...step, isPast: true }]),
  );
}

/** Follows the store's run, and whichever it is next, until the returned function is called. */
export function startFollowing(store: DesignerStore): () => void {
  let leave = () => {};
  const follow = (run: string) => {
    leave();
    leave = run ? followed(store, run) : () => {};
  };
  const drop = store.subscribe((now, before) => {
    if (now.run !== before.run) follow(now.run);
  });
  follow(store.getState().run);
  return () => {
    drop();
    leave();
  };
}

function followed(store: DesignerStore, run: string): () => void {
  let state = untold;
  const { workspace } = store.getState();
  const url = `/api/v1/workspaces/${encodeURIComponent(workspace)}/runs/${run}/events/follow`;
  const counting = import("./rows").then(({ followRows }) => followRows(store, run));
  const leave = listen<Event>(url, "change", {
    onMessages: (messages) => {
      state = told(
        state,
        messages.map(({ data }) => data),
      );
      const { set, ran, history } = store.getState();
      const nodes = Object.keys((ran ?? history.now).nodes);
      const steps = byNode(state.steps, nodes);
      set({ steps, runStatus: state.status, runReason: state.reason });
    },
  });
  return () => {
    leave();
    void counting.then((stop) => stop());
  };
}

/** Shows the last run of the draft, if it had one. */
export async function findLastRun(store: DesignerStore): Promise<void> {
  const { workspace, draft } = store.getState();
  const { items } = await asked(
    api.GET("/api/v1/workspaces/{workspace}/runs", {
      params: { path: { workspace }, query: { tag: `${DRAFT}=${draft}`, limit: 5 } },
    }),
  );
  const [last, ...earlier] = items;
  if (!last || store.getState().run) return;
  const source = await sourceOf(workspace, last.run).catch(() => null);
  if (store.getState().run) return;
  const ran = source ? read(source.text).pipeline : null;
  store.getState().set({ run: last.run, runStatus: last.status, runReason: last.reason, ran });
  if (!earlier.length) return;
  const { fillPast } = await import("./past");
  await fillPast(
    store,
    last.run,
    earlier.map(({ run }) => run),
  );
}

const sourceOf = (workspace: string, run: string): Promise<Schemas["RunSource"]> =>
  asked(
    api.GET("/api/v1/workspaces/{workspace}/runs/{run}/source", {
      params: { path: { workspace, run } },
    }),
  );

export async function stopRun(workspace: string, run: string): Promise<void> {
  await asked(
    api.POST("/api/v1/workspaces/{workspace}/runs/{run}/cancel", {
      params: { path: { workspace, run } },
      body: {},
    }),
  );
}

/** Why a step was, or was not, done again; asked when it is over, for then it is settled. */
export const whyOf = (workspace: string, run: string, step: string) =>
  queryOptions({
    queryKey: ["why", workspace, run, step],
    queryFn: () =>
      asked(
        api.GET("/api/v1/workspaces/{workspace}/runs/{run}/steps/{step}/why", {
          params: { path: { workspace, run, step } },
        }),
      ),
    staleTime: Number.POSITIVE_INFINITY,
    retry: false,
  });
