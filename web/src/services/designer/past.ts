/** How nodes stood in earlier runs that the last one left out, for it was of a part. */
import { ENDED } from "@/models/steps";
import { api, asked, every, type Schemas } from "@/services/api";
import type { DesignerStore, StepState } from "./store";

const AT_ONCE = 200;

/** Fills the store's `past` from runs, the latest first, until every node is told of. */
export async function fillPast(store: DesignerStore, last: string, runs: string[]): Promise<void> {
  const { workspace, history } = store.getState();
  const known = new Set((await stepsOf(workspace, last)).map(({ node }) => nodeOf(node)));
  const past: Record<string, StepState> = {};
  for (const run of runs) {
    if (Object.keys(history.now.nodes).every((name) => known.has(name))) break;
    for (const step of await stepsOf(workspace, run)) {
      // Of a pipeline within and of a list the whole is not told by one step.
      if (known.has(step.node) || !(step.node in history.now.nodes)) continue;
      known.add(step.node);
      if (ENDED.includes(step.status)) past[step.node] = stateOf(step);
    }
  }
  if (store.getState().run === last) store.getState().set({ past });
}

const nodeOf = (step: string): string => step.split(/[.[]/, 1)[0] ?? step;

function stateOf({ status, reason, seconds, attempts }: Schemas["StepView"]): StepState {
  // What was done by an earlier run had no attempt of this one.
  const isReused = status === "succeeded" && !attempts;
  return { status, reason, seconds, isReused, attempts, isPast: true };
}

const stepsOf = (workspace: string, run: string) =>
  every((after) =>
    asked(
      api.GET("/api/v1/workspaces/{workspace}/runs/{run}/steps", {
        params: { path: { workspace, run }, query: { limit: AT_ONCE, after } },
      }),
    ),
  );
