/** By what components are sorted out, and how many each choice would leave. */
import type { Schemas } from "@/services/api";

type Face = Schemas["Face"];

export const FACETS = ["source", "kind", "category", "input", "output"] as const;
export type Facet = (typeof FACETS)[number];
export type Chosen = Partial<Record<Facet, string>>;

export interface Count {
  value: string;
  count: number;
}

export function valuesOf(face: Face, facet: Facet): string[] {
  if (facet === "input") return types(face.inputs);
  if (facet === "output") return types(face.outputs);
  return face[facet] ? [face[facet]] : [];
}

function types(ports: { type: string }[]): string[] {
  return [...new Set(ports.map((port) => port.type))];
}

export function chosenOf(faces: Face[], chosen: Chosen): Face[] {
  return faces.filter((face) => fits(face, chosen));
}

function fits(face: Face, chosen: Chosen, but?: Facet): boolean {
  return FACETS.every((facet) => {
    const wanted = facet === but ? undefined : chosen[facet];
    return !wanted || valuesOf(face, facet).includes(wanted);
  });
}

/** The values of a facet among what the other facets leave, the most frequent first. */
export function countsOf(faces: Face[], facet: Facet, chosen: Chosen): Count[] {
  const counts = new Map<string, number>();
  const wanted = chosen[facet];
  if (wanted) counts.set(wanted, 0);
  for (const face of faces)
    if (fits(face, chosen, facet))
      for (const value of valuesOf(face, facet)) counts.set(value, (counts.get(value) ?? 0) + 1);
  return [...counts]
    .map(([value, count]) => ({ value, count }))
    .sort((a, b) => b.count - a.count || a.value.localeCompare(b.value));
}
