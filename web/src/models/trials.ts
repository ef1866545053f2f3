/** The trials of a sweep as a table, and which of them is the best. */
import type { Schemas } from "@/services/api";

export type Sweep = Schemas["SweepView"];
export type Trial = Schemas["TrialView"];

export interface TrialTable {
  parameters: string[];
  metrics: string[];
  trials: Trial[];
  best: number | null;
}

export function tableOf({ metric, goal, trials }: Sweep): TrialTable {
  const parameters = namesOf(trials.map((trial) => trial.values));
  const measured = namesOf(trials.map((trial) => trial.metrics));
  const metrics = [metric, ...measured.filter((name) => name !== metric)];
  const sign = goal === "maximize" ? -1 : 1;
  const counted = trials.filter(
    (trial) => trial.status === "succeeded" && trial.metrics[metric] !== undefined,
  );
  const value = (trial: Trial) => sign * (trial.metrics[metric] ?? Number.POSITIVE_INFINITY);
  const best = counted.reduce<Trial | null>(
    (found, each) => (found && value(found) <= value(each) ? found : each),
    null,
  );
  return { parameters, metrics, trials, best: best?.trial ?? null };
}

const namesOf = (records: Record<string, unknown>[]) => [...new Set(records.flatMap(Object.keys))];
