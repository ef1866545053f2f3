/** What the next run will do with a node, as far as that can be told before it. */
import { inOrder, needs, type Pipeline } from "./pipeline/model";
import { isSame } from "./stale";

/** `reads`: it is done again only if the node it reads `from` leaves something else. */
export type Foretold =
  | { next: "reuse" | "new" | "changed" | "failed" | "never" }
  | { next: "reads"; from: string };

export interface Before {
  /** The pipeline that was run, and what became of its nodes. */
  ran: Pipeline;
  statusOf: (node: string) => string | undefined;
  /** Whether the same work leaves the same, as its component says. */
  isDeterministic: (node: string) => boolean;
}

export function foretell(now: Pipeline, before: Before): Map<string, Foretold> {
  const found = new Map<string, Foretold>();
  for (const name of inOrder(now)) found.set(name, ofNode(now, name, before, found));
  return found;
}

function ofNode(
  now: Pipeline,
  name: string,
  { ran, statusOf, isDeterministic }: Before,
  above: Map<string, Foretold>,
): Foretold {
  if (!isDeterministic(name)) return { next: "never" };
  const status = statusOf(name);
  if (!(name in ran.nodes) || !status) return { next: "new" };
  if (!isSame(now, ran, name)) return { next: "changed" };
  if (status !== "succeeded") return { next: "failed" };
  const from = needs(now, name).find((need) => (above.get(need)?.next ?? "reuse") !== "reuse");
  return from ? { next: "reads", from } : { next: "reuse" };
}
