/** Wires drawn on the canvas: which may be, why others may not, and what would help. */
import type { Editing, PortEnd } from "@/components/graph/types";
import type { GraphNode } from "@/models/graph";
import { all, connect, disconnect, setField, setParameter } from "@/models/pipeline/edit";
import type { Wire } from "@/models/pipeline/model";
import { converter, type Face, type PortTypes, type Refusal, refusal } from "@/models/ports";
import { type Scene, sourceOf } from "@/models/scene";
import type { Designer } from "@/services/designer/store";
import type { Speak } from "@/strings";
import type { Doing } from "./actions";
import { convert } from "./adding";

export function typesIn(scene: Scene): PortTypes {
  const nodes = new Map(scene.nodes.map((node) => [node.name, node]));
  const find = (ports: GraphNode["inputs"] | undefined, port: string) =>
    ports?.find((each) => each.name === port)?.type;
  return {
    output: (node, port) => find(nodes.get(node)?.outputs, port),
    input: (node, port) => find(nodes.get(node)?.inputs, port),
  };
}

/** Why a wire, as it is drawn, cannot be; null if it can. */
export function refusalOf(designer: Designer, types: PortTypes, wire: Wire): Refusal | null {
  return refusal(designer.history.now, types, wire);
}

/** A wire as the file has it. */
export function written(wire: Wire): Wire {
  const [source, output] = sourceOf(wire.source, wire.output);
  return { ...wire, source, output };
}

export function connectWire({ store, t }: Doing, wire: Wire) {
  store.getState().edit(t("canvas.did.connect"), connect(written(wire)));
}

export const cutWire =
  ({ store, t }: Doing): Editing["onDisconnect"] =>
  (wire) => {
    const { edit, history } = store.getState();
    const label = t("canvas.did.disconnect");
    if (wire.kind === "data") return edit(label, disconnect(wire));
    if (wire.kind === "order") {
      const after = history.now.nodes[wire.target]?.after?.filter((name) => name !== wire.source);
      return edit(label, setField(wire.target, "after", after?.length ? after : undefined));
    }
    if (wire.input === "foreach") return edit(label, setField(wire.target, "foreach", undefined));
    return edit(label, setParameter(wire.target, wire.input, undefined));
  };

/** What people are told of a refused wire; null: both its ends are inputs, or both outputs. */
export function reasonOf(t: Speak, why: Refusal | null): string {
  if (!why) return t("canvas.refused.sides");
  if (why.why !== "type") return t(`canvas.refused.${why.why}`);
  return t("canvas.refused.type", { output: why.output, input: why.input });
}

/** The change that puts a converter into a wire that does not fit, and its title. */
export function remedy(doing: Doing, faces: readonly Face[], wire: Wire, why: Refusal | null) {
  const face = why?.why === "type" ? converter(faces, why.output, why.input) : undefined;
  if (!face) return null;
  const { store, t } = doing;
  const apply = () => {
    const { history, edit, learn } = store.getState();
    learn([face]);
    edit(t("canvas.did.convert"), all(convert(history.now, face, written(wire))));
  };
  return { title: face.title || face.name, apply };
}

/** The wires that would join a port to a node, those to inputs that wait for one first. */
export function wiresTo(from: PortEnd, node: GraphNode): Wire[] {
  if (from.way === "in")
    return node.outputs.map(({ name }) => ({
      source: node.name,
      output: name,
      target: from.node,
      input: from.port,
    }));
  const waits = (name: string) => (node.missing?.includes(name) ? 0 : 1);
  return [...node.inputs]
    .sort((a, b) => waits(a.name) - waits(b.name))
    .map(({ name }) => ({ source: from.node, output: from.port, target: node.name, input: name }));
}
