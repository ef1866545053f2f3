/** What the nodes of the canvas say of their steps. */
import type { NodeStatus, Statuses } from "@/models/graph";
import type { DesignerStore } from "./store";

/** The same object for as long as it says the same, so that a node is drawn again only then. */
export function statusesOf(store: DesignerStore): Statuses {
  const known = new WeakMap<object, NodeStatus>();
  const of = (name: string): NodeStatus | undefined => {
    const { steps, past, rows: all } = store.getState();
    const step = steps[name] ?? past[name];
    const rows = all[name];
    if (!step || !rows) return step;
    const before = known.get(step);
    if (before?.rows === rows) return before;
    const status = { ...step, rows };
    known.set(step, status);
    return status;
  };
  return { subscribe: store.subscribe, of };
}
