/** Between a component's file and the form that makes it.
 *
 * All that the file holds is text until the server gives it a type, as in Millwork itself; what the
 * form has no field for stays as it is.
 */
import { type Document, isMap, isScalar, type Scalar, type YAMLMap } from "yaml";
import { begunWith, nextVersion, parsed, setIn, type TextFault, textOf } from "./fileText";

export type Tree = string | Tree[] | { [name: string]: Tree };
export type Fields = { [name: string]: Tree };

/** An input, output or parameter: a row of the form. */
export interface Named {
  name: string;
  fields: Fields;
}

export const LISTS = ["inputs", "outputs", "parameters"] as const;
export type ListName = (typeof LISTS)[number];

export type ComponentForm = { fields: Fields } & Record<ListName, Named[]>;

export interface ReadForm {
  /** Nothing where the text is no component of Millwork's own flavour. */
  form: ComponentForm | null;
  fault: TextFault | null;
}

/** The order in which a file says things; docs/component-file.md has it too. */
const ORDER = [
  "apiVersion",
  "kind",
  "name",
  "version",
  "version_description",
  "display_name",
  "description",
  "tags",
  "job_type",
  "job",
  "run_policy",
  "batch",
  "image",
  "code",
  "command",
  "env",
  "inputs",
  "outputs",
  "parameters",
  "constraints",
  "resources",
  "is_deterministic",
  "timeout",
  "mounts",
  "metrics",
  "progress",
];

const ON_ONE_LINE = new Set(["tags", "code", "constraints", "resources", "split"]);

export const BLANK: ComponentForm = {
  fields: { apiVersion: "millwork/v1", kind: "Component", version: "1.0.0" },
  inputs: [],
  outputs: [],
  parameters: [],
};

export function readForm(text: string): ReadForm {
  const { document, fault } = parsed(text);
  if (fault) return { form: null, fault };
  const tree = document.toJS() as Tree;
  if (!isFields(tree) || tree.apiVersion !== "millwork/v1" || tree.kind !== "Component")
    return { form: null, fault: null };
  const { inputs, outputs, parameters, ...fields } = tree;
  const form = {
    fields,
    inputs: rows(inputs),
    outputs: rows(outputs),
    parameters: rows(parameters),
  };
  return { form, fault: null };
}

function rows(tree: Tree | undefined): Named[] {
  if (!isFields(tree)) return [];
  return Object.entries(tree).map(([name, each]) => ({ name, fields: isFields(each) ? each : {} }));
}

/** The file of a form; what is as it was in the `former` text keeps its comments and place. */
export function writeForm(form: ComponentForm, former = ""): string {
  const { document, map } = begunWith(former);
  bring(document, map, treeOf(form), []);
  return textOf(document);
}

function treeOf({ fields, ...lists }: ComponentForm): Fields {
  const tree = { ...fields };
  for (const list of LISTS) {
    const named = lists[list].filter((row) => row.name);
    if (named.length) tree[list] = Object.fromEntries(named.map((row) => [row.name, row.fields]));
  }
  return tree;
}

/** Makes a map of the file say what `wanted` says, and touches nothing else. */
function bring(document: Document, map: YAMLMap, wanted: Fields, path: string[]) {
  const former = (map.toJS(document) ?? {}) as Fields;
  for (const name of Object.keys(former)) if (!(name in wanted)) map.delete(name);
  for (const [name, value] of Object.entries(wanted)) {
    if (JSON.stringify(former[name]) === JSON.stringify(value)) continue;
    const node = map.get(name, true) as unknown;
    if (isMap(node) && isFields(value)) bring(document, node, value, [...path, name]);
    else if (isScalar(node) && typeof value === "string") say(node, value);
    else put(document, map, name, value, path);
  }
}

function say(node: Scalar, value: string) {
  node.value = value;
  // A text of several lines is best read as a block, whatever it was before.
  if (value.includes("\n")) node.type = undefined;
}

function put(document: Document, map: YAMLMap, name: string, value: Tree, path: string[]) {
  const isEntry = path.length === 1 && LISTS.some((list) => list === path[0]);
  const node = document.createNode(value, { flow: isEntry || ON_ONE_LINE.has(name) });
  if (isMap(node) && !path.length && LISTS.some((list) => list === name))
    for (const pair of node.items) if (isMap(pair.value)) pair.value.flow = true;
  setIn(document, map, name, node, path.length ? [] : ORDER);
}

export function isFields(tree: Tree | undefined): tree is Fields {
  return typeof tree === "object" && !Array.isArray(tree);
}

/** The text at a path; empty where there is none. */
export function textAt(fields: Fields, ...path: string[]): string {
  let tree: Tree | undefined = fields;
  for (const name of path) tree = isFields(tree) ? tree[name] : undefined;
  return typeof tree === "string" ? tree : "";
}

export function listAt(fields: Fields, name: string): string[] {
  const tree = fields[name];
  return Array.isArray(tree) ? tree.filter((each) => typeof each === "string") : [];
}

/** The fields with another value at a path; nothing, and maps of nothing, are taken out. */
export function withAt(fields: Fields, path: string[], value: Tree | undefined): Fields {
  const [name, ...rest] = path;
  if (name === undefined) return fields;
  const inner = fields[name];
  const made = rest.length ? withAt(isFields(inner) ? inner : {}, rest, value) : value;
  const isNothing = made === undefined || made === "" || (typeof made === "object" && isBare(made));
  if (!isNothing) return { ...fields, [name]: made };
  const { [name]: _, ...others } = fields;
  return others;
}

function isBare(tree: Tree[] | Fields): boolean {
  return (Array.isArray(tree) ? tree : Object.keys(tree)).length === 0;
}

/** The text for the version that fixes something of this one; of no form it stays as it is. */
export function successor(text: string): string {
  const { form } = readForm(text);
  const version = form ? textAt(form.fields, "version") : "";
  const next = nextVersion(version);
  if (!form || next === version) return text;
  const fields = withAt(form.fields, ["version"], next);
  return writeForm({ ...form, fields: withAt(fields, ["version_description"], "") }, text);
}

export interface Bounds {
  least: string;
  greatest: string;
  isAbove: boolean;
  isBelow: boolean;
}

/** A parameter's range, which is a pair or says each side by its name. */
export function boundsOf(fields: Fields): Bounds {
  const range = fields.range;
  if (Array.isArray(range)) {
    const [least, greatest] = listAt(fields, "range");
    return { least: least ?? "", greatest: greatest ?? "", isAbove: false, isBelow: false };
  }
  const above = textAt(fields, "range", "exclusive_min");
  const below = textAt(fields, "range", "exclusive_max");
  return {
    least: above || textAt(fields, "range", "min"),
    greatest: below || textAt(fields, "range", "max"),
    isAbove: Boolean(above),
    isBelow: Boolean(below),
  };
}

export function withBounds(fields: Fields, bounds: Bounds): Fields {
  const { least, greatest, isAbove, isBelow } = bounds;
  const isPair = least && greatest && !isAbove && !isBelow;
  const sides: Fields = {
    ...(least && { [isAbove ? "exclusive_min" : "min"]: least }),
    ...(greatest && { [isBelow ? "exclusive_max" : "max"]: greatest }),
  };
  return withAt(fields, ["range"], isPair ? [least, greatest] : sides);
}

/** A name that no input, output or parameter has yet: `input`, `input2`, ... */
export function freshRow(form: ComponentForm, wanted: string): string {
  const taken = new Set(LISTS.flatMap((list) => form[list].map((row) => row.name)));
  let name = wanted;
  for (let count = 2; taken.has(name); count++) name = `${wanted}${count}`;
  return name;
}
