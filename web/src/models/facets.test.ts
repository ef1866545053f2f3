import { expect, it } from "vitest";
import type { Schemas } from "@/services/api";
import { chosenOf, countsOf } from "./facets";

type Face = Schemas["Face"];

const face = (name: string, category: string, inputs: string[], outputs: string[]) =>
  ({
    name,
    category,
    kind: "component",
    source: "builtin",
    inputs: inputs.map((type) => ({ type })),
    outputs: outputs.map((type) => ({ type })),
  }) as unknown as Face;

const FACES = [
  face("split", "preprocess", ["table"], ["table", "table"]),
  face("train", "classify", ["table", "table"], ["model"]),
  face("predict", "", ["model", "table"], ["table"]),
];

it("leaves what has all that was chosen", () => {
  expect(chosenOf(FACES, { input: "table", output: "table" }).map((each) => each.name)).toEqual([
    "split",
    "predict",
  ]);
  expect(chosenOf(FACES, {})).toHaveLength(3);
});

it("counts a component once a value, and no value that it has not got", () => {
  expect(countsOf(FACES, "input", {})).toEqual([
    { value: "table", count: 3 },
    { value: "model", count: 1 },
  ]);
  expect(countsOf(FACES, "category", {})).toHaveLength(2);
});

it("counts what a change of the choice would leave", () => {
  const chosen = { output: "model" };
  expect(countsOf(FACES, "output", chosen)).toHaveLength(2);
  expect(countsOf(FACES, "input", chosen)).toEqual([{ value: "table", count: 1 }]);
  expect(countsOf(FACES, "category", { output: "report", category: "classify" })).toEqual([
    { value: "classify", count: 0 },
  ]);
});
