/** What a step measured, made into lines that can be drawn. */
import type { Schemas } from "@/services/api";

export type Series = Schemas["MetricSeries"];

export interface Line {
  /** `x,y` of each point within the box. */
  points: string;
  low: number;
  high: number;
  last: number;
}

/** The line of values, from the lowest at the bottom to the highest at the top of a box. */
export function lineOf({ points }: Series, width: number, height: number): Line {
  const values = points.map(({ value }) => value);
  const low = Math.min(...values);
  const high = Math.max(...values);
  const first = points[0]?.number ?? 1;
  const steps = Math.max(1, (points.at(-1)?.number ?? 1) - first);
  // Values that are all the same are a line in the middle.
  const place = (value: number) => (high > low ? (value - low) / (high - low) : 0.5);
  const at = points.map(({ number, value }) => {
    const [x, y] = [((number - first) / steps) * width, height - place(value) * height];
    return `${x.toFixed(1)},${y.toFixed(1)}`;
  });
  return { points: at.join(" "), low, high, last: values.at(-1) ?? 0 };
}
