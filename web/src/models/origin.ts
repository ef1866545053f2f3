/** What a run was started from, as its facts tell it. */

export type Origin =
  | { kind: "sweep"; run: string; number: number }
  | { kind: "draft"; draft: string; revision: number }
  | { kind: "commit"; commit: string; isDirty: boolean }
  | { kind: "none" };

type Facts = Record<string, unknown>;

const record = (value: unknown): Facts =>
  typeof value === "object" && value !== null && !Array.isArray(value) ? (value as Facts) : {};
const text = (value: unknown) => (typeof value === "string" ? value : "");
const whole = (value: unknown) => (typeof value === "number" ? value : 0);

export function originOf(facts: Facts): Origin {
  const sweep = record(facts.sweep);
  if (text(sweep.run)) return { kind: "sweep", run: text(sweep.run), number: whole(sweep.trial) };
  const source = record(facts.source);
  if (text(source.draft))
    return { kind: "draft", draft: text(source.draft), revision: whole(source.revision) };
  const [commit] = commitsOf(facts);
  return commit ? { kind: "commit", ...commit } : { kind: "none" };
}

/** The commits that a run's code is of, each once. */
export function commitsOf(facts: Facts): { commit: string; isDirty: boolean; names: string[] }[] {
  const found = new Map<string, { commit: string; isDirty: boolean; names: string[] }>();
  for (const [name, state] of Object.entries(record(facts.git))) {
    const commit = text(record(state).commit);
    if (!commit) continue;
    const known = found.get(commit) ?? { commit, isDirty: false, names: [] };
    known.names.push(name);
    known.isDirty ||= record(state).dirty === true;
    found.set(commit, known);
  }
  return [...found.values()];
}

/** The values that were given for a run's parameters, as people write them. */
export function parametersOf(facts: Facts): [string, string][] {
  const given = record(record(facts.source).parameters);
  return Object.entries(given).map(([name, value]) => [name, written(value)]);
}

export const written = (value: unknown): string =>
  typeof value === "string" ? value : (JSON.stringify(value) ?? "");
