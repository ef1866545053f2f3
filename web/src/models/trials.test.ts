import { expect, it } from "vitest";
import { type Trial, tableOf } from "./trials";

const trial = (number: number, loss: number | null, status = "succeeded"): Trial => ({
  run: `run${number}`,
  trial: number,
  status,
  reason: "",
  seconds: 1,
  values: { x: String(number) },
  metrics: loss === null ? {} : { loss, other: 1 },
});

it("the best trial is the one nearest to the goal that has succeeded", () => {
  const trials = [trial(1, 0.4), trial(2, 0.1), trial(3, 0.01, "failed"), trial(4, null)];
  expect(tableOf({ metric: "loss", goal: "minimize", trials })).toMatchObject({
    parameters: ["x"],
    metrics: ["loss", "other"],
    best: 2,
  });
  expect(tableOf({ metric: "loss", goal: "maximize", trials }).best).toBe(1);
  expect(tableOf({ metric: "loss", goal: "minimize", trials: [] }).best).toBeNull();
});
