/** A run's steps, made of its history as it is told (docs/states.md). */
import type { Schemas } from "@/services/api";

export interface StepState {
  status: string;
  reason: string;
  seconds: number | null;
  isReused: boolean;
  attempts: number;
  /** When it last began to run, in Unix seconds; null while it waits. */
  since: number | null;
}

export type Event = Schemas["Event"];
export type Steps = Record<string, StepState>;

const WAITING: StepState = {
  status: "pending",
  reason: "",
  seconds: null,
  isReused: false,
  attempts: 0,
  since: null,
};

export const ENDED = ["succeeded", "failed", "cancelled", "skipped"];

export interface Told {
  steps: Steps;
  /** The run's own status, "" before anything was said of it. */
  status: string;
  reason: string;
  /** The number of the last event, so that one that comes twice counts once. */
  seq: number;
}

export const untold: Told = { steps: {}, status: "", reason: "", seq: 0 };

/** What is known after some more events. */
export function told(before: Told, events: Event[]): Told {
  const steps = { ...before.steps };
  let { status, reason, seq } = before;
  for (const event of events) {
    if (event.seq <= seq) continue;
    seq = event.seq;
    if (event.kind === "RunChanged") {
      status = text(event.data, "status");
      reason = text(event.data, "reason");
      continue;
    }
    const name = text(event.data, "step");
    if (name) steps[name] = after(steps[name] ?? WAITING, event);
  }
  return { steps, status, reason, seq };
}

function after(step: StepState, { kind, data, time }: Event): StepState {
  if (kind === "StepReused") return { ...step, isReused: true };
  if (kind === "AttemptOpened") return { ...step, attempts: step.attempts + 1, isReused: false };
  if (kind !== "StepChanged") return step;
  const status = text(data, "status");
  const reason = text(data, "reason");
  if (status === "running") return { ...step, status, reason, since: time, seconds: null };
  const isOver = ENDED.includes(status);
  const seconds = isOver && step.since !== null ? Math.max(0, time - step.since) : null;
  return { ...step, status, reason, seconds, since: null };
}

function text(data: unknown, name: string): string {
  const value = (data as Record<string, unknown> | null)?.[name];
  return typeof value === "string" ? value : "";
}

const RANK = ["failed", "running", "cancelled", "pending", "skipped", "succeeded"];

/** The steps by node: a sub-pipeline and a `foreach` are what their steps are together. */
export function byNode(steps: Steps, nodes: Iterable<string>): Steps {
  const parts = new Map<string, StepState[]>();
  for (const [name, step] of Object.entries(steps)) {
    const node = name.split(/[.[]/, 1)[0] ?? name;
    if (node !== name) parts.set(node, [...(parts.get(node) ?? []), step]);
  }
  const found: Steps = {};
  for (const node of nodes) {
    const own = steps[node];
    const inner = parts.get(node);
    if (own) found[node] = own;
    else if (inner) found[node] = together(inner);
  }
  return found;
}

function together(steps: StepState[]): StepState {
  const has = (status: string) => steps.find((step) => step.status === status);
  const telling = RANK.map(has).find(Boolean) ?? WAITING;
  const isBegun = telling.status === "pending" && steps.some((step) => ENDED.includes(step.status));
  const seconds = steps.reduce((sum, step) => sum + (step.seconds ?? 0), 0);
  return {
    status: isBegun ? "running" : telling.status,
    reason: telling.reason,
    seconds: seconds || null,
    isReused: steps.every((step) => step.isReused),
    attempts: steps.reduce((most, step) => Math.max(most, step.attempts), 0),
    since: telling.since,
  };
}
