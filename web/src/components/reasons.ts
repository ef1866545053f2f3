/** Why a step was done again or not, in words. */
import { shown } from "@/models/fields";
import type { Reason } from "@/models/why";
import type { Speak } from "@/strings";

export function reasonText(reason: Reason, t: Speak): string {
  switch (reason.key) {
    case "parameter":
      return t("why.parameter", {
        name: reason.name,
        before: shown(reason.before) || t("why.nothing"),
        now: shown(reason.now) || t("why.nothing"),
      });
    case "code":
      return reason.files.length
        ? t("why.code.files", { files: reason.files.slice(0, 5).join(", ") })
        : t("why.code");
    case "said":
      return t("why.said", { verdict: reason.verdict });
    case "input":
    case "env":
    case "other":
      return t(`why.${reason.key}`, { name: reason.name });
    default:
      return t(`why.${reason.key}`);
  }
}
