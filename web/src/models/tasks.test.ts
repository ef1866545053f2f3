import { describe, expect, it } from "vitest";
import type { Step } from "./runs";
import { groupsOf, rowsOf, tally, tasksOf } from "./tasks";

const step = (node: string, status: string, reason = ""): Step => ({
  node,
  status,
  reason,
  attempts: 0,
  seconds: null,
  outputs: {},
  metrics: {},
});

const steps = [
  step("read", "succeeded", "reused 1abc-1"),
  step("clean", "succeeded"),
  step("score", "running", "3 items"),
  step("score[0]", "succeeded"),
  step("score[1]", "failed"),
  step("score[2]", "running"),
  step("inner.fit", "succeeded"),
  step("inner.test", "pending"),
  step("report", "failed"),
];

describe("the tasks of a run", () => {
  it("stand by status, what failed first", () => {
    const groups = groupsOf(tasksOf(steps));
    expect(groups.map(({ status, tasks }) => [status, tasks.map((task) => task.name)])).toEqual([
      ["failed", ["report"]],
      ["running", ["score", "inner"]],
      ["succeeded", ["clean"]],
      ["reused", ["read"]],
    ]);
  });

  it("count the parts of a list", () => {
    const score = tasksOf(steps).find((task) => task.name === "score");
    expect(tally(score?.parts ?? [])).toEqual({ done: 1, total: 3, failed: 1 });
  });

  it("show parts of what is open, and those that are searched for", () => {
    const tasks = tasksOf(steps);
    const names = (open: string[], words: string) =>
      rowsOf(tasks, new Set(open), words).flatMap((row) =>
        row.kind === "task" ? [row.task.name] : row.kind === "part" ? [row.step.node] : [],
      );
    expect(names([], "")).toEqual(["report", "score", "inner", "clean", "read"]);
    expect(names(["inner"], "")).toContain("inner.test");
    expect(names([], "score[2")).toEqual(["score", "score[2]"]);
    expect(names([], "nothing like it")).toEqual([]);
  });

  it("are quickly grouped where there are 5,000", () => {
    const many = Array.from({ length: 5000 }, (_, at) => step(`task-${at}`, "succeeded"));
    expect(rowsOf(tasksOf(many), new Set(), "")).toHaveLength(5001);
  });
});
