/** Why a step was done again or not, as sentences to be said (docs/caching.md). */
import type { Schemas } from "@/services/api";
import type { Value } from "./fields";

export type Reason =
  | { key: "reused" }
  | { key: "first" | "forced" | "never" | "again" }
  | { key: "said"; verdict: string }
  | { key: "parameter"; name: string; before: Value; now: Value }
  | { key: "input" | "replicas" | "env"; name: string }
  | { key: "code"; files: string[] }
  | { key: "component" | "image" | "environment" | "other"; name: string };

interface Difference {
  field: string;
  before: Value;
  now: Value;
  files?: { path: string }[];
}

const NEVER = "is_deterministic is false";
const FIRST = "no earlier result of the same work";

export function reasonsOf(why: Schemas["Why"]): Reason[] {
  if (why.verdict === "reused") return [{ key: "reused" }];
  if (why.verdict === NEVER) return [{ key: "never" }];
  if (why.verdict === "forced") return [{ key: "forced" }];
  const found = (why.differences as unknown as Difference[]).map(reasonOf);
  if (found.length) return once(found);
  if (why.verdict !== FIRST) return [{ key: "said", verdict: why.verdict }];
  return [{ key: why.compared_with ? "again" : "first" }];
}

function reasonOf({ field, before, now, files = [] }: Difference): Reason {
  const [place = "", ...rest] = field.split(".");
  const name = rest.join(".");
  if (place === "parameters") return { key: "parameter", name, before, now };
  if (place === "inputs") return { key: "input", name };
  if (place === "code") return { key: "code", files: files.map(({ path }) => path) };
  if (place === "env") return { key: "env", name };
  if (place === "replicas") return { key: "replicas", name };
  if (place === "component" || place === "image" || place === "environment")
    return { key: place, name };
  return { key: "other", name: field };
}

/** A component that changed in ten places is one reason. */
function once(reasons: Reason[]): Reason[] {
  const seen = new Set<string>();
  return reasons.filter((reason) => {
    const id = reason.key === "component" ? "component" : JSON.stringify(reason);
    return !seen.has(id) && seen.add(id);
  });
}
