/** When something was, as people say it: "3 minutes ago", "3分钟前". */

const UNITS: [Intl.RelativeTimeFormatUnit, number][] = [
  ["year", 31_536_000],
  ["month", 2_592_000],
  ["week", 604_800],
  ["day", 86_400],
  ["hour", 3_600],
  ["minute", 60],
];

/** `time` and `now` in Unix seconds. */
export function ago(time: number, now: number, language: string): string {
  const format = new Intl.RelativeTimeFormat(language, { numeric: "auto" });
  const passed = now - time;
  for (const [unit, size] of UNITS)
    if (passed >= size) return format.format(-Math.floor(passed / size), unit);
  return format.format(0, "second");
}

/** The time itself, to the second, where somebody wants to know exactly. */
export function moment(time: number, language: string): string {
  return new Intl.DateTimeFormat(language, { dateStyle: "medium", timeStyle: "medium" }).format(
    time * 1000,
  );
}
