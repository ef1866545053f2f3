/** What the document of a model or dataset says, for people. */
import { worded } from "./worded";

type Fields = Record<string, unknown>;
export type Pairs = [string, string][];

/** What a version was made of, if it is no address. */
export type Source =
  | { kind: "output"; run: string; step: string; port: string }
  | { kind: "dataset"; name: string; version: string }
  | { kind: "none" };

export interface Content {
  type: string;
  uri: string;
  format: string;
  framework: string;
  mountPath: string;
  metrics: Pairs;
  /** How it is used: by inference, training and so on. */
  specs: [string, Pairs][];
  options: string[];
  source: Source;
}

const text = (value: unknown): string => (typeof value === "string" ? value : "");
const fields = (value: unknown): Fields =>
  typeof value === "object" && value !== null && !Array.isArray(value) ? (value as Fields) : {};
const pairs = (value: unknown): Pairs =>
  Object.entries(fields(value)).map(([name, each]) => [name, worded(each)]);

export function contentOf(document: Fields): Content {
  return {
    type: text(document.type),
    uri: text(document.uri),
    format: text(document.format),
    framework: text(document.framework),
    mountPath: text(document.mount_path),
    metrics: pairs(document.metrics),
    specs: Object.entries(fields(document.specs)).map(([name, spec]) => [name, pairs(spec)]),
    options: pairs(document.options).map(([name, value]) => `${name}=${value}`),
    source: sourceOf(fields(document.source)),
  };
}

function sourceOf(source: Fields): Source {
  const [run, step, port] = [source.run, source.step, source.port].map(text);
  if (run && step && port) return { kind: "output", run, step, port };
  const [name, version] = [source.dataset, source.version].map(text);
  return name && version ? { kind: "dataset", name, version } : { kind: "none" };
}
