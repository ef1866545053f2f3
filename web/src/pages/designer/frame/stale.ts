/** Which results on the canvas are of what stands there no more. */
import type { Pipeline } from "@/models/pipeline/model";
import { staleNodes } from "@/models/stale";
import { useDesigner } from "@/services/designer/store";

const known = new WeakMap<Pipeline, { ran: Pipeline; stale: Set<string> }>();

/** Found out once for each state of the pipeline, however many ask. */
export function staleIn(now: Pipeline, ran: Pipeline): Set<string> {
  const found = known.get(now);
  if (found?.ran === ran) return found.stale;
  const stale = staleNodes(now, ran);
  known.set(now, { ran, stale });
  return stale;
}

export const useIsStale = (name: string): boolean =>
  useDesigner(({ history, ran }) => (ran ? staleIn(history.now, ran).has(name) : false));
