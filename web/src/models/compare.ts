/** Two runs side by side. */
import type { Schemas } from "@/services/api";
import { written } from "./origin";
import type { Pipeline } from "./pipeline/model";
import { isFrom } from "./pipeline/model";
import { type Run, statusOf } from "./runs";

/** All that is compared of a run. */
export interface Side {
  run: Run;
  lineage: Schemas["RunLineage"];
  pipeline: Pipeline | null;
  /** The values that were given for the pipeline's own parameters. */
  given: Record<string, unknown>;
}

export interface Cell {
  /** Undefined where there is no such thing on that side. */
  before: string | undefined;
  after: string | undefined;
}

export interface Row extends Cell {
  name: string;
  differs: boolean;
  /** By how much a number has grown, in parts of what it was. */
  growth: number | null;
}

export type Section = "parameters" | "versions" | "steps" | "metrics" | "outputs";

export type Comparison = Record<Section, Row[]>;

type Values = Map<string, string>;

export function compared(before: Side, after: Side): Comparison {
  const of = (part: (side: Side) => Values) => rowsOf(part(before), part(after));
  return {
    parameters: of(parameters),
    versions: of(versions),
    steps: of(steps),
    metrics: withGrowth(
      of((side) => asText(metrics(side))),
      metrics(before),
      metrics(after),
    ),
    outputs: of(outputs),
  };
}

function rowsOf(before: Values, after: Values): Row[] {
  const names = new Set([...before.keys(), ...after.keys()]);
  return [...names].map((name) => {
    const cell = { before: before.get(name), after: after.get(name) };
    return { name, ...cell, differs: cell.before !== cell.after, growth: null };
  });
}

function parameters({ pipeline, given }: Side): Values {
  const found: Values = new Map();
  for (const [name, declared] of Object.entries(pipeline?.parameters ?? {}))
    if (declared.default !== undefined) found.set(name, written(declared.default));
  for (const [name, value] of Object.entries(given)) found.set(name, written(value));
  for (const [node, { parameters: own }] of Object.entries(pipeline?.nodes ?? {}))
    for (const [name, value] of Object.entries(own ?? {}))
      found.set(`${node}.${name}`, isFrom(value) ? `← ${value.from}` : written(value));
  return found;
}

function versions({ run, lineage }: Side): Values {
  const found: Values = new Map([["", run.definition]]);
  for (const { step, component, code, image } of lineage.steps) {
    const commit = code.commit ? ` · ${code.commit.slice(0, 10)}${code.dirty ? "*" : ""}` : "";
    const snapshot = code.digest ? ` · ${code.digest.slice(0, 10)}` : "";
    found.set(step, `${component}${image && ` · ${image}`}${commit || snapshot}`);
  }
  return found;
}

/** Durations differ in any two runs; only the statuses tell two steps apart. */
function steps({ run }: Side): Values {
  return new Map(run.steps.map((step) => [step.node, statusOf(step)]));
}

export function durations({ run }: Side): Map<string, number> {
  return new Map(
    run.steps.flatMap((step) => (step.seconds === null ? [] : [[step.node, step.seconds]])),
  );
}

function metrics({ run }: Side): Map<string, number> {
  return new Map(
    run.steps.flatMap((step) =>
      Object.entries(step.metrics).map(([name, value]): [string, number] => [
        `${step.node}.${name}`,
        value,
      ]),
    ),
  );
}

function outputs({ lineage }: Side): Values {
  return new Map(
    lineage.steps.flatMap(({ step, outputs: left }) =>
      Object.entries(left).map(([port, digest]): [string, string] => [
        `${step}.${port}`,
        digest.slice(0, 10),
      ]),
    ),
  );
}

const asText = (numbers: Map<string, number>): Values =>
  new Map([...numbers].map(([name, value]) => [name, String(value)]));

function withGrowth(rows: Row[], before: Map<string, number>, after: Map<string, number>): Row[] {
  return rows.map((row) => {
    const [was, is] = [before.get(row.name), after.get(row.name)];
    if (was === undefined || is === undefined || was === 0 || was === is) return row;
    return { ...row, growth: (is - was) / Math.abs(was) };
  });
}
