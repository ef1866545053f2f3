/** How a batch stands, as the run's view tells it (docs/elastic-batch.md). */

export interface BatchWorker {
  worker: string;
  live: boolean;
  held: number;
  done: number;
  failed: number;
  items: number;
  items_per_second: number | null;
}

export interface Straggler {
  worker: string;
  shard: number;
  seconds: number | null;
}

export interface ShardFailure {
  shard: number;
  reason: string;
}

export interface Batch {
  total: number | null;
  todo: number | null;
  leased: number;
  done: number;
  failed: number;
  items: number;
  failed_items: number;
  retries: number;
  items_per_second: number | null;
  seconds_left: number | null;
  carried_shards: number;
  stragglers: Straggler[];
  workers: BatchWorker[];
  errors: ShardFailure[];
}

const number = (value: unknown) => (typeof value === "number" ? value : 0);
const numberOrNull = (value: unknown) => (typeof value === "number" ? value : null);
const list = (value: unknown) =>
  (Array.isArray(value) ? value : []).filter((each) => typeof each === "object" && each !== null);

export function batchOf(told: Record<string, unknown>): Batch {
  return {
    total: numberOrNull(told.total),
    todo: numberOrNull(told.todo),
    leased: number(told.leased),
    done: number(told.done),
    failed: number(told.failed),
    items: number(told.items),
    failed_items: number(told.failed_items),
    retries: number(told.retries),
    items_per_second: numberOrNull(told.items_per_second),
    seconds_left: numberOrNull(told.seconds_left),
    carried_shards: number(told.carried_shards),
    stragglers: list(told.stragglers).map((each: Record<string, unknown>) => ({
      worker: String(each.worker ?? ""),
      shard: number(each.shard),
      seconds: numberOrNull(each.seconds),
    })),
    workers: list(told.workers) as BatchWorker[],
    errors: list(told.errors).map((each: Record<string, unknown>) => ({
      shard: number(each.shard),
      reason: String(each.reason ?? each.error ?? ""),
    })),
  };
}

/** How much of a batch is done and failed, from 0 to 1; nothing is known before it is cut. */
export function progress({ total, done, failed }: Batch): { done: number; failed: number } {
  if (!total) return { done: 0, failed: 0 };
  return { done: done / total, failed: failed / total };
}
