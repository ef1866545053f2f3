import { expect, it } from "vitest";
import { labelsOf, labelWords } from "./labels";

it("writes labels as words, and reads them again", () => {
  const labels = { template: "", team: "risk", query: "a=b" };
  expect(labelWords(labels)).toEqual(["template", "team=risk", "query=a=b"]);
  expect(labelsOf(labelWords(labels))).toEqual(labels);
  expect(labelsOf([" team = risk "])).toEqual({ team: "risk" });
});
