import { notifications } from "@mantine/notifications";
import { useQuery } from "@tanstack/react-query";
import { createElement, useMemo } from "react";
import type { Editing, Point, PortEnd } from "@/components/graph/types";
import type { Place, Wire } from "@/models/pipeline/model";
import type { Scene } from "@/models/scene";
import { useDesignerStore } from "@/services/designer/store";
import { useStrings } from "@/strings";
import { changeNote, moveAll } from "./actions";
import { connectWire, cutWire, reasonOf, refusalOf, remedy, typesIn, wiresTo } from "./connecting";
import { palette } from "./faces";
import type { Asked } from "./offers";
import { Refused } from "./Refused";

const NO_FACES: never[] = [];

/** What the graph tells of when somebody changes it. */
export function useEditing(scene: Scene, ask: (asked: Asked) => void): Editing {
  const t = useStrings();
  const store = useDesignerStore();
  const { data: faces = NO_FACES } = useQuery(palette(store.getState().workspace));
  return useMemo(() => {
    const doing = { store, t };
    const types = typesIn(scene);
    const why = (wire: Wire) => refusalOf(store.getState(), types, wire);
    const refuse = (wire: Wire | null) => {
      const reason = wire && why(wire);
      const help = wire && remedy(doing, faces, wire, reason);
      notifications.show({
        id: "refused",
        color: "orange",
        title: t("canvas.refused"),
        message: createElement(Refused, { reason: reasonOf(t, reason), help }),
        autoClose: 10_000,
      });
    };
    const join = (from: PortEnd, name: string) => {
      const node = scene.nodes.find((each) => each.name === name);
      const wires = node && name !== from.node ? wiresTo(from, node) : [];
      const fit = wires.find((wire) => !why(wire));
      if (fit) connectWire(doing, fit);
      else if (wires[0]) refuse(wires[0]);
    };
    const offer = (from: PortEnd, place: Place, point: Point) => {
      const type = types[from.way === "out" ? "output" : "input"](from.node, from.port) ?? "any";
      ask({ kind: "offer", from, type, place, point });
    };
    return {
      refusalOf: (wire) => (why(wire) ? "refused" : ""),
      onMove: (places) => moveAll(doing, places),
      onConnect: (wire) => connectWire(doing, wire),
      onDisconnect: cutWire(doing),
      onRefused: refuse,
      onDropped: (from, place, point, node) =>
        node ? join(from, node) : offer(from, place, point),
      onNote: (index, note) => changeNote(doing, index, note),
    };
  }, [scene, store, t, faces, ask]);
}
