import { expect, it } from "vitest";
import { rounded, shortCell, sparkline } from "./statistics";

it("a histogram is bars, of which the least is seen too", () => {
  const path = sparkline([0, 1, 1000], 30, 10);
  expect(path.match(/M/g)).toHaveLength(2);
  expect(path).toContain("V9H");
  expect(path).toContain("V0H");
  expect([sparkline([], 30, 10), sparkline([0, 0], 30, 10)]).toEqual(["", ""]);
});

it("cells and means are short", () => {
  expect(rounded(22 / 7, "en")).toBe("3.1429");
  expect(shortCell("0.333333333", "en")).toBe("0.33333");
  expect(shortCell("x".repeat(30), "en")).toHaveLength(24);
  expect([shortCell(null, "en"), shortCell("", "en"), shortCell("2020-01-01", "en")]).toEqual([
    "",
    "",
    "2020-01-01",
  ]);
});
