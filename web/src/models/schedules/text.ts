/** Between a schedule's file and the form that makes it; what the form has no field for stays. */
import { visit } from "yaml";
import { type Fields, isFields, type Tree } from "../componentText";
import { begunWith, parsed, setIn, type TextFault, textOf } from "../fileText";

export interface ReadSchedule {
  /** Nothing where the text is no schedule. */
  fields: Fields | null;
  fault: TextFault | null;
}

/** The order in which a file says things; docs/schedule-file.md has it too. */
const ORDER = [
  "apiVersion",
  "kind",
  "name",
  "version",
  "version_description",
  "display_name",
  "description",
  "tags",
  "pipeline",
  "every",
  "at",
  "step",
  "from",
  "to",
  "on",
  "cron",
  "first",
  "last",
  "holidays",
  "workdays",
  "clock",
  "timezone",
  "parameters",
  "inputs",
  "scheduling_parameters",
  "depends_on",
  "triggers",
  "instances",
  "catch_up",
  "max_age",
  "timeout",
  "retries",
  "retry_after",
  "rerun",
  "priority",
  "run_as",
  "alerts",
];

const LISTS_IN_ROWS = new Set(["depends_on", "triggers", "alerts"]);

/** What a new schedule begins with: every day, at half past two by the clock of whoever makes it. */
export function begun(pipeline: string, timezone: string): Fields {
  const name = pipeline.split("@", 1)[0] ?? "";
  return {
    apiVersion: "millwork/v1",
    kind: "Schedule",
    ...(name && { name: `${name}-daily` }),
    version: "1.0.0",
    ...(pipeline && { pipeline }),
    every: "day",
    at: "02:30",
    timezone,
  };
}

export function readSchedule(text: string): ReadSchedule {
  const { document, fault } = parsed(text);
  if (fault) return { fields: null, fault };
  const tree = document.toJS() as Tree | null;
  const isOne = tree !== null && isFields(tree) && tree.kind === "Schedule";
  return { fields: isOne ? (tree as Fields) : null, fault: null };
}

/** The file of the fields; what is as it was in the `former` text keeps its comments and place. */
export function writeSchedule(fields: Fields, former = ""): string {
  const { document, map } = begunWith(former);
  const before = (map.toJS(document) ?? {}) as Fields;
  for (const name of Object.keys(before)) if (!(name in fields)) map.delete(name);
  for (const [name, value] of Object.entries(fields)) {
    if (JSON.stringify(before[name]) === JSON.stringify(value)) continue;
    const node = document.createNode(value, { flow: !LISTS_IN_ROWS.has(name) });
    // Nothing at all in a flow is no YAML to some readers.
    visit(node, {
      Scalar: (_, each) => {
        if (each.value === "") each.type = "QUOTE_DOUBLE";
      },
    });
    setIn(document, map, name, node, ORDER);
  }
  return textOf(document);
}

/** A list of the file, one item or many. */
export function itemsAt(fields: Fields, field: string): Tree[] {
  const tree = fields[field];
  if (tree === undefined || tree === "") return [];
  return Array.isArray(tree) ? tree : [tree];
}

/** An expression for the fields in which some may stand. */
// biome-ignore lint/suspicious/noTemplateCurlyInString: it is of the language of schedules
export const EXAMPLE = "${yyyymmdd-1}";
