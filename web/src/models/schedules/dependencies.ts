/** What a schedule waits for, begins by, and tells of, as its file says it: for people. */
import { type Fields, isFields, type Tree, textAt } from "../componentText";

export type Need =
  | { key: "self" }
  | { key: "children" }
  | { key: "file"; uri: string }
  | { key: "schedule"; name: string; workspace: string; cycle: string };

/** One entry of `depends_on`, which may be a name alone. */
export function needOf(tree: Tree | undefined): Need {
  if (tree === "self" || tree === "children") return { key: tree };
  if (!isFields(tree))
    return { key: "schedule", name: String(tree ?? ""), workspace: "", cycle: "same" };
  const name = textAt(tree, "schedule");
  if (name === "self" || name === "children") return { key: name };
  if ("file" in tree) return { key: "file", uri: textAt(tree, "file") };
  return {
    key: "schedule",
    name,
    workspace: textAt(tree, "workspace"),
    cycle: textAt(tree, "cycle") || "same",
  };
}

/** The entry as short as the file allows. */
export function entryOf(need: Need): Tree {
  if (need.key === "self" || need.key === "children") return need.key;
  if (need.key === "file") return { file: need.uri };
  if (!need.workspace && need.cycle === "same") return need.name;
  return {
    schedule: need.name,
    ...(need.workspace && { workspace: need.workspace }),
    ...(need.cycle !== "same" && { cycle: need.cycle }),
  };
}

/** Whom an alert tells. */
export function toldOf(alert: Fields): string[] {
  const { to } = alert;
  if (Array.isArray(to)) return to.map(String);
  return typeof to === "string" && to ? [to] : [];
}
