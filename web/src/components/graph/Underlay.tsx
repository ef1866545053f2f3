/** Many nodes painted on one canvas: above some hundreds, elements are too slow (designer.md 3.2). */
import { useStore } from "@xyflow/react";
import { useEffect, useRef } from "react";
import { BOX, type GraphNode, type GraphWire, sizeOf } from "@/models/graph";
import { isSeen, type Viewport } from "@/models/viewport";
import { useShared } from "./context";
import { statusWord } from "./status";
import styles from "./Underlay.module.css";

interface Props {
  nodes: GraphNode[];
  wires: GraphWire[];
  selected: ReadonlySet<string>;
}

export function Underlay({ nodes, wires, selected }: Props) {
  const canvas = useRef<HTMLCanvasElement>(null);
  const { statuses } = useShared();
  const [x, y, zoom] = useStore((flow) => flow.transform);
  const width = useStore((flow) => flow.width);
  const height = useStore((flow) => flow.height);
  useEffect(() => {
    let frame = 0;
    const ask = () => {
      if (!frame) frame = requestAnimationFrame(draw);
    };
    const draw = () => {
      frame = 0;
      const brush = prepared(canvas.current, width, height);
      if (brush) paint(brush, { nodes, wires, selected, statuses }, { x, y, zoom });
    };
    ask();
    const stop = statuses.subscribe(ask);
    return () => {
      stop();
      cancelAnimationFrame(frame);
    };
  }, [nodes, wires, selected, statuses, x, y, zoom, width, height]);
  return (
    <canvas
      ref={canvas}
      aria-hidden
      data-testid="graph-underlay"
      className={styles.underlay}
      style={{ width, height }}
    />
  );
}

function prepared(element: HTMLCanvasElement | null, width: number, height: number) {
  const brush = element?.getContext("2d");
  if (!element || !brush) return null;
  const scale = window.devicePixelRatio || 1;
  element.width = width * scale;
  element.height = height * scale;
  brush.scale(scale, scale);
  return brush;
}

interface Scene extends Pick<Props, "nodes" | "wires" | "selected"> {
  statuses: ReturnType<typeof useShared>["statuses"];
}

function paint(brush: CanvasRenderingContext2D, scene: Scene, view: Viewport) {
  const style = getComputedStyle(brush.canvas);
  const known = new Map<string, string>();
  const colour = (name: string) => {
    const found = known.get(name) ?? style.getPropertyValue(name).trim();
    known.set(name, found);
    return found;
  };
  const screen = { width: brush.canvas.clientWidth, height: brush.canvas.clientHeight };
  brush.translate(view.x, view.y);
  brush.scale(view.zoom, view.zoom);
  brush.strokeStyle = colour("--graph-line");
  brush.lineWidth = 1 / view.zoom;
  paintWires(brush, scene);
  for (const node of scene.nodes) {
    const size = sizeOf(node);
    if (!isSeen({ at: node.at, size }, view, screen)) continue;
    const status = scene.statuses.of(node.name);
    brush.fillStyle = colour(status ? `--status-${statusWord(status)}` : "--graph-plain");
    brush.fillRect(...node.at, size.width, size.height);
    if (!scene.selected.has(node.name)) continue;
    brush.lineWidth = 3 / view.zoom;
    brush.strokeStyle = colour("--mantine-primary-color-filled");
    brush.strokeRect(...node.at, size.width, size.height);
  }
}

function paintWires(brush: CanvasRenderingContext2D, { nodes, wires }: Scene) {
  const places = new Map(nodes.map((node) => [node.name, node.at]));
  brush.beginPath();
  for (const { source, target } of wires) {
    const [from, to] = [places.get(source), places.get(target)];
    if (!from || !to) continue;
    brush.moveTo(from[0] + BOX.width / 2, from[1] + BOX.height);
    brush.lineTo(to[0] + BOX.width / 2, to[1]);
  }
  brush.stroke();
}
