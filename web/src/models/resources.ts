/** What a node asks for, as its form shows it and its file has it. */
import type { Json, PipelineNode } from "./pipeline/model";
import type { Face } from "./ports";

export type Replicas = Record<string, number>;

/** How many of each role a node has; the roles of the component that are not named have none. */
export function replicasOf(node: PipelineNode, face: Face): Replicas {
  const said = node.replicas;
  if (typeof said === "number") return { [onlyRole(face)]: said };
  const counts = Object.entries((said ?? {}) as Record<string, number | { count?: number }>);
  return Object.fromEntries(
    counts.map(([role, each]) => [
      role.toLowerCase(),
      typeof each === "number" ? each : (each.count ?? 1),
    ]),
  );
}

const onlyRole = (face: Face): string => face.roles[0]?.role ?? "worker";

/** The field `replicas` with another count of a role; null takes the role out. */
export function withReplicas(
  node: PipelineNode,
  face: Face,
  role: string,
  count: number | null,
): Json | undefined {
  const said = node.replicas;
  const former =
    typeof said === "number" ? { [onlyRole(face)]: said } : ((said ?? {}) as Record<string, Json>);
  const { [role]: own, ...others } = former;
  const isDetailed = typeof own === "object" && own !== null && !Array.isArray(own);
  const next =
    count === null ? others : { ...former, [role]: isDetailed ? { ...own, count } : count };
  const names = Object.keys(next);
  if (!names.length) return undefined;
  if (face.roles.length === 1 && names.length === 1 && typeof next[role] === "number")
    return next[role];
  return next as Json;
}

/** How many there may be of a role: the component may refuse more than one. */
export function mostOf(face: Face, role: string): number | null {
  const found = face.roles.find((each) => each.role === role);
  if (face.constraints && !face.constraints.multiple_instances) return 1;
  return found?.maximum ?? null;
}

/** A size as people write it: `2Gi`; bytes that are no whole number of anything as they are. */
export function sizeText(bytes: number | null | undefined): string {
  if (bytes === null || bytes === undefined) return "";
  for (const [unit, exponent] of [
    ["Gi", 3],
    ["Mi", 2],
    ["Ki", 1],
  ] as const) {
    const each = 1024 ** exponent;
    if (bytes >= each && bytes % each === 0) return `${bytes / each}${unit}`;
  }
  return String(bytes);
}

/** Text as a number of the file where it is one; what is left empty is not said at all. */
export function asked(text: string): Json | undefined {
  const trimmed = text.trim();
  if (!trimmed) return undefined;
  return /^\d+(\.\d+)?$/.test(trimmed) ? Number(trimmed) : trimmed;
}

/** A record with one field more, other or less; `undefined` when nothing is left of it. */
export function withEntry(
  record: unknown,
  name: string,
  value: Json | undefined,
): Record<string, Json> | undefined {
  const { [name]: _, ...others } = (record ?? {}) as Record<string, Json>;
  const next = value === undefined ? others : { ...others, [name]: value };
  return Object.keys(next).length ? next : undefined;
}
