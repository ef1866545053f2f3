import { expect, it } from "vitest";
import { blank } from "@/models/pipeline/model";
import { statusesOf } from "./statuses";
import { openDesigner, type StepState } from "./store";

const step = (status: string): StepState => ({
  status,
  reason: "",
  seconds: 1,
  isReused: false,
  attempts: 1,
});

it("is the same object for as long as it says the same", () => {
  const opened = { workspace: "w", draft: "d", bundle: "", revision: 1, pipeline: blank("d") };
  const store = openDesigner(opened);
  const { of } = statusesOf(store);
  const { set } = store.getState();
  const past = { fit: { ...step("succeeded"), isPast: true } };
  set({ steps: { split: step("succeeded") }, past });
  expect(of("other")).toBeUndefined();
  expect(of("fit")?.isPast).toBe(true);
  const bare = of("split");
  expect(bare?.rows).toBeUndefined();
  set({ rows: { split: { first: 7 } } });
  const counted = of("split");
  expect(counted?.rows).toEqual({ first: 7 });
  set({ runStatus: "succeeded" });
  expect(of("split")).toBe(counted);
  set({ steps: { ...store.getState().steps, fit: step("running") } });
  expect(of("fit")?.status).toBe("running");
  expect(of("split")).toBe(counted);
});
