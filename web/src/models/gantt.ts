/** When each step of a run ran, and for what the run's end waited. */
import { type Attempt, isOver, type Run, type Step, statusOf } from "./runs";

export interface Bar {
  attempt: string;
  number: number;
  status: string;
  /** Unix seconds: decided, started, and ended; what still runs ends now. */
  created: number;
  from: number;
  to: number;
  /** When replicas were started again. */
  restarts: number[];
}

export interface GanttRow {
  name: string;
  status: string;
  bars: Bar[];
  isCritical: boolean;
}

export interface Gantt {
  rows: GanttRow[];
  from: number;
  to: number;
}

/** The steps that a step reads from, by name. */
export type Needs = Map<string, string[]>;

interface Used {
  step: string;
  inputs: { kind: string; value: string }[];
}

/** What steps read from one another, as lineage tells it: `train.model`. */
export function needsOf(steps: Used[]): Needs {
  return new Map(
    steps.map(({ step, inputs }) => [
      step,
      inputs
        .filter((input) => input.kind === "step")
        .map(({ value }) => value.slice(0, value.lastIndexOf("."))),
    ]),
  );
}

export function ganttOf(run: Run, needs: Needs, now: number): Gantt {
  const critical = criticalPath(run.steps, needs);
  const end = isOver(run.status) ? run.created + run.seconds : now;
  const rows = run.steps
    .filter((step) => step.status !== "skipped")
    .map((step) => ({
      name: step.node,
      status: statusOf(step),
      bars: (step.tries ?? []).map((attempt) => barOf(attempt, end)),
      isCritical: critical.has(step.node),
    }));
  const beginOf = (row: GanttRow) => row.bars[0]?.created ?? Number.MAX_VALUE;
  rows.sort((a, b) => beginOf(a) - beginOf(b));
  const last = rows.flatMap((row) => row.bars.map((bar) => bar.to));
  const from = run.created;
  return { rows, from, to: last.reduce((most, each) => Math.max(most, each), Math.max(end, from)) };
}

function barOf(attempt: Attempt, end: number): Bar {
  const { created, launched, ended, status, number } = attempt;
  const again = (attempt.replicas ?? []).filter(({ start, launched: at }) => start > 1 && at);
  return {
    attempt: attempt.attempt,
    number,
    status,
    created,
    from: launched ?? created,
    to: Math.max(ended ?? end, created),
    restarts: again.map((each) => each.launched ?? created),
  };
}

/** From the step that ended last back over what it waited for longest. */
export function criticalPath(steps: Step[], needs: Needs): Set<string> {
  const ends = new Map<string, number>();
  for (const step of steps) {
    const ended = step.tries?.at(-1)?.ended;
    if (ended) ends.set(step.node, ended);
  }
  const latest = (names: Iterable<string>) => {
    let found = "";
    for (const name of names) if ((ends.get(name) ?? 0) > (ends.get(found) ?? 0)) found = name;
    return found;
  };
  const path = new Set<string>();
  for (let at = latest(ends.keys()); at && !path.has(at); at = latest(needs.get(at) ?? []))
    path.add(at);
  return path;
}

const STEPS = [
  0.1, 0.2, 0.5, 1, 2, 5, 10, 15, 30, 60, 120, 300, 600, 900, 1800, 3600, 7200, 21_600, 43_200,
  86_400,
];

/** Round times, in seconds since the beginning, at which a scale of some length is marked. */
export function ticks(seconds: number, most: number): number[] {
  if (seconds <= 0) return [0];
  const step =
    STEPS.find((each) => seconds / each <= most) ?? Math.ceil(seconds / most / 86_400) * 86_400;
  const count = Math.floor(seconds / step + 1e-9);
  return Array.from({ length: count + 1 }, (_, at) => Math.round(at * step * 10) / 10);
}
