/** How often a schedule is due, as its form asks for it. */
import type { Fields } from "../componentText";

export const HOWS = ["minute", "hour", "day", "week", "month", "year", "cron", "never"] as const;
export type How = (typeof HOWS)[number];

export const WEEKDAYS = [
  "monday",
  "tuesday",
  "wednesday",
  "thursday",
  "friday",
  "saturday",
  "sunday",
] as const;

const TIMED = ["at"];
const STEPPED = ["step", "from", "to", "at"];

/** What of the fields each choice has; the others go when it is chosen. */
const HAS: Record<How, string[]> = {
  minute: STEPPED,
  hour: STEPPED,
  day: TIMED,
  week: [...TIMED, "on"],
  month: [...TIMED, "on"],
  year: [...TIMED, "on"],
  cron: ["cron"],
  never: [],
};
const RECURS = ["every", "at", "step", "from", "to", "on", "cron"];
const CALENDAR = ["first", "last", "holidays", "workdays", "clock"];

const FIRST_ON: Partial<Record<How, Fields[string]>> = {
  week: ["monday"],
  month: ["1"],
  year: ["01-01"],
};

export function howOf(fields: Fields): How {
  if (fields.cron !== undefined) return "cron";
  const every = HOWS.find((how) => how === fields.every);
  return every ?? "never";
}

/** The fields of a schedule that is due so often; what does not belong to that is taken out. */
export function withHow(fields: Fields, how: How): Fields {
  const gone = new Set(RECURS.filter((name) => !HAS[how].includes(name)));
  if (how === "never") for (const name of CALENDAR) gone.add(name);
  // A day of a week is none of a month.
  gone.add("on");
  const isStepped = how === "minute" || how === "hour";
  if (isStepped) gone.add("at");
  const kept = Object.fromEntries(Object.entries(fields).filter(([name]) => !gone.has(name)));
  if (how === "never") return kept;
  if (how === "cron") return { ...kept, cron: "00 30 02 * * ?" };
  const on = FIRST_ON[how];
  return {
    ...kept,
    every: how,
    ...(!isStepped && !("at" in kept) && { at: "02:30" }),
    ...(how === "minute" && { step: "30" }),
    ...(on && { on }),
  };
}

/** A list of words as a field of text has it, and back: `02:30, 14:30`. */
export const joined = (words: string[]) => words.join(", ");

export function split(text: string): string[] {
  return text.split(/[\s,;，、；]+/).filter(Boolean);
}

/** The fields of the same schedule due once a day at a time, or as it is if none is said. */
export function onceADay(fields: Fields, at: string): Fields {
  if (!at && howOf(fields) !== "never") return fields;
  const bare = withHow(fields, "never");
  return { ...bare, every: "day", ...(at && { at }) };
}
