import { describe, expect, it } from "vitest";
import {
  counts,
  type Event,
  firstFailed,
  progressOf,
  type Run,
  type Step,
  withEvents,
} from "./runs";

const step = (node: string, status = "pending"): Step => ({
  node,
  status,
  reason: "",
  attempts: 0,
  seconds: null,
  outputs: {},
  metrics: {},
  tries: [],
});

const run: Run = {
  run: "1abc",
  name: "demo",
  definition: "demo 1.0.0",
  status: "running",
  created: 100,
  seconds: 5,
  reason: "",
  tags: {},
  workspace: "default",
  creator: "owner",
  visibility: "public",
  priority: 5,
  progress: {},
  notes: "",
  facts: {},
  steps: [step("a"), step("b")],
  outputs: {},
};

let seq = 0;
const event = (kind: string, data: Record<string, unknown>, time = 106): Event => ({
  run: "1abc",
  seq: ++seq,
  time,
  kind,
  data,
});

const history = [
  event("StepChanged", { step: "a", status: "running" }),
  event("AttemptOpened", { attempt: "1abc-1", step: "a", number: 1 }),
  event("AttemptStarted", { attempt: "1abc-1", at: 106.5 }),
  event(
    "AttemptClosed",
    { attempt: "1abc-1", step: "a", status: "succeeded", code: 0, metrics: { auc: 0.9 } },
    110,
  ),
  event("StepChanged", { step: "a", status: "succeeded" }, 110),
];

describe("a run and its history", () => {
  it("is what the events say", () => {
    const { run: now, isStale } = withEvents(run, history);
    expect(isStale).toBe(false);
    expect(now.steps[0]).toMatchObject({
      status: "succeeded",
      seconds: 4,
      attempts: 1,
      metrics: { auc: 0.9 },
      tries: [{ launched: 106.5, ended: 110, status: "succeeded" }],
    });
    expect(now.steps[1]).toBe(run.steps[1]);
  });

  it("is the same however often it is told", () => {
    const once = withEvents(run, history).run;
    expect(withEvents(once, history).run).toEqual(once);
  });

  it("is asked for again where events do not say enough", () => {
    expect(withEvents(run, [event("ItemsAdded", { step: "b" })]).isStale).toBe(true);
    const ended = withEvents(run, [event("RunChanged", { status: "succeeded" })]);
    expect([ended.run.status, ended.isStale]).toEqual(["succeeded", true]);
  });
});

it("the step that failed first is the one that ended first", () => {
  const failed = (node: string, ended: number) => {
    const { run: now } = withEvents({ ...run, steps: [step(node)] }, [
      event("AttemptOpened", { attempt: `${node}-1`, step: node, number: 1 }),
      event("AttemptClosed", { attempt: `${node}-1`, step: node, status: "failed" }, ended),
      event("StepChanged", { step: node, status: "failed" }, ended),
    ]);
    return now.steps;
  };
  const steps = [...failed("late", 300), ...failed("early", 200), step("c", "skipped")];
  expect(firstFailed(steps)?.node).toBe("early");
  expect(counts(steps)).toEqual({ failed: 2, skipped: 1 });
});

describe("the progress of a run", () => {
  it("is how many of its steps are over", () => {
    const progress = { pending: 3, running: 1, succeeded: 4, failed: 1, skipped: 1 };
    expect(progressOf({ ...run, progress })).toEqual({ over: 6, total: 10, failed: 1 });
  });

  it("is told of none that does not go on", () => {
    expect(progressOf(run)).toBeNull();
  });
});
