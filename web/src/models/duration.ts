/** A duration as people read it: `0.4 s`, `12 s`, `3 min 5 s`, `2 h 10 min`. */
export function durationOf(seconds: number): string {
  if (seconds < 10) return `${Math.max(0, Math.round(seconds * 10) / 10)} s`;
  const whole = Math.round(seconds);
  if (whole < 60) return `${whole} s`;
  if (whole < 3600) return pair(Math.floor(whole / 60), "min", whole % 60, "s");
  const minutes = Math.round(whole / 60);
  return pair(Math.floor(minutes / 60), "h", minutes % 60, "min");
}

function pair(large: number, unit: string, small: number, part: string): string {
  return small ? `${large} ${unit} ${small} ${part}` : `${large} ${unit}`;
}
