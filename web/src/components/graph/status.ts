/** How a step's status is said on its node. */
import { durationOf } from "@/models/duration";
import type { NodeStatus } from "@/models/graph";

/** The status as people are told it: what was not done again is `reused`. */
export function statusWord({ status, isReused }: NodeStatus): string {
  return isReused && status === "succeeded" ? "reused" : status;
}

/** `wordOf` is that of `useStatusWord`. */
export function statusText(status: NodeStatus, wordOf: (status: string) => string): string {
  const word = statusWord(status);
  const { seconds, tally } = status;
  if (tally) return `${wordOf(word)} · ${tally}`;
  if (seconds === null || seconds === undefined || word === "reused") return wordOf(word);
  return `${wordOf(word)} · ${durationOf(seconds)}`;
}
