/** Between a pipeline and its file's text, of which comments and order outlive changes. */
import { type Document, isMap, isSeq, parseDocument, Scalar, stringify } from "yaml";
import type { Pipeline } from "./model";

export interface Read {
  pipeline: Pipeline | null;
  /** Why the text is no pipeline at all; other faults are the server's to find. */
  fault: string;
}

export function read(text: string): Read {
  const document = parseDocument(text, { uniqueKeys: true });
  const [error] = document.errors;
  if (error) return { pipeline: null, fault: error.message };
  const value = document.toJS() as Partial<Pipeline> | null;
  if (typeof value !== "object" || value === null || Array.isArray(value))
    return { pipeline: null, fault: "no mapping" };
  const version = document.get("version", true);
  const nodes = value.nodes ?? {};
  if (typeof nodes !== "object" || Array.isArray(nodes))
    return { pipeline: null, fault: "nodes: no mapping" };
  return {
    // `version: 1.10` is text in Millwork, whatever YAML makes of it.
    pipeline: { ...value, nodes, version: written(version) ?? "" } as Pipeline,
    fault: "",
  };
}

function written(node: unknown): string | undefined {
  return node instanceof Scalar ? (node.source ?? String(node.value)) : undefined;
}

/** The text of a pipeline; what is as it was in the `former` text keeps its comments and place. */
export function write(pipeline: Pipeline, former = ""): string {
  const document = former ? parseDocument(former) : null;
  if (!document || document.errors.length || !isMap(document.contents))
    return stringify(pipeline, { lineWidth: 100 });
  bring(document, [], document.toJS(), pipeline);
  return document.toString({ lineWidth: 100 });
}

function bring(document: Document, path: (string | number)[], former: unknown, value: unknown) {
  if (JSON.stringify(former) === JSON.stringify(value)) return;
  const node = document.getIn(path, true);
  if (isRecord(former) && isRecord(value) && (isMap(node) || path.length === 0)) {
    for (const name of Object.keys(former))
      if (value[name] === undefined) document.deleteIn([...path, name]);
    for (const [name, each] of Object.entries(value))
      if (each !== undefined) bring(document, [...path, name], former[name], each);
    return;
  }
  const made = document.createNode(value);
  if ((isMap(made) || isSeq(made)) && (isMap(node) || isSeq(node))) made.flow = node.flow ?? false;
  document.setIn(path, made);
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}
