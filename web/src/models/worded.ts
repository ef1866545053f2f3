/** A value of a document as people write it: `schedule: flights, cycle: last`. */
export function worded(value: unknown): string {
  if (value === null || value === undefined) return "";
  if (Array.isArray(value)) return value.map(worded).join(", ");
  if (typeof value !== "object") return String(value);
  return Object.entries(value)
    .map(([name, each]): [string, string] => [name, worded(each)])
    .filter(([, each]) => each)
    .map(([name, each]) => `${name}: ${each}`)
    .join(", ");
}
