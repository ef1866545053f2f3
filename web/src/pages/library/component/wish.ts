import type { Value } from "@/models/fields";
import type { Schemas } from "@/services/api";
import type { Face } from "@/services/library";

/** What is asked of the server for a run of one component; what is empty is left to it. */
export function wishOf(
  face: Face,
  inputs: Record<string, string>,
  parameters: Record<string, Value>,
  replicas: Record<string, number>,
): Schemas["RunsCreateBody"] {
  const given = Object.entries(inputs).filter(([, value]) => value.trim());
  const said = Object.entries(parameters).filter(([, value]) => value !== undefined);
  return {
    [face.kind]: face.reference,
    inputs: Object.fromEntries(given.map(([name, value]) => [name, value.trim()])),
    parameters: Object.fromEntries(said),
    replicas,
  } as Schemas["RunsCreateBody"];
}
