/** Why an instance is as it is: the server's reasons, taken apart so that they are told in words. */
export type Reason =
  | { key: Plain }
  | { key: "run-failed" | "run-cancelled"; why: string }
  | { key: "missed"; why: "max_age" | "none" | "latest"; late: string }
  | { key: "timeout"; after: string }
  | { key: "cycle"; name: string; date: string; status: string; more: number }
  | { key: "absent" | "undeployed" | "undone" | "file"; name: string }
  | { key: "stopped" | "set" | "backfill-cancelled"; person: string }
  | { key: "turn"; going: string; parallel: string }
  | { key: "not-begun"; reason: Reason }
  | { key: "said"; text: string };

const PLAIN = {
  "its time has not come": "time",
  "tried again after a pause": "pause",
  "frozen: somebody must thaw it": "frozen",
  "the schedule is frozen": "schedule-frozen",
  "a dry run: no work on that day": "dry",
  "a dry run: the schedule is skipping": "skipping",
  "its backfill is paused": "backfill-paused",
} as const;

type Plain = (typeof PLAIN)[keyof typeof PLAIN] | "run-gone";

type Rule = [RegExp, (...found: string[]) => Reason];

/** What an id stands for is said by where the reason stands: ids are left out. */
const RULES: Rule[] = [
  [/^run \S+ has failed(?:: (.+))?$/s, (why = "") => ({ key: "run-failed", why })],
  [/^run \S+ was cancelled(?:: (.+))?$/s, (why = "") => ({ key: "run-cancelled", why })],
  [/^its run \S+ is gone$/, () => ({ key: "run-gone" })],
  [
    /^missed by (.+): (?:more than|catch_up is) (max_age|none|latest)$/,
    (late = "", why = "") => ({ key: "missed", late, why: why as "max_age" | "none" | "latest" }),
  ],
  [/^timeout after (.+)$/, (after = "") => ({ key: "timeout", after })],
  [/^stopped by (.+)$/, (person = "") => ({ key: "stopped", person })],
  [/^set to succeeded by (.+)$/, (person = "") => ({ key: "set", person })],
  [
    /^its backfill was cancelled by (.+)$/,
    (person = "") => ({ key: "backfill-cancelled", person }),
  ],
  [
    /^its turn in the backfill has not come: (\d+) of (\d+) at once run$/,
    (going = "", parallel = "") => ({ key: "turn", going, parallel }),
  ],
  [
    /^(.+): the one of (\d{4}-\d\d-\d\d)(?: #\d+)? is (\w+)(?:, and (\d+) more)?$/,
    (name = "", date = "", status = "", more = "0") => ({
      key: "cycle",
      name,
      date,
      status,
      more: Number(more),
    }),
  ],
  [/^(.+): no instance of that cycle yet/, (name = "") => ({ key: "absent", name })],
  [/^(.+) is not deployed any more: /, (name = "") => ({ key: "undeployed", name })],
  [/^(.+): not done(?:, or not there)?$/, (name = "") => ({ key: "undone", name })],
  [/^(.+): looked for each half minute$/, (name = "") => ({ key: "file", name })],
];

const NOT_BEGUN = "not begun: ";

/** A reason taken apart; one that this console does not know stays as the server said it. */
export function reasonOf(text: string): Reason {
  if (text.startsWith(NOT_BEGUN))
    return { key: "not-begun", reason: reasonOf(text.slice(NOT_BEGUN.length)) };
  const plain = PLAIN[text as keyof typeof PLAIN];
  if (plain) return { key: plain };
  for (const [pattern, reason] of RULES) {
    const [found, ...parts] = pattern.exec(text) ?? [];
    // A part that is not there is none, so that its default is taken.
    if (found !== undefined) return reason(...(parts as string[]));
  }
  return { key: "said", text };
}
