import { describe, expect, it } from "vitest";
import { criticalPath, ganttOf, needsOf, ticks } from "./gantt";
import type { Attempt, Run, Step } from "./runs";

const attempt = (
  number: number,
  from: number,
  to: number | null,
  status = "succeeded",
): Attempt => ({
  attempt: `a-${number}-${from}`,
  number,
  status,
  created: from,
  launched: from + 0.5,
  ended: to,
  code: 0,
  reason: "",
  usage: {},
});

const step = (node: string, tries: Attempt[], status = "succeeded"): Step => ({
  node,
  status,
  reason: "",
  attempts: tries.length,
  seconds: null,
  outputs: {},
  metrics: {},
  tries,
});

const steps = [
  step("evaluate", [attempt(1, 30, 40)]),
  step("read", [attempt(1, 10, 12)]),
  step("slow", [attempt(1, 12, 20, "failed"), attempt(2, 21, 30)]),
  step("quick", [attempt(1, 12, 15)]),
];
const needs = needsOf([
  {
    step: "evaluate",
    inputs: [
      { kind: "step", value: "slow.out" },
      { kind: "step", value: "quick.out" },
    ],
  },
  {
    step: "slow",
    inputs: [
      { kind: "step", value: "read.out" },
      { kind: "path", value: "x.y" },
    ],
  },
  { step: "quick", inputs: [{ kind: "step", value: "read.out" }] },
]);

describe("when steps ran", () => {
  it("is told in the order in which they began, with all attempts", () => {
    const run = { status: "running", created: 9, seconds: 0, steps } as unknown as Run;
    const gantt = ganttOf(run, needs, 50);
    expect(gantt.rows.map((row) => [row.name, row.bars.length])).toEqual([
      ["read", 1],
      ["slow", 2],
      ["quick", 1],
      ["evaluate", 1],
    ]);
    expect([gantt.from, gantt.to]).toEqual([9, 50]);
  });

  it("goes on until now for what still runs", () => {
    const run = {
      status: "running",
      created: 9,
      seconds: 0,
      steps: [step("a", [attempt(1, 10, null, "running")], "running")],
    } as unknown as Run;
    expect(ganttOf(run, new Map(), 99).rows[0]?.bars[0]?.to).toBe(99);
  });

  it("knows what the end waited for", () => {
    expect([...criticalPath(steps, needs)]).toEqual(["evaluate", "slow", "read"]);
    const ring = needsOf([{ step: "a", inputs: [{ kind: "step", value: "a.x" }] }]);
    expect([...criticalPath([step("a", [attempt(1, 0, 1)])], ring)]).toEqual(["a"]);
  });
});

it("scales are marked at round times", () => {
  expect(ticks(10, 6)).toEqual([0, 2, 4, 6, 8, 10]);
  expect(ticks(3600, 8)).toEqual([0, 600, 1200, 1800, 2400, 3000, 3600]);
  expect(ticks(0, 8)).toEqual([0]);
});
