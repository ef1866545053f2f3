/** What may be wired to what, why not, and what would help. */
import type { Schemas } from "@/services/api";
import { type Pipeline, reach, type Wire } from "./pipeline/model";

export type Face = Schemas["Face"];
export type FaceInput = Face["inputs"][number];
export type FaceOutput = Face["outputs"][number];

/** Which inputs an output fits besides its own type and `any`: `spec/types.py`, compared by a test. */
export const ALSO_FITS: Record<string, readonly string[]> = {
  file: ["folder"],
  folder: [],
  table: ["file", "folder"],
  model: ["file", "folder"],
  transform: ["file", "folder"],
  checkpoint: ["model", "file", "folder"],
  report: ["file", "folder"],
  value: ["file"],
};

export function fits(output: string, input: string): boolean {
  if (output === "any" || input === "any" || output === input) return true;
  return ALSO_FITS[output]?.includes(input) ?? false;
}

/** The first node that makes of an output what an input asks for. */
export function converter(faces: Iterable<Face>, output: string, input: string): Face | undefined {
  for (const face of faces) {
    const wanted = face.inputs.filter((each) => each.required);
    const takes = wanted.length === 1 && wanted[0]?.type === output;
    const asks = face.parameters.some((each) => each.required && each.default === null);
    if (takes && !asks && face.outputs[0]?.type === input && output !== input) return face;
  }
  return undefined;
}

/** The components with an input for an output, or with an output for an input. */
export function suggestions(faces: Face[], port: { output: string } | { input: string }): Face[] {
  return "output" in port
    ? faces.filter((face) => face.inputs.some((each) => fits(port.output, each.type)))
    : faces.filter((face) => face.outputs.some((each) => fits(each.type, port.input)));
}

/** Shapes tell types apart for whoever does not tell colours apart. */
export const SHAPES: Record<string, string> = {
  table: "square",
  model: "circle",
  transform: "diamond",
  report: "triangle",
  value: "hexagon",
  file: "page",
  folder: "page",
  checkpoint: "circle",
  any: "ring",
};

/** Why a wire cannot be. */
export type Refusal =
  | { why: "self" | "ring" | "unknown" }
  | { why: "type"; output: string; input: string };

/** What the ports of the nodes are, by node; of the pipeline's own inputs, those of `inputs`. */
export interface PortTypes {
  output: (node: string, port: string) => string | undefined;
  input: (node: string, port: string) => string | undefined;
}

/** Why a wire, whose source may be `inputs`, is refused; null if it is not. */
export function refusal(pipeline: Pipeline, types: PortTypes, wire: Wire): Refusal | null {
  if (wire.source === wire.target) return { why: "self" };
  const output = types.output(wire.source, wire.output);
  const input = types.input(wire.target, wire.input);
  if (output === undefined || input === undefined) return { why: "unknown" };
  if (!fits(output, input)) return { why: "type", output, input };
  return upstream(pipeline, wire.source).has(wire.target) ? { why: "ring" } : null;
}

const known = new WeakMap<Pipeline["nodes"], Map<string, Set<string>>>();

/** While a wire is drawn every port in sight is asked, at each move of the pointer. */
function upstream(pipeline: Pipeline, name: string): Set<string> {
  const sets = known.get(pipeline.nodes) ?? new Map<string, Set<string>>();
  known.set(pipeline.nodes, sets);
  const found = sets.get(name) ?? reach(pipeline, [name], "up");
  sets.set(name, found);
  return found;
}
