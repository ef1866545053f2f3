/** A graph of nodes: the canvas of the designer, and read-only the graph of a run.
 *
 * Nodes have known sizes, and only those in sight are mounted (designer.md 3.2).
 */
import "@xyflow/react/dist/base.css";
import "./graph.css";
import {
  Background,
  type Connection,
  type Edge,
  type FinalConnectionState,
  MiniMap,
  ReactFlow,
  ReactFlowProvider,
  useReactFlow,
  useStore,
  useStoreApi,
} from "@xyflow/react";
import { useCallback, useEffect, useMemo, useRef } from "react";
import { type GraphNode, sizeOf } from "@/models/graph";
import type { Wire } from "@/models/pipeline/model";
import { type Level, levelOf, MOST_FITTED, opening, topmostAt } from "@/models/viewport";
import { useStrings } from "@/strings";
import { Announced } from "./Announced";
import { Controls } from "./Controls";
import { type Shared, SharedContext } from "./context";
import { AFTER, BEFORE, type FlowNode } from "./flow";
import { NodeBox } from "./NodeBox";
import { NoteBox } from "./NoteBox";
import type { GraphControl, GraphProps, PortEnd } from "./types";
import { Underlay } from "./Underlay";
import { useControl } from "./useControl";
import { useFlow } from "./useFlow";
import { useKeys } from "./useKeys";
import { keepView, keptView } from "./views";

const TYPES = { box: NodeBox, note: NoteBox };
const MULTI = ["Shift", "Control", "Meta"];
const SHOWS_NO_MAP = 12;
const NOTHING: never[] = [];

export function Graph(props: GraphProps) {
  return (
    <ReactFlowProvider>
      <Drawn {...props} />
    </ReactFlowProvider>
  );
}

const boxOf = (node: GraphNode) => ({ node, at: node.at, size: sizeOf(node) });

function Drawn(props: GraphProps) {
  const { nodes, wires, selected, onSelect, editing, kept, label } = props;
  const t = useStrings();
  const boxes = useMemo(() => nodes.map(boxOf), [nodes]);
  const first = useFirstView(boxes, kept);
  const level = useLevel(boxes, first);
  const control = useControl(nodes, props.control);
  const flow = useFlow(props);
  const shared = useShare(level, props);
  const onKeyDown = useKeys(props, control, flow.wire);
  useReady(boxes, kept, () => selected[0] && control.show(selected[0]));
  const isFar = level === "far";
  const under = (event: { clientX: number; clientY: number }) =>
    isFar ? topmostAt(boxes, control.placeOf(at(event)))?.node.name : undefined;
  return (
    <SharedContext.Provider value={shared}>
      <section
        className="graph"
        aria-label={label}
        data-testid="graph"
        data-level={level}
        tabIndex={-1}
        onKeyDown={onKeyDown}
        onDoubleClick={(event) => {
          const name = under(event);
          if (name) props.onOpen?.(name);
        }}
      >
        <ReactFlow<FlowNode, Edge>
          nodes={isFar ? NOTHING : flow.flowNodes}
          edges={isFar ? NOTHING : flow.flowEdges}
          nodeTypes={TYPES}
          onNodesChange={flow.onNodesChange}
          onEdgesChange={flow.onEdgesChange}
          onNodeClick={(event, node) => clicked(event, node, props)}
          onNodeDoubleClick={(_, node) => node.type === "box" && props.onOpen?.(node.id)}
          {...menus(props, under)}
          {...connecting(editing, control)}
          onPaneClick={(event) => onSelect(optional(under(event)))}
          onMoveEnd={(_, view) => kept && keepView(kept, view)}
          defaultViewport={first}
          minZoom={0.05}
          maxZoom={2}
          onlyRenderVisibleElements
          nodesDraggable={Boolean(editing)}
          nodesConnectable={Boolean(editing)}
          edgesFocusable={false}
          disableKeyboardA11y
          deleteKeyCode={null}
          selectionKeyCode="Shift"
          multiSelectionKeyCode={MULTI}
          zoomOnDoubleClick={false}
          connectionRadius={24}
          proOptions={{ hideAttribution: true }}
          ariaLabelConfig={{ "minimap.ariaLabel": t("graph.map") }}
        >
          <Background gap={24} size={1.5} color="var(--graph-dots)" bgColor="transparent" />
          {isFar && <Underlay nodes={nodes} wires={wires} selected={flow.marked} />}
          {nodes.length > SHOWS_NO_MAP && nodes.length <= MOST_FITTED && (
            <MiniMap
              pannable
              zoomable
              style={{ width: 140, height: 96 }}
              bgColor="var(--graph-box)"
              nodeColor="var(--graph-plain)"
            />
          )}
          <Controls control={control} isEmpty={!nodes.length} />
          {props.children}
        </ReactFlow>
        <Announced selected={selected} nodes={nodes} />
      </section>
    </SharedContext.Provider>
  );
}

