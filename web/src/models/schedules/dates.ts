/** Business dates: days of the calendar, as `2026-03-01`, which no zone moves. */

const DAY = 86_400_000;

const utc = (date: string) => Date.parse(`${date}T00:00:00Z`);

export const isDate = (text: string) =>
  /^\d{4}-\d{2}-\d{2}$/.test(text) && !Number.isNaN(utc(text));

/** The day so many days later, or before. */
export function moved(date: string, days: number): string {
  return new Date(utc(date) + days * DAY).toISOString().slice(0, 10);
}

/** Today, by the clock of whoever looks. */
export function today(now = new Date()): string {
  const two = (number: number) => String(number).padStart(2, "0");
  return `${now.getFullYear()}-${two(now.getMonth() + 1)}-${two(now.getDate())}`;
}

/** How many days from one to another, both counted. */
export const span = (first: string, last: string) => Math.round((utc(last) - utc(first)) / DAY) + 1;

/** Every day from one to another, both among them. */
export function days(first: string, last: string): string[] {
  const count = isDate(first) && isDate(last) ? span(first, last) : 0;
  return Array.from({ length: Math.max(0, count) }, (_, at) => moved(first, at));
}

/** A day as the head of a column has it: its weekday and its number, and the month where it begins. */
export function heading(date: string, language: string) {
  const at = utc(date);
  const part = (options: Intl.DateTimeFormatOptions) =>
    new Intl.DateTimeFormat(language, { timeZone: "UTC", ...options }).format(at);
  const day = Number(date.slice(8));
  return {
    day: String(day),
    weekday: part({ weekday: "narrow" }),
    month: part({ month: "short" }),
    whole: part({ dateStyle: "full" }),
    isWeekend: [0, 6].includes(new Date(at).getUTCDay()),
  };
}

/** The month of a date, from its first day to its last. */
export function monthOf(date: string): [string, string] {
  const first = `${date.slice(0, 7)}-01`;
  const [year = 0, month = 1] = date.split("-").map(Number);
  const last = new Date(Date.UTC(year, month, 0)).toISOString().slice(0, 10);
  return [first, last];
}

/** The name of a day of the week, short; 0 is Monday. */
export function weekday(at: number, language: string): string {
  // 1 January 2024 was a Monday.
  const day = utc(moved("2024-01-01", at));
  return new Intl.DateTimeFormat(language, { timeZone: "UTC", weekday: "short" }).format(day);
}
