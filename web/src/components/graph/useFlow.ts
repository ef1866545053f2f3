/** What xyflow draws, from what it is told to draw and what is held by the pointer just now. */
import type { Edge, EdgeChange, NodeChange } from "@xyflow/react";
import { useCallback, useMemo, useState } from "react";
import { shownWires, wireId } from "@/models/graph";
import type { Note, Place } from "@/models/pipeline/model";
import { boxOf, edgeOf, type FlowNode, NOTE_PREFIX, noteOf } from "./flow";
import { lineageOf } from "./lineage";
import type { GraphProps } from "./types";

interface Held {
  at?: Place;
  size?: [number, number];
}

type Given = Pick<GraphProps, "nodes" | "wires" | "notes" | "selected" | "onSelect" | "editing">;

export function useFlow({ nodes, wires, notes, selected, onSelect, editing }: Given) {
  const [held, setHeld] = useState<Record<string, Held>>({});
  const [chosen, setChosen] = useState("");
  const marked = useMemo(() => new Set(selected), [selected]);
  const lit = useMemo(() => lineageOf(wires, selected), [wires, selected]);
  const flowNodes = useMemo(
    (): FlowNode[] => [
      ...(notes ?? []).map((note, index) => heldNote(note, index, held[`${NOTE_PREFIX}${index}`])),
      ...nodes.map((node) =>
        boxOf(node, {
          isSelected: marked.has(node.name),
          isLit: lit.has(node.name),
          held: held[node.name]?.at,
        }),
      ),
    ],
    [nodes, notes, marked, lit, held],
  );
  const flowEdges = useMemo(
    () =>
      shownWires(wires, marked).map((wire) =>
        edgeOf(wire, lit.has(wire.source) && lit.has(wire.target), wireId(wire) === chosen),
      ),
    [wires, marked, lit, chosen],
  );
  const onNodesChange = useCallback(
    (changes: NodeChange<FlowNode>[]) => {
      const now = selectedAfter(changes, marked);
      if (now) onSelect(now);
      const { dragged, dropped, isOver } = movesOf(changes);
      if (Object.keys(dragged).length) setHeld((before) => merged(before, dragged));
      if (!isOver) return;
      setHeld({});
      if (Object.keys(dropped).length) editing?.onMove(dropped);
    },
    [marked, onSelect, editing],
  );
  const onEdgesChange = useCallback((changes: EdgeChange<Edge>[]) => {
    for (const change of changes)
      if (change.type === "select")
        setChosen((now) => (change.selected ? change.id : now === change.id ? "" : now));
  }, []);
  const wire = chosen ? wires.find((each) => wireId(each) === chosen) : undefined;
  return { flowNodes, flowEdges, onNodesChange, onEdgesChange, marked, wire };
}

function heldNote(note: Note, index: number, held: Held | undefined) {
  return noteOf(held?.size ? { ...note, size: held.size } : note, index, held?.at);
}

/** Who is selected after the changes; null if that has not changed. */
function selectedAfter(changes: NodeChange<FlowNode>[], before: ReadonlySet<string>) {
  const now = new Set(before);
  for (const change of changes) {
    if (change.type !== "select" || change.id.startsWith(NOTE_PREFIX)) continue;
    if (change.selected) now.add(change.id);
    else now.delete(change.id);
  }
  const isSame = now.size === before.size && [...now].every((name) => before.has(name));
  return isSame ? null : [...now];
}

/** What is being dragged or resized, and what was let go of. */
function movesOf(changes: NodeChange<FlowNode>[]) {
  const dragged: Record<string, Held> = {};
  const dropped: Record<string, Place> = {};
  let isOver = false;
  for (const change of changes) {
    if (change.type === "dimensions" && change.resizing && change.dimensions) {
      const { width, height } = change.dimensions;
      dragged[change.id] = { ...dragged[change.id], size: [width, height] };
    }
    if (change.type === "dimensions" && change.resizing === false) isOver = true;
    if (change.type !== "position" || !change.position) continue;
    const at: Place = [change.position.x, change.position.y];
    // A note that is resized at its left moves too, and says nothing of dragging.
    if (change.dragging === false) dropped[change.id] = at;
    else dragged[change.id] = { ...dragged[change.id], at };
  }
  return { dragged, dropped, isOver: isOver || Object.keys(dropped).length > 0 };
}

function merged(before: Record<string, Held>, some: Record<string, Held>): Record<string, Held> {
  const after = { ...before };
  for (const [name, held] of Object.entries(some)) after[name] = { ...after[name], ...held };
  return after;
}
