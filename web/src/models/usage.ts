/** What a step used over time, made into lines that can be drawn. */
import type { Schemas } from "@/services/api";

export type Sample = Schemas["UsageSample"];

export interface Point {
  /** Seconds since the first sample. */
  at: number;
  value: number;
}

export interface Usage {
  cores: Point[];
  memory: Point[];
  gpu: Point[];
  gpuMemory: Point[];
}

export function usageOf(samples: Sample[]): Usage {
  const begin = samples[0]?.time ?? 0;
  const line = (of: (sample: Sample) => number | undefined): Point[] =>
    samples.flatMap((sample) => {
      const value = of(sample);
      return value === undefined ? [] : [{ at: sample.time - begin, value }];
    });
  return {
    cores: cores(samples, begin),
    memory: line((sample) => sample.memory),
    gpu: line((sample) => sample.gpu_percent),
    gpuMemory: line((sample) => sample.gpu_memory),
  };
}

/** Cores in use are what was spent between two samples. */
function cores(samples: Sample[], begin: number): Point[] {
  return samples.slice(1).flatMap((sample, at) => {
    const before = samples[at];
    const passed = before ? sample.time - before.time : 0;
    if (!before || passed <= 0) return [];
    const spent = Math.max(0, sample.cpu_seconds - before.cpu_seconds);
    return [{ at: sample.time - begin, value: spent / passed }];
  });
}

/** As many points as can be told apart: of each span the highest, so that no peak is lost. */
export function thinned(points: Point[], most: number): Point[] {
  if (points.length <= most) return points;
  const size = Math.ceil(points.length / most);
  const found: Point[] = [];
  for (let at = 0; at < points.length; at += size) {
    const span = points.slice(at, at + size);
    found.push(span.reduce((highest, each) => (each.value > highest.value ? each : highest)));
  }
  return found;
}

/** The next rounder number, at which an axis may end. */
export function roundUp(value: number): number {
  if (value <= 0) return 1;
  const scale = 10 ** Math.floor(Math.log10(value));
  const step = [1, 2, 2.5, 5, 10].find((each) => each * scale >= value) ?? 10;
  return step * scale;
}
