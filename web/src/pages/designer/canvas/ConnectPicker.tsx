/** A wire without a pointer: the port that gives or takes, and then the port at its other end. */
import { useState } from "react";
import { PortMark } from "@/components/graph/PortMark";
import type { PortEnd } from "@/components/graph/types";
import type { GraphNode } from "@/models/graph";
import type { Wire } from "@/models/pipeline/model";
import type { Scene } from "@/models/scene";
import { wordsOf } from "@/models/search";
import { useDesignerStore } from "@/services/designer/store";
import { useStrings } from "@/strings";
import { connectWire, refusalOf, typesIn, wiresTo } from "./connecting";
import { PickDialog } from "./PickDialog";
import type { Item } from "./PickList";

interface Props {
  node: string;
  scene: Scene;
  close: () => void;
}

export function ConnectPicker({ node, scene, close }: Props) {
  const t = useStrings();
  const store = useDesignerStore();
  const [words, setWords] = useState("");
  const [from, setFrom] = useState<PortEnd | null>(null);
  const own = scene.nodes.find((each) => each.name === node);
  if (!own) return null;
  const types = typesIn(scene);
  const isFit = (wire: Wire) => !refusalOf(store.getState(), types, wire);
  const choices = from
    ? ends(scene, from, isFit)
    : starts(own, t("canvas.connect.out"), t("canvas.connect.in"));
  const wanted = wordsOf(words);
  const items = choices
    .map(({ item }) => item)
    .filter(({ label }) => wanted.every((word) => label.toLowerCase().includes(word)));
  const pick = (key: string) => {
    const chosen = choices.find((each) => each.item.key === key);
    setWords("");
    if (!chosen) return;
    if (!chosen.wire) return setFrom(chosen.end);
    connectWire({ store, t }, chosen.wire);
    close();
  };
  const label = from
    ? t("canvas.connect.to", { port: from.port })
    : t("canvas.connect.from", { node: own.title });
  return (
    <PickDialog
      label={label}
      words={words}
      onWords={setWords}
      items={items}
      onPick={pick}
      empty={t("canvas.connect.none")}
      close={close}
    />
  );
}

interface Choice {
  item: Item;
  end: PortEnd;
  wire?: Wire;
}

function starts(node: GraphNode, out: string, into: string): Choice[] {
  const choice = (way: "in" | "out", hint: string) => (port: { name: string; type: string }) => ({
    item: {
      key: `${way}:${port.name}`,
      label: port.name,
      hint,
      mark: <PortMark type={port.type} size={10} />,
    },
    end: { node: node.name, port: port.name, way },
  });
  return [...node.outputs.map(choice("out", out)), ...node.inputs.map(choice("in", into))];
}

/** The ports at which a wire may end, of nodes that wait for one first. */
function ends(scene: Scene, from: PortEnd, isFit: (wire: Wire) => boolean): Choice[] {
  const there = new Set(scene.wires.filter(({ kind }) => kind === "data").map(ended));
  return scene.nodes
    .filter((node) => node.name !== from.node)
    .flatMap((node) =>
      wiresTo(from, node)
        .filter((wire) => isFit(wire) && !there.has(ended(wire)))
        .map((wire): Choice => {
          const port = from.way === "out" ? wire.input : wire.output;
          const ports = from.way === "out" ? node.inputs : node.outputs;
          const type = ports.find((each) => each.name === port)?.type ?? "any";
          return {
            item: {
              key: `${node.name} ${port}`,
              label: `${node.title} · ${port}`,
              hint: node.title === node.name ? "" : node.name,
              mark: <PortMark type={type} size={10} />,
            },
            end: from,
            wire,
          };
        }),
    );
}

const ended = ({ source, output, target, input }: Wire) =>
  [source, output, target, input].join(" ");
