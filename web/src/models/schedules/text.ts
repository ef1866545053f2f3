/** Between a schedule's file and the form that makes it; what the form has no field for stays. */
import { isMap, isSeq, LineCounter, parseDocument, type Scalar, visit, type YAMLMap } from "yaml";
import { type Fields, isFields, type TextFault, type Tree } from "../componentText";

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
  const lines = new LineCounter();
  const document = parse(text, lines);
  const [error] = document.errors;
  if (error) {
    const { line } = lines.linePos(error.pos[0]);
    return { fields: null, fault: { message: error.message.split("\n", 1)[0] ?? "", line } };
  }
  const tree = document.toJS() as Tree | null;
  const isOne = tree !== null && isFields(tree) && tree.kind === "Schedule";
  return { fields: isOne ? (tree as Fields) : null, fault: null };
}

function parse(text: string, lineCounter?: LineCounter) {
  // Without types: `at: 02:30` and `version: 1.10` are what is written.
  return parseDocument(text, { schema: "failsafe", uniqueKeys: true, lineCounter });
}

/** The file of the fields; what is as it was in the `former` text keeps its comments and place. */
export function writeSchedule(fields: Fields, former = ""): string {
  const there = parse(former);
  const isFresh = there.errors.length > 0 || !isMap(there.contents);
  const document = isFresh ? parse("{}") : there;
  const map = document.contents as unknown as YAMLMap;
  if (isFresh) map.flow = false;
  const before = (map.toJS(document) ?? {}) as Fields;
  for (const name of Object.keys(before)) if (!(name in fields)) map.delete(name);
  for (const [name, value] of Object.entries(fields)) {
    if (JSON.stringify(before[name]) === JSON.stringify(value)) continue;
    const node = document.createNode(value, { flow: !LISTS_IN_ROWS.has(name) });
    if (isSeq(node)) for (const item of node.items) if (isMap(item)) item.flow = true;
    // Nothing at all in a flow is no YAML to some readers.
    visit(node, { Scalar: (_, each) => void (each.value === "" && quote(each)) });
    if (map.has(name)) map.set(name, node);
    else insert(map, name, document.createPair(name, node));
  }
  return document.toString({ lineWidth: 100, flowCollectionPadding: false });
}

function quote(empty: Scalar) {
  empty.type = "QUOTE_DOUBLE";
}

function insert(map: YAMLMap, name: string, pair: YAMLMap["items"][number]) {
  const rank = (key: unknown) => ORDER.indexOf(String(key));
  const behind = map.items.findIndex(({ key }) => rank(name) < rank(key));
  map.items.splice(behind < 0 ? map.items.length : behind, 0, pair);
}

/** A name-value table of the file, such as its parameters. */
export function pairsAt(fields: Fields, field: string): [string, Tree][] {
  const tree = fields[field];
  return isFields(tree) ? Object.entries(tree) : [];
}

/** A list of the file, one item or many. */
export function itemsAt(fields: Fields, field: string): Tree[] {
  const tree = fields[field];
  if (tree === undefined || tree === "") return [];
  return Array.isArray(tree) ? tree : [tree];
}

/** The version behind the latest, for a schedule that is changed. */
export function nextVersion(version: string): string {
  const parts = /^(\d+\.\d+\.)(\d+)$/.exec(version);
  return parts ? `${parts[1]}${Number(parts[2]) + 1}` : version;
}

/** An expression for the fields in which some may stand. */
// biome-ignore lint/suspicious/noTemplateCurlyInString: it is of the language of schedules
export const EXAMPLE = "${yyyymmdd-1}";
