/** Between a pipeline and its file's text, of which comments and order outlive changes. */
import { Document, isMap, isScalar, type Node, parseDocument, Scalar, visit } from "yaml";
import type { Pipeline } from "./model";

export interface Read {
  pipeline: Pipeline | null;
  /** Why the text is no pipeline at all; other faults are the server's to find. */
  fault: string;
}

export function read(text: string): Read {
  const document = parsed(text);
  const [error] = document.errors;
  if (error) return { pipeline: null, fault: error.message };
  const twice = repeatedKey(document);
  if (twice) return { pipeline: null, fault: `the key "${twice}" is there twice` };
  const value = document.toJS() as Partial<Pipeline> | null;
  if (typeof value !== "object" || value === null || Array.isArray(value))
    return { pipeline: null, fault: "no mapping" };
  const version = document.get("version", true);
  const nodes = value.nodes ?? {};
  if (typeof nodes !== "object" || Array.isArray(nodes))
    return { pipeline: null, fault: "nodes: no mapping" };
  // `version: 1.10` is text in Millwork, whatever YAML makes of it.
  const pipeline = { ...value, nodes, version: written(version) ?? "" } as Pipeline;
  texts.set(pipeline, { former: text, text });
  return { pipeline, fault: "" };
}

/** What a pipeline was read from or written as: to parse a long text again takes a second. */
const texts = new WeakMap<Pipeline, { former: string; text: string }>();

/** The library compares every key of a map with every other: with 5,000 nodes that takes seconds. */
const parsed = (text: string) => parseDocument(text, { uniqueKeys: false });

function repeatedKey(document: Document): string {
  let found = "";
  visit(document, {
    Map: (_, map) => {
      const keys = map.items.map(({ key }) => String(key));
      if (new Set(keys).size === keys.length) return undefined;
      found = keys.find((key, at) => keys.indexOf(key) !== at) ?? "";
      return visit.BREAK;
    },
  });
  return found;
}

function written(node: unknown): string | undefined {
  return node instanceof Scalar ? (node.source ?? String(node.value)) : undefined;
}

/** The text of a pipeline; what is as it was in the `former` text keeps its comments and place. */
export function write(pipeline: Pipeline, former = ""): string {
  const known = texts.get(pipeline);
  if (known?.former === former) return known.text;
  const text = rewritten(pipeline, former);
  texts.set(pipeline, { former, text });
  return text;
}

function rewritten(pipeline: Pipeline, former: string): string {
  const document = former ? parsed(former) : null;
  if (!document || document.errors.length || !isMap(document.contents))
    return inShort(new Document(pipeline)).toString(STYLE);
  if (!bring(document, [], document.toJS(), pipeline)) return former;
  return document.toString(STYLE);
}

const STYLE = { lineWidth: 100, flowCollectionPadding: false };

/** Brings what has changed into the document; whether anything had. */
function bring(
  document: Document,
  path: (string | number)[],
  former: unknown,
  value: unknown,
): boolean {
  if (JSON.stringify(former) === JSON.stringify(value)) return false;
  const node = document.getIn(path, true);
  if (node instanceof Scalar && written(node) === value) return false;
  if (isRecord(former) && isRecord(value) && (isMap(node) || path.length === 0)) {
    // An empty `{}` was on one line only for want of more.
    if (isMap(node) && !node.items.length) node.flow = false;
    const gone = Object.keys(former).filter((name) => value[name] === undefined);
    for (const name of gone) document.deleteIn([...path, name]);
    const changed = Object.entries(value).filter(
      ([name, each]) => each !== undefined && bring(document, [...path, name], former[name], each),
    );
    return gone.length + changed.length > 0;
  }
  const made = inShort(document.createNode(value));
  if (isMap(made) && isMap(node)) made.flow = node.flow ?? false;
  document.setIn(path, made);
  return true;
}

/** Lists of mere values, such as places, are written on one line. */
function inShort<N extends Node | Document>(node: N): N {
  visit(node, {
    Seq: (_, list) => {
      if (list.items.every((item) => isScalar(item))) list.flow = true;
    },
  });
  return node;
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}
