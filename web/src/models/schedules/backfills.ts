/** How far a backfill is. */
import { total } from "./instances";

export interface Progress {
  done: number;
  failed: number;
  going: number;
  waiting: number;
  total: number;
}

interface Row {
  status: string;
  total: number;
  counts: Record<string, number>;
}

/** What there is of each; of one that is over the list has no counts, and all of it is done. */
export function progressOf({ status, total: all, counts }: Row): Progress {
  if (!total(counts))
    return { done: status === "succeeded" ? all : 0, failed: 0, going: 0, waiting: 0, total: all };
  return {
    done: counts.succeeded ?? 0,
    failed: (counts.failed ?? 0) + (counts.cancelled ?? 0),
    going: (counts.running ?? 0) + (counts.starting ?? 0),
    waiting: counts.waiting ?? 0,
    total: all,
  };
}

export const isGoing = (status: string) => status === "running" || status === "paused";
