import { expect, it } from "vitest";
import { byNode, type Event, told, untold } from "./steps";

let seq = 0;
const event = (kind: string, data: Record<string, unknown>, time = 0): Event => ({
  run: "r",
  seq: ++seq,
  time,
  kind,
  data,
});

it("steps are told by their events, each counted once", () => {
  seq = 0;
  const events = [
    event("RunChanged", { status: "running" }),
    event("AttemptOpened", { step: "a", attempt: "x", number: 1 }),
    event("StepChanged", { step: "a", status: "running" }, 10),
    event("StepChanged", { step: "a", status: "succeeded" }, 12.5),
    event("StepReused", { step: "b", attempt: "y" }),
    event("StepChanged", { step: "b", status: "succeeded", reason: "reused y" }, 13),
    event("RunChanged", { status: "succeeded", reason: "" }),
  ];
  const once = told(untold, events);
  expect(once.status).toBe("succeeded");
  expect(once.steps.a).toMatchObject({
    status: "succeeded",
    seconds: 2.5,
    attempts: 1,
    isReused: false,
  });
  expect(once.steps.b).toMatchObject({ status: "succeeded", isReused: true, seconds: null });
  expect(told(once, events)).toEqual(once);
  expect(told(told(untold, events.slice(0, 3)), events.slice(2))).toEqual(once);
});

it("a resumed step runs again", () => {
  seq = 0;
  const state = told(untold, [
    event("StepChanged", { step: "a", status: "running" }, 1),
    event("StepChanged", { step: "a", status: "failed", reason: "exit 1" }, 2),
    event("StepChanged", { step: "a", status: "pending" }, 3),
  ]);
  expect(state.steps.a).toMatchObject({ status: "pending", seconds: null, reason: "" });
});

it("a node of many steps is what they are together", () => {
  seq = 0;
  const { steps } = told(untold, [
    event("StepChanged", { step: "inner.a", status: "running" }, 1),
    event("StepChanged", { step: "inner.a", status: "succeeded" }, 2),
    event("StepChanged", { step: "inner.b", status: "pending" }, 2),
    event("StepChanged", { step: "plain", status: "skipped" }, 2),
  ]);
  const nodes = byNode(steps, ["inner", "plain", "other"]);
  expect(nodes.inner).toMatchObject({ status: "running", seconds: 1 });
  expect(nodes.plain?.status).toBe("skipped");
  expect(nodes.other).toBeUndefined();
});
