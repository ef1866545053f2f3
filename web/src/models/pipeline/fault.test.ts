import { expect, it } from "vitest";
import { placed } from "./fault";
import { read } from "./text";

it("a fault of YAML is one sentence, and has its line", () => {
  const { fault } = read("apiVersion: [\nkind: x");
  expect(fault).toContain("\n");
  expect(placed(fault)).toMatchObject({ line: 2 });
  expect(placed(fault).message).toMatch(/at line 2, column 1$/);
  expect(placed("no mapping")).toEqual({ line: 0, message: "no mapping" });
});
