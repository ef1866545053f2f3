/** What to do about a step that did not do what was wanted, by how it stands and why. */
import type { Step } from "./runs";

export type AdviceKey =
  | "memory"
  | "killed"
  | "time"
  | "start"
  | "lost"
  | "output"
  | "condition"
  | "program"
  | "upstream"
  | "unmet"
  | "waits"
  | "cancelled";

export interface Advice {
  key: AdviceKey;
  isTrouble: boolean;
}

const FAILED: [RegExp, AdviceKey][] = [
  [/out of memory/, "memory"],
  [/timeout|time was up|took (too long|longer)/, "time"],
  [/killed by/, "killed"],
  [/could not be (started|made)|cannot be started|not found/, "start"],
  [/lost/, "lost"],
  [/^condition|when/, "condition"],
  [/output/, "output"],
];

export function adviceFor(step: Step): Advice | null {
  if (step.status === "failed") return { key: failure(step.reason), isTrouble: true };
  if (step.status === "skipped")
    return {
      key: /(failed|was skipped)/.test(step.reason) ? "upstream" : "unmet",
      isTrouble: false,
    };
  if (step.status === "pending") return { key: "waits", isTrouble: false };
  if (step.status === "cancelled") return { key: "cancelled", isTrouble: false };
  return null;
}

function failure(reason: string): AdviceKey {
  return FAILED.find(([pattern]) => pattern.test(reason))?.[1] ?? "program";
}
