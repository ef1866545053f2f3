import { describe, expect, it } from "vitest";
import { compared, type Side } from "./compare";
import type { Step } from "./runs";

const step = (node: string, metrics: Record<string, number>, status = "succeeded"): Step => ({
  node,
  status,
  reason: "",
  attempts: 1,
  seconds: 1,
  outputs: {},
  metrics,
});

function side(rounds: number, auc: number, digest: string, extra: Step[] = []): Side {
  const run = { definition: "demo 1.0.0", steps: [step("train", { auc }), ...extra] };
  const code = { digest: "", commit: "", url: "", dirty: false };
  const lineage = {
    steps: [{ step: "train", component: "fit 1.0.0", image: "", code, outputs: { model: digest } }],
  };
  return {
    run: run as unknown as Side["run"],
    lineage: lineage as unknown as Side["lineage"],
    pipeline: {
      apiVersion: "millwork/v1",
      kind: "Pipeline",
      name: "demo",
      version: "1.0.0",
      parameters: { rounds: { type: "Int", default: 10 }, seed: { type: "Int", default: 1 } },
      nodes: { train: { component: "fit", parameters: { depth: 3, rows: { from: "a.b" } } } },
    },
    given: { rounds },
  };
}

describe("two runs", () => {
  const found = compared(side(10, 0.8, "aaa"), side(50, 0.9, "bbb", [step("test", {}, "failed")]));
  const differing = (part: keyof typeof found) =>
    found[part].filter((row) => row.differs).map((row) => [row.name, row.before, row.after]);

  it("differ in what was given", () => {
    expect(differing("parameters")).toEqual([["rounds", "10", "50"]]);
    expect(found.parameters.map((row) => row.name)).toContain("train.rows");
  });

  it("differ in what came out", () => {
    expect(differing("outputs")).toEqual([["train.model", "aaa", "bbb"]]);
    expect(differing("metrics")).toEqual([["train.auc", "0.8", "0.9"]]);
    expect(found.metrics[0]?.growth).toBeCloseTo(0.125);
  });

  it("have steps that only one of them has", () => {
    expect(differing("steps")).toEqual([["test", undefined, "failed"]]);
  });

  it("are alike where nothing differs", () => {
    const same = compared(side(1, 1, "a"), side(1, 1, "a"));
    expect(
      Object.values(same)
        .flat()
        .some((row) => row.differs),
    ).toBe(false);
  });
});
