/** A run as it stands, and as it stands after what its history told of since. */
import type { Schemas } from "@/services/api";

export type Run = Schemas["RunView"];
export type RunRow = Schemas["RunSummary"];
export type Step = Schemas["StepView"];
export type Attempt = Schemas["AttemptView"];
export type Replica = Schemas["ReplicaView"];
export type Event = Schemas["Event"];

export const RUN_STATUSES = ["queued", "running", "succeeded", "failed", "cancelled"] as const;
export type RunStatus = (typeof RUN_STATUSES)[number];

/** Whether nothing of a run will happen by itself any more. */
export const isOver = (status: string) => ["succeeded", "failed", "cancelled"].includes(status);

/** The status that is shown: a step that took an earlier result says so. */
export function statusOf(step: Step): string {
  return step.status === "succeeded" && isTaken(step.reason) ? "reused" : step.status;
}

const isTaken = (reason: string) => /^(reused|taken from) /.test(reason);

/** The step that failed first; of steps without an attempt that is the first in the file. */
export function firstFailed(steps: Step[]): Step | undefined {
  const failed = steps.filter((step) => step.status === "failed");
  const endOf = (step: Step) => step.tries?.at(-1)?.ended ?? Number.MAX_VALUE;
  return failed.reduce<Step | undefined>(
    (first, step) => (first && endOf(first) <= endOf(step) ? first : step),
    undefined,
  );
}

/** The moment, in Unix seconds, at which the server told what a run that goes on has come to. */
export const askedAt = (run: Run) => run.created + run.seconds;

interface Told {
  run: Run;
  /** Whether something was told of that only the server can say in full. */
  isStale: boolean;
}

/** Events that change nothing of what is shown. */
const SILENT = new Set(["StepConsulted", "LateResult"]);

export function withEvents(before: Run, events: Event[]): Told {
  if (!events.length) return { run: before, isStale: false };
  const places = new Map(before.steps.map((step, at) => [step.node, at]));
  const attempts = new Map<string, string>();
  for (const step of before.steps)
    for (const attempt of step.tries ?? []) attempts.set(attempt.attempt, step.node);
  const told: Told = { run: { ...before, steps: [...before.steps] }, isStale: false };
  for (const event of events) {
    const data = event.data as Data;
    if (event.kind === "RunChanged") {
      told.run.status = data.status ?? told.run.status;
      told.run.reason = data.reason ?? "";
      told.isStale = true;
      continue;
    }
    if (SILENT.has(event.kind)) continue;
    const name = data.step ?? attempts.get(data.attempt ?? "");
    const at = name === undefined ? undefined : places.get(name);
    const step = at === undefined ? undefined : told.run.steps[at];
    const next = step && withEvent(step, event.kind, data, event.time);
    if (!next || at === undefined || name === undefined) {
      told.isStale = true;
      continue;
    }
    if (data.attempt) attempts.set(data.attempt, name);
    told.run.steps[at] = next;
  }
  return told;
}

interface Data {
  step?: string;
  attempt?: string;
  status?: string;
  reason?: string;
  number?: number;
  at?: number;
  code?: number | null;
  usage?: Record<string, unknown>;
  metrics?: Record<string, number>;
  outputs?: Record<string, { path: string; type: string }>;
}

function withEvent(step: Step, kind: string, data: Data, time: number): Step | undefined {
  if (kind === "StepChanged") return changed(step, data, time);
  if (kind === "AttemptOpened") return opened(step, data, time);
  if (kind === "AttemptStarted")
    return withAttempt(step, data, (attempt) => ({ ...attempt, launched: data.at ?? time }));
  if (kind === "AttemptClosed") return closed(step, data, time);
  return undefined;
}

function changed(step: Step, data: Data, time: number): Step {
  const status = data.status ?? step.status;
  const begin = step.tries?.[0]?.created;
  const isEnd = isOver(status) && begin !== undefined;
  return {
    ...step,
    status,
    reason: data.reason ?? "",
    seconds: isEnd ? Math.max(0, time - begin) : step.seconds,
  };
}

function opened(step: Step, data: Data, time: number): Step {
  const tries = step.tries ?? [];
  if (tries.some((attempt) => attempt.attempt === data.attempt)) return step;
  const fresh: Attempt = {
    attempt: data.attempt ?? "",
    number: data.number ?? tries.length + 1,
    status: "running",
    created: time,
    launched: null,
    ended: null,
    code: null,
    reason: "",
    usage: {},
  };
  return { ...step, attempts: step.attempts + 1, tries: [...tries, fresh] };
}

function closed(step: Step, data: Data, time: number): Step {
  const next = withAttempt(step, data, (attempt) => ({
    ...attempt,
    status: data.status ?? attempt.status,
    ended: time,
    code: data.code ?? null,
    reason: data.reason ?? "",
    usage: data.usage ?? {},
  }));
  const outputs = Object.entries(data.outputs ?? {}).map(([port, { path }]) => [port, path]);
  return {
    ...next,
    outputs: { ...step.outputs, ...Object.fromEntries(outputs) },
    metrics: { ...step.metrics, ...data.metrics },
  };
}

function withAttempt(step: Step, data: Data, change: (attempt: Attempt) => Attempt): Step {
  const tries = step.tries?.map((each) => (each.attempt === data.attempt ? change(each) : each));
  return tries ? { ...step, tries } : step;
}

/** How many steps have which status. */
export function counts(steps: Step[]): Record<string, number> {
  const found: Record<string, number> = {};
  for (const step of steps) {
    const status = statusOf(step);
    found[status] = (found[status] ?? 0) + 1;
  }
  return found;
}

export interface Progress {
  over: number;
  total: number;
  failed: number;
}

/** How far a run that goes on has come, of the counts of its steps; null where none are told. */
export function progressOf({ progress }: RunRow): Progress | null {
  const total = Object.values(progress).reduce((sum, count) => sum + count, 0);
  const { pending = 0, running = 0, failed = 0 } = progress;
  return total ? { over: total - pending - running, total, failed } : null;
}

/** A definition in words: `penguins 1.0.0`. */
export function definitionOf(definition: string): { name: string; version: string } {
  const at = definition.lastIndexOf(" ");
  if (at < 0) return { name: definition, version: "" };
  return { name: definition.slice(0, at), version: definition.slice(at + 1) };
}

/** The step in which a run failed, as its reason tells it: `in train`. */
export function failedStep({ status, reason }: RunRow): string {
  return (status === "failed" && /^in (.+)$/.exec(reason)?.[1]) || "";
}

/** Which step and port each output of a run comes from. */
export function madeBy(run: Run): { name: string; step: string; port: string }[] {
  return Object.entries(run.outputs).flatMap(([name, path]) => {
    for (const { node, outputs } of run.steps)
      for (const [port, place] of Object.entries(outputs))
        if (place === path) return [{ name, step: node, port }];
    return [];
  });
}
