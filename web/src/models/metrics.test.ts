import { describe, expect, it } from "vitest";
import { lineOf, type Series } from "./metrics";

const series = (...values: number[]): Series => ({
  name: "loss",
  count: values.length,
  points: values.map((value, at) => ({ number: at + 1, value })),
});

describe("the line of a metric", () => {
  it("goes from its lowest to its highest value", () => {
    expect(lineOf(series(3, 1, 2), 100, 10)).toEqual({
      points: "0.0,0.0 50.0,10.0 100.0,5.0",
      low: 1,
      high: 3,
      last: 2,
    });
  });

  it("is in the middle if nothing changes, whatever the values", () => {
    expect(lineOf(series(-7, -7), 100, 10).points).toBe("0.0,5.0 100.0,5.0");
    expect(lineOf(series(0), 100, 10).points).toBe("0.0,5.0");
  });

  it("keeps the places of values that are not told", () => {
    const points = [1, 5, 9].map((number) => ({ number, value: number }));
    const line = lineOf({ name: "x", count: 9, points }, 80, 8);
    expect(line.points).toBe("0.0,8.0 40.0,4.0 80.0,0.0");
  });
});
