import type { GraphWire } from "@/models/graph";

/** The nodes that the selected ones are made of, and those that are made of them. */
export function lineageOf(wires: readonly GraphWire[], selected: readonly string[]): Set<string> {
  if (!selected.length) return new Set();
  const lit = new Set(selected);
  for (const way of ["up", "down"] as const) {
    const next = neighbours(wires, way);
    const open = [...selected];
    const seen = new Set(selected);
    for (let at = open.pop(); at !== undefined; at = open.pop())
      for (const name of next.get(at) ?? []) {
        if (seen.has(name)) continue;
        seen.add(name);
        lit.add(name);
        open.push(name);
      }
  }
  return lit;
}

function neighbours(wires: readonly GraphWire[], way: "up" | "down"): Map<string, string[]> {
  const found = new Map<string, string[]>();
  for (const { source, target } of wires) {
    const [from, to] = way === "up" ? [target, source] : [source, target];
    const known = found.get(from);
    if (known) known.push(to);
    else found.set(from, [to]);
  }
  return found;
}
