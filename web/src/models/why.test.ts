import { expect, it } from "vitest";
import { reasonsOf } from "./why";

const why = (
  verdict: string,
  differences: unknown[] = [],
  compared_with: string | null = null,
) => ({
  run: "r",
  step: "s",
  attempt: "a",
  verdict,
  compared_with,
  differences: differences as never[],
});

it("says why in terms of what people changed", () => {
  expect(reasonsOf(why("reused"))).toEqual([{ key: "reused" }]);
  expect(reasonsOf(why("is_deterministic is false"))).toEqual([{ key: "never" }]);
  expect(reasonsOf(why("no earlier result of the same work"))).toEqual([{ key: "first" }]);
  const changed = [
    { field: "parameters.rate", before: 0.1, now: 0.2 },
    { field: "inputs.table", before: "x", now: "y", files: [] },
    { field: "component.command", before: "x", now: "y" },
    { field: "component.version", before: "1.0.0", now: "1.0.1" },
    { field: "code", before: "x", now: "y", files: [{ path: "a.py", change: "changed" }] },
  ];
  expect(reasonsOf(why("no earlier result of the same work", changed, "r0"))).toEqual([
    { key: "parameter", name: "rate", before: 0.1, now: 0.2 },
    { key: "input", name: "table" },
    { key: "component", name: "command" },
    { key: "code", files: ["a.py"] },
  ]);
});
