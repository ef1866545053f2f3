import { expect, it } from "vitest";
import { roundUp, thinned, usageOf } from "./usage";

const sample = (time: number, cpu_seconds: number, memory = 1) => ({
  time,
  cpu_seconds,
  memory,
  processes: 1,
});

it("cores are what was spent between two samples", () => {
  const { cores, memory, gpu } = usageOf([sample(10, 0), sample(12, 4, 5), sample(16, 6)]);
  expect(cores).toEqual([
    { at: 2, value: 2 },
    { at: 6, value: 0.5 },
  ]);
  expect(memory).toHaveLength(3);
  expect(gpu).toEqual([]);
});

it("thinning keeps the peaks", () => {
  const points = Array.from({ length: 1000 }, (_, at) => ({ at, value: at === 503 ? 9 : 1 }));
  const few = thinned(points, 100);
  expect(few.length).toBeLessThanOrEqual(100);
  expect(few.some((point) => point.value === 9)).toBe(true);
});

it("axes end at round numbers", () => {
  expect([0, 0.3, 1, 3, 7, 23].map(roundUp)).toEqual([1, 0.5, 1, 5, 10, 25]);
});