const at = (event: { clientX: number; clientY: number }) => ({
  x: event.clientX,
  y: event.clientY,
});

/** A click on one of several selects it alone; whoever is let go of leaves the keyboard here. */
function clicked(event: React.MouseEvent, node: FlowNode, { selected, onSelect }: GraphProps) {
  const graph = event.currentTarget.closest<HTMLElement>(".graph");
  if (event.ctrlKey || event.metaKey)
    requestAnimationFrame(() => document.activeElement === document.body && graph?.focus());
  else if (!event.shiftKey && selected.length > 1 && selected.includes(node.id))
    onSelect([node.id]);
}

const optional = (name: string | undefined) => (name ? [name] : []);

function useFirstView(boxes: ReturnType<typeof boxOf>[], kept: string | undefined) {
  const first = useRef<ReturnType<typeof opening>>(null);
  first.current ??=
    (kept ? keptView(kept) : null) ??
    opening(boxes, { width: window.innerWidth * 0.6, height: window.innerHeight * 0.7 });
  return first.current;
}

function useLevel(boxes: ReturnType<typeof boxOf>[], first: ReturnType<typeof opening>): Level {
  return useStore(
    useCallback(
      ({ transform: [x, y, zoom], width, height }) => {
        if (width && height) return levelOf(boxes, { x, y, zoom }, { width, height });
        const screen = { width: window.innerWidth, height: window.innerHeight };
        return levelOf(boxes, first, screen);
      },
      [boxes, first],
    ),
  );
}

function useShare(level: Level, { statuses, editing }: GraphProps): Shared {
  return useMemo(
    () => ({
      level,
      statuses,
      isEditable: Boolean(editing),
      refusalOf: editing?.refusalOf ?? (() => ""),
      onNote: editing?.onNote,
    }),
    [level, statuses, editing],
  );
}

/** Once the window's size is known: looks at the whole anew, or at what is selected. */
function useReady(
  boxes: ReturnType<typeof boxOf>[],
  kept: string | undefined,
  showSelected: () => unknown,
) {
  const flow = useReactFlow();
  const store = useStoreApi();
  const isSized = useStore(({ width, height }) => width > 0 && height > 0);
  const first = useRef(boxes);
  const select = useRef(showSelected);
  useEffect(() => {
    if (!isSized) return;
    if (!kept || !keptView(kept)) void flow.setViewport(opening(first.current, store.getState()));
    select.current();
    const frame = requestAnimationFrame(() => performance.mark("graph-ready"));
    return () => cancelAnimationFrame(frame);
  }, [isSized, kept, flow, store]);
}

function menus({ onMenu }: GraphProps, under: (event: React.MouseEvent) => string | undefined) {
  if (!onMenu) return {};
  const open = (event: React.MouseEvent | MouseEvent, name?: string) => {
    event.preventDefault();
    onMenu(at(event), name);
  };
  return {
    onPaneContextMenu: (event: React.MouseEvent | MouseEvent) =>
      open(event, under(event as React.MouseEvent)),
    onSelectionContextMenu: (event: React.MouseEvent, [first]: FlowNode[]) =>
      open(event, first?.id),
    onNodeContextMenu: (event: React.MouseEvent, node: FlowNode) =>
      node.type === "box" && open(event, node.id),
  };
}

function connecting(editing: GraphProps["editing"], control: GraphControl) {
  if (!editing) return {};
  return {
    isValidConnection: (drawn: Connection | Edge) => !editing.refusalOf(wireOf(drawn)),
    onConnect: (drawn: Connection) => editing.onConnect(wireOf(drawn)),
    onConnectEnd: (event: MouseEvent | TouchEvent, drawn: FinalConnectionState) => {
      const { fromHandle: from, toHandle } = drawn;
      const to = toHandle?.id === BEFORE || toHandle?.id === AFTER ? null : toHandle;
      if (drawn.isValid || !from) return;
      if (to) return editing.onRefused(from.type === to.type ? null : between(from, to));
      const finger = "changedTouches" in event ? event.changedTouches[0] : event;
      if (!finger) return;
      const point = at(finger);
      const end: PortEnd = {
        node: from.nodeId,
        port: from.id ?? "",
        way: from.type === "source" ? "out" : "in",
      };
      const target = event.target instanceof Element ? event.target : null;
      const node = target?.closest<HTMLElement>("[data-node]")?.dataset.node;
      editing.onDropped(end, control.placeOf(point), point, node);
    },
  };
}

type End = NonNullable<FinalConnectionState["fromHandle"]>;

function between(from: End, to: End): Wire {
  const [source, target] = from.type === "source" ? [from, to] : [to, from];
  return {
    source: source.nodeId,
    output: source.id ?? "",
    target: target.nodeId,
    input: target.id ?? "",
  };
}

function wireOf({ source, sourceHandle, target, targetHandle }: Connection | Edge): Wire {
  return { source, output: sourceHandle ?? "", target, input: targetHandle ?? "" };
}
