/** A graph from the keyboard: from node to node, opening one, moving what is selected. */
import { useCallback } from "react";
import { type GraphNode, type GraphWire, isOwn } from "@/models/graph";
import type { Place } from "@/models/pipeline/model";
import { isTyping } from "@/services/commands";
import type { GraphControl, GraphProps } from "./types";

const STEPS: Record<string, Place> = {
  ArrowLeft: [-8, 0],
  ArrowRight: [8, 0],
  ArrowUp: [0, -8],
  ArrowDown: [0, 8],
};
const FAR = 5;

export function useKeys(props: GraphProps, control: GraphControl, wire: GraphWire | undefined) {
  return useCallback(
    (event: React.KeyboardEvent) => {
      if (isTyping(event.nativeEvent) || event.altKey) return;
      const isDone = walk(event, props, control) || act(event, props, wire) || shift(event, props);
      if (!isDone) return;
      event.preventDefault();
      event.stopPropagation();
    },
    [props, control, wire],
  );
}

/** The node that has the keyboard. */
function focused(event: React.KeyboardEvent): string | undefined {
  const target = event.target instanceof HTMLElement ? event.target : null;
  if (!target?.classList.contains("react-flow__node")) return undefined;
  return target.dataset.id;
}

function walk(event: React.KeyboardEvent, props: GraphProps, control: GraphControl): boolean {
  const from = focused(event);
  if (event.key !== "Tab" || event.ctrlKey || event.metaKey || from === undefined) return false;
  const at = props.nodes.findIndex((node) => node.name === from);
  const next = at < 0 ? undefined : props.nodes[at + (event.shiftKey ? -1 : 1)];
  if (!next) return false;
  props.onSelect([next.name]);
  control.goTo(next.name);
  return true;
}

function act(event: React.KeyboardEvent, props: GraphProps, wire: GraphWire | undefined): boolean {
  const from = focused(event);
  if (event.key === "Enter" && from !== undefined) {
    props.onSelect([from]);
    props.onOpen?.(from);
    return true;
  }
  if (event.key === " " && from !== undefined) {
    const others = props.selected.filter((name) => name !== from);
    props.onSelect(others.length < props.selected.length ? others : [...others, from]);
    return true;
  }
  if ((event.key === "Delete" || event.key === "Backspace") && wire && props.editing) {
    props.editing.onDisconnect(wire);
    return true;
  }
  return false;
}

function shift(event: React.KeyboardEvent, props: GraphProps): boolean {
  const step = STEPS[event.key];
  if (!step || !props.editing || event.ctrlKey || event.metaKey) return false;
  const from = focused(event);
  if (!from && event.target !== event.currentTarget) return false;
  const names = from && !props.selected.includes(from) ? [from] : props.selected;
  const by = event.shiftKey ? FAR : 1;
  const moved = props.nodes.filter((node) => names.includes(node.name) && !isOwn(node.kind));
  const to = ({ at: [x, y] }: GraphNode): Place => [x + step[0] * by, y + step[1] * by];
  if (moved.length)
    props.editing.onMove(Object.fromEntries(moved.map((node) => [node.name, to(node)])));
  return moved.length > 0;
}
