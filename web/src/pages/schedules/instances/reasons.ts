/** Why an instance is as it is, in the language of whoever reads. */
import { durationOf } from "@/models/duration";
import type { Cause } from "@/services/instances";
import type { Speak, Values } from "@/strings";

const WORDS = ["self", "children"] as const;

/** What a dependency is called: a schedule, or a word for those that have no name. */
export function needName(name: string, t: Speak): string {
  const word = WORDS.find((each) => each === name);
  return word ? t(`instance.waits.${word}`) : name;
}

/** A reason in words. An id that it has is left out: where it stands says what of. */
export function reasonText({ code, values }: Cause, t: Speak): string {
  const { because, ...others } = values;
  if (because) {
    const reason = reasonText({ code: String(because), values: others }, t);
    return t.known(`instance.reason.${code}`, code, { reason });
  }
  const { text, why, more, ...rest } = others;
  if (code === "said") return String(text);
  const said = t.known(`instance.reason.${code}`, code, shown(rest, t));
  if (more) return `${said}; ${t.count("instance.reason.more", Number(more))}`;
  return why ? `${said}: ${why}` : said;
}

/** Values as people read them. */
function shown(values: Values, t: Speak): Values {
  const words: Record<string, (value: string | number) => string> = {
    name: (name) => needName(String(name), t),
    status: (status) =>
      t.known(`backfill.status.${status}`, t.known(`instance.status.${status}`, String(status))),
    late: (seconds) => durationOf(Number(seconds)),
    after: (seconds) => durationOf(Number(seconds)),
  };
  return Object.fromEntries(
    Object.entries(values).map(([name, value]) => [name, words[name]?.(value) ?? value]),
  );
}
