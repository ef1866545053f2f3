/** Instances as they are called and drawn: a schedule, a business date, and a time of day. */

export const STATUSES = [
  "waiting",
  "starting",
  "running",
  "succeeded",
  "failed",
  "cancelled",
] as const;
export type InstanceStatus = (typeof STATUSES)[number];

/** How a cell is drawn; `mixed` are several of which none has failed or goes on. */
export type Look = InstanceStatus | "dry" | "frozen" | "mixed" | "none";

/** Each by a letter too, so that its colour is never alone. */
export const LETTERS: Record<Look, string> = {
  waiting: "W",
  starting: "R",
  running: "R",
  succeeded: "S",
  failed: "F",
  cancelled: "C",
  dry: "D",
  frozen: "Z",
  mixed: "M",
  none: "",
};

export interface Counted {
  counts: Record<string, number>;
  dry: number;
  frozen: number;
}

export const total = (counts: Record<string, number>) =>
  Object.values(counts).reduce((sum, count) => sum + count, 0);

/** What of a day's instances matters most: a failure, then what goes on, then what waits. */
export function lookOf({ counts, dry, frozen }: Counted): Look {
  const all = total(counts);
  if (!all) return "none";
  if (counts.failed) return "failed";
  if (counts.running || counts.starting) return "running";
  if (frozen && frozen === counts.waiting) return "frozen";
  const present = STATUSES.filter((status) => counts[status]);
  if (present.length > 1) return "mixed";
  const [only] = present;
  if (dry === all && only === "succeeded") return "dry";
  return only ?? "none";
}

/** The time of day that a scheduled time has in its own zone: `02:30`. */
export function clockOf(cyctime: string): string {
  const seconds = cyctime.slice(17, 19);
  return cyctime.slice(11, seconds && seconds !== "00" ? 19 : 16);
}

interface Named {
  schedule: string;
  bizdate: string;
  cyctime: string;
}

/** What an instance is called: its schedule, its business date and its time. */
export const titleOf = ({ schedule, bizdate, cyctime }: Named) =>
  `${schedule} · ${bizdate} · ${clockOf(cyctime)}`;

export const isOver = (status: string) => ["succeeded", "failed", "cancelled"].includes(status);

interface Ends {
  changed: number;
  not_changed: number;
  refused: { instance: string; reason: string }[];
}

/** Several answers as one. */
export function summed(answers: Ends[]): Ends {
  return {
    changed: answers.reduce((sum, each) => sum + each.changed, 0),
    not_changed: answers.reduce((sum, each) => sum + each.not_changed, 0),
    refused: answers.flatMap((each) => each.refused),
  };
}

/** Why some were left as they are, each reason once with how many it is of. */
export function reasonsOf(refused: Ends["refused"]): [string, number][] {
  const counts = new Map<string, number>();
  for (const { reason } of refused) counts.set(reason, (counts.get(reason) ?? 0) + 1);
  return [...counts].sort(([, a], [, b]) => b - a);
}
