/** Looking here and there on a graph. */
import { useReactFlow, useStoreApi } from "@xyflow/react";
import { useImperativeHandle, useMemo } from "react";
import { type GraphNode, sizeOf } from "@/models/graph";
import { type Box, centred, fitting, isSeen, type Viewport } from "@/models/viewport";
import type { GraphControl, GraphProps } from "./types";

const boxOf = (node: GraphNode): Box => ({ at: node.at, size: sizeOf(node) });

export function useControl(nodes: GraphNode[], control: GraphProps["control"]): GraphControl {
  const flow = useReactFlow();
  const store = useStoreApi();
  const made = useMemo<GraphControl>(() => {
    const screen = () => store.getState();
    const show = (view: Viewport) => void flow.setViewport(view, { duration: 0 });
    const corner = () => store.getState().domNode?.getBoundingClientRect() ?? new DOMRect();
    const bring = (name: string) => {
      const node = nodes.find((each) => each.name === name);
      if (!node) return;
      const view = flow.getViewport();
      const zoom = Math.max(view.zoom, 0.6);
      if (zoom !== view.zoom || !isInside(boxOf(node), view, screen()))
        show(centred(boxOf(node), screen(), zoom));
    };
    return {
      goTo: (name) => {
        bring(name);
        focusOn(name, store.getState().domNode);
      },
      show: bring,
      fit: (names) => {
        const wanted = names?.length ? nodes.filter((node) => names.includes(node.name)) : nodes;
        show(fitting(wanted.map(boxOf), screen()));
      },
      zoomBy: (factor) => void flow.zoomTo(flow.getZoom() * factor),
      placeOf: (point) => {
        const { x, y } = flow.screenToFlowPosition(point);
        return [x, y];
      },
      pointOf: ([x, y]) => flow.flowToScreenPosition({ x, y }),
      middle: () => {
        const { left, top, width, height } = corner();
        const { x, y } = flow.screenToFlowPosition({ x: left + width / 2, y: top + height / 2 });
        return [x, y];
      },
    };
  }, [flow, store, nodes]);
  useImperativeHandle(control, () => made, [made]);
  return made;
}

function isInside({ at, size }: Box, view: Viewport, screen: { width: number; height: number }) {
  const corner = (x: number, y: number) =>
    isSeen({ at: [x, y], size: { width: 1, height: 1 } }, view, screen);
  return corner(at[0], at[1]) && corner(at[0] + size.width, at[1] + size.height);
}

/** A node that was out of sight is mounted some frames later. */
function focusOn(name: string, graph: HTMLElement | null, tries = 20) {
  const node = graph?.querySelector<HTMLElement>(
    `.react-flow__node[data-id="${CSS.escape(name)}"]`,
  );
  if (node) node.focus({ preventScroll: true });
  else if (tries) requestAnimationFrame(() => focusOn(name, graph, tries - 1));
}
