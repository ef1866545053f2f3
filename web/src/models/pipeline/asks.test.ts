import { expect, it } from "vitest";
import { wrong } from "../fields";
import { asksFor, formOf } from "./asks";
import { blank } from "./model";

it("what nobody has said yet is asked for", () => {
  expect(asksFor(blank("p"))).toBe(false);
  expect(asksFor({ ...blank("p"), inputs: { rows: { type: "table" } } })).toBe(true);
  expect(asksFor({ ...blank("p"), inputs: { rows: { type: "table", required: false } } })).toBe(
    false,
  );
  expect(asksFor({ ...blank("p"), parameters: { n: { type: "Int", required: true } } })).toBe(true);
  expect(
    asksFor({ ...blank("p"), parameters: { n: { type: "Int", required: true, default: 1 } } }),
  ).toBe(false);
});

it("a declared parameter has its bounds in the form too", () => {
  const form = formOf("rate", { type: "Float", default: 0.1, range: { exclusive_min: 0, max: 1 } });
  expect(wrong(form, 0)).toEqual({ key: "fault.above", bound: 0 });
  expect(wrong(formOf("n", { type: "Int", range: [1, 5] }), 6)).toEqual({
    key: "fault.most",
    bound: 5,
  });
});
