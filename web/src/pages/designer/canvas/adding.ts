/** New nodes, and the wires that come with them. */
import type { PortEnd } from "@/components/graph/types";
import { BOX } from "@/models/graph";
import { settle } from "@/models/layout";
import { addNode, all, connect } from "@/models/pipeline/edit";
import {
  type Change,
  freshName,
  type Pipeline,
  type Place,
  type Wire,
} from "@/models/pipeline/model";
import { type Face, fits } from "@/models/ports";
import { sourceOf } from "@/models/scene";
import type { DesignerStore } from "@/services/designer/store";

const STEP = BOX.height + 48;

/** Adds a node with its middle at a place, or below what stands there; its name. */
export function addFace(store: DesignerStore, label: string, face: Face, at: Place): string {
  const { history, edit, learn, select } = store.getState();
  const name = freshName(history.now, face.name);
  learn([face]);
  edit(
    label,
    all(settle, addNode(name, { component: face.reference }, freePlace(history.now, at))),
  );
  select([name]);
  return name;
}

/** Adds a node that is wired to the port a wire was drawn from. */
export function addWired(
  store: DesignerStore,
  label: string,
  { face, from, type, at }: { face: Face; from: PortEnd; type: string; at: Place },
): string {
  const { history, edit, learn, select } = store.getState();
  const name = freshName(history.now, face.name);
  learn([face]);
  const wired = wireTo(face, name, from, type);
  const steps = [settle, addNode(name, { component: face.reference }, freePlace(history.now, at))];
  edit(label, all(...steps, ...(wired ? [connect(wired)] : [])));
  select([name]);
  return name;
}

/** The wire from a port to the first port of a face that fits it, as the file has it. */
function wireTo(face: Face, name: string, from: PortEnd, type: string): Wire | null {
  if (from.way === "out") {
    const input =
      face.inputs.find((each) => each.type === type) ??
      face.inputs.find((each) => fits(type, each.type));
    const [source, output] = sourceOf(from.node, from.port);
    return input ? { source, output, target: name, input: input.name } : null;
  }
  const output =
    face.outputs.find((each) => each.type === type) ??
    face.outputs.find((each) => fits(each.type, type));
  return output ? { source: name, output: output.name, target: from.node, input: from.port } : null;
}

/** Puts a converter between the ends of a wire that does not fit. */
export function convert(pipeline: Pipeline, face: Face, wire: Wire): Change {
  const name = freshName(pipeline, face.name);
  const [from, to] = [pipeline.layout?.[wire.source], pipeline.layout?.[wire.target]];
  const at: Place = from && to ? [(from[0] + to[0]) / 2, (from[1] + to[1]) / 2] : (to ?? [0, 0]);
  const input = face.inputs.find((each) => each.required) ?? face.inputs[0];
  const output = face.outputs[0];
  if (!input || !output) return (now) => now;
  return all(
    settle,
    addNode(name, { component: face.reference }, freePlace(pipeline, [at[0], at[1]], [0, 0])),
    connect({ source: wire.source, output: wire.output, target: name, input: input.name }),
    connect({ source: name, output: output.name, target: wire.target, input: wire.input }),
  );
}

/** A place as near as can be at which no node stands yet. */
export function freePlace(
  pipeline: Pipeline,
  [x, y]: Place,
  [left, up]: Place = [BOX.width / 2, BOX.height / 2],
): Place {
  const places = Object.values(pipeline.layout ?? {});
  const at: Place = [Math.round(x - left), Math.round(y - up)];
  const isTaken = () =>
    places.some(([a, b]) => Math.abs(a - at[0]) < BOX.width && Math.abs(b - at[1]) < BOX.height);
  while (isTaken()) at[1] += STEP;
  return at;
}
