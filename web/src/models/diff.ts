/** In what two pipelines differ, told by what people changed and not by lines. */
import { shown, type Value } from "./fields";
import { isFrom, type Json, type Pipeline, type PipelineNode } from "./pipeline/model";

export type Difference =
  | { key: "nodeAdded" | "nodeRemoved"; node: string; component: string }
  | { key: "component"; node: string; before: string; now: string }
  | { key: "wired" | "unwired"; node: string; name: string; from: string }
  | { key: "rewired"; node: string; name: string; before: string; now: string }
  | { key: "parameter"; node: string; name: string; before: string; now: string }
  | { key: "field"; node: string; name: string; before: string; now: string }
  | { key: "ownAdded" | "ownRemoved" | "ownChanged"; own: Own; name: string }
  | { key: "said"; name: string; before: string; now: string }
  | { key: "moved"; count: number };

type Own = "inputs" | "parameters" | "outputs" | "notes";

export function differences(before: Pipeline, now: Pipeline): Difference[] {
  return [
    ...said(before, now),
    ...nodes(before, now),
    ...(["inputs", "parameters", "outputs"] as const).flatMap((own) => owned(own, before, now)),
    ...notes(before, now),
    ...moved(before, now),
  ];
}

const SAID = ["name", "version", "display_name", "description"] as const;

function said(before: Pipeline, now: Pipeline): Difference[] {
  return SAID.filter((name) => (before[name] ?? "") !== (now[name] ?? "")).map((name) => ({
    key: "said",
    name,
    before: String(before[name] ?? ""),
    now: String(now[name] ?? ""),
  }));
}

function nodes(before: Pipeline, now: Pipeline): Difference[] {
  const names = [...new Set([...Object.keys(before.nodes), ...Object.keys(now.nodes)])];
  return names.flatMap((node): Difference[] => {
    const [old, next] = [before.nodes[node], now.nodes[node]];
    if (old === next) return [];
    if (!old) return [{ key: "nodeAdded", node, component: next?.component ?? "" }];
    if (!next) return [{ key: "nodeRemoved", node, component: old.component }];
    return changed(node, old, next);
  });
}

function changed(node: string, old: PipelineNode, next: PipelineNode): Difference[] {
  const found: Difference[] = [];
  if (old.component !== next.component)
    found.push({ key: "component", node, before: old.component, now: next.component });
  for (const [name, a, b] of both(old.inputs, next.inputs)) {
    const [from, to] = [source(a), source(b)];
    if (from === to) continue;
    if (from && to) found.push({ key: "rewired", node, name, before: from, now: to });
    else found.push({ key: to ? "wired" : "unwired", node, name, from: to || from });
  }
  for (const [name, a, b] of both(old.parameters, next.parameters))
    if (!isSame(a, b)) found.push({ key: "parameter", node, name, before: told(a), now: told(b) });
  const { component: _a, inputs: _b, parameters: _c, ...rest } = old;
  const { component: _d, inputs: _e, parameters: _f, ...others } = next;
  for (const [name, a, b] of both(rest, others))
    if (!isSame(a, b)) found.push({ key: "field", node, name, before: told(a), now: told(b) });
  return found;
}

function owned(
  own: "inputs" | "parameters" | "outputs",
  before: Pipeline,
  now: Pipeline,
): Difference[] {
  const pairs = both<unknown>(before[own], now[own]);
  return pairs
    .filter(([, a, b]) => !isSame(a, b))
    .map(([name, a, b]) => ({
      key: a === undefined ? "ownAdded" : b === undefined ? "ownRemoved" : "ownChanged",
      own,
      name,
    }));
}

function notes(before: Pipeline, now: Pipeline): Difference[] {
  const texts = (pipeline: Pipeline) => (pipeline.notes ?? []).map((note) => note.text);
  const [old, next] = [texts(before), texts(now)];
  const first = (text: string) => text.split("\n")[0]?.slice(0, 60) ?? "";
  const gone = old.filter((text) => !next.includes(text));
  const come = next.filter((text) => !old.includes(text));
  return [
    ...come.map((text): Difference => ({ key: "ownAdded", own: "notes", name: first(text) })),
    ...gone.map((text): Difference => ({ key: "ownRemoved", own: "notes", name: first(text) })),
  ];
}

function moved(before: Pipeline, now: Pipeline): Difference[] {
  const count = both(before.layout, now.layout).filter(
    ([name, a, b]) => name in before.nodes && name in now.nodes && !isSame(a, b),
  ).length;
  return count ? [{ key: "moved", count }] : [];
}

function both<V>(
  before: Record<string, V> | undefined,
  now: Record<string, V> | undefined,
): [string, V | undefined, V | undefined][] {
  const names = new Set([...Object.keys(before ?? {}), ...Object.keys(now ?? {})]);
  return [...names].map((name) => [name, before?.[name], now?.[name]]);
}

const isSame = (a: unknown, b: unknown) => a === b || ordered(a) === ordered(b);

/** As JSON with its names in order: in which order they stand says nothing. */
function ordered(value: unknown): string | undefined {
  return JSON.stringify(value, (_, each: unknown) =>
    typeof each === "object" && each !== null && !Array.isArray(each)
      ? Object.fromEntries(Object.entries(each).sort(([a], [b]) => (a < b ? -1 : 1)))
      : each,
  );
}

function source(binding: unknown): string {
  if (isFrom(binding)) return binding.from;
  const path = (binding as { path?: unknown } | undefined)?.path;
  return path === undefined ? "" : String(path);
}

function told(value: unknown): string {
  return isFrom(value) ? value.from : shown(value as Value | Json);
}
