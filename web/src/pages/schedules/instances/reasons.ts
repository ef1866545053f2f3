/** Why an instance is as it is, in the language of whoever reads. */
import { type Reason, reasonOf } from "@/models/schedules/reasons";
import type { Speak } from "@/strings";

const WORDS = ["self", "children"] as const;

/** What a dependency is called: a schedule, or a word for those that have no name. */
export function needName(name: string, t: Speak): string {
  const word = WORDS.find((each) => each === name);
  return word ? t(`instance.waits.${word}`) : name;
}

export const reasonText = (text: string, t: Speak) => worded(reasonOf(text), t);

function worded(reason: Reason, t: Speak): string {
  switch (reason.key) {
    case "said":
      return reason.text;
    case "not-begun":
      return t("instance.reason.not-begun", { reason: worded(reason.reason, t) });
    case "run-failed":
    case "run-cancelled": {
      const said = t(`instance.reason.${reason.key}`);
      return reason.why ? `${said}: ${reason.why}` : said;
    }
    case "missed":
      return t(`instance.reason.missed.${reason.why}`, { late: reason.late });
    case "cycle": {
      const { name, date, status, more } = reason;
      const values = { date, status: t.known(`instance.status.${status}`, status) };
      const said = t("instance.reason.cycle", { name: needName(name, t), ...values });
      return more ? `${said}; ${t.count("instance.reason.more", more)}` : said;
    }
    case "absent":
    case "undeployed":
    case "undone":
    case "file":
      return t(`instance.reason.${reason.key}`, { name: needName(reason.name, t) });
    default: {
      const { key, ...values } = reason;
      return t(`instance.reason.${key}`, values);
    }
  }
}
