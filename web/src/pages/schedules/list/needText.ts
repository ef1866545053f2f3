import type { Tree } from "@/models/componentText";
import { needOf } from "@/models/schedules/dependencies";
import type { Speak } from "@/strings";

/** What a schedule waits for, in words. */
export function needText(entry: Tree, t: Speak): string {
  const need = needOf(entry);
  if (need.key === "self" || need.key === "children") return t(`schedules.word.${need.key}`);
  if (need.key === "file") return t("schedules.word.file", { uri: need.uri });
  const { name, workspace, cycle } = need;
  const where = workspace ? t("schedules.word.elsewhere", { name, workspace }) : name;
  return cycle === "last" ? t("schedules.word.last", { name: where }) : where;
}
