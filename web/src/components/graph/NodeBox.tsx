/** A node: what it is, how its step is, and its ports. */
import { Handle, type NodeProps, Position, useConnection } from "@xyflow/react";
import { type CSSProperties, memo } from "react";
import { useStatusWord } from "@/components/status/StatusMark";
import { type GraphNode, isOwn, type NodeStatus, type Port, portAt, sizeOf } from "@/models/graph";
import { useStrings } from "@/strings";
import { useRows, useShared, useStatus } from "./context";
import { AFTER, BEFORE, type BoxNode, CORNER } from "./flow";
import styles from "./NodeBox.module.css";
import { colourOf, markOf } from "./PortMark";
import { statusText, statusWord } from "./status";

export const NodeBox = memo(function NodeBox({ data, selected }: NodeProps<BoxNode>) {
  const { level } = useShared();
  const { node } = data;
  if (level === "plain") return <PlainBox node={node} isSelected={selected} />;
  if (isOwn(node.kind)) return <Pill node={node} />;
  return <WholeBox node={node} isSelected={selected} />;
});

/** All that can be told apart from far away. */
function PlainBox({ node, isSelected }: { node: GraphNode; isSelected: boolean }) {
  const status = useStatus(node.name);
  return (
    <div
      className={styles.plain}
      data-node={node.name}
      data-selected={isSelected || undefined}
      style={shade(status)}
    />
  );
}

function shade(status: NodeStatus | undefined): CSSProperties {
  if (!status) return {};
  return { "--status": `var(--status-${statusWord(status)})` } as CSSProperties;
}

interface BoxProps {
  node: GraphNode;
  isSelected: boolean;
}

function WholeBox({ node, isSelected }: BoxProps) {
  return (
    <div
      className={styles.box}
      data-node={node.name}
      data-kind={node.kind}
      data-selected={isSelected || undefined}
      data-unfinished={node.isUnfinished || undefined}
      data-stale={node.isStale || undefined}
    >
      <div className={styles.title}>{node.title}</div>
      <div className={styles.about}>{node.about}</div>
      <State node={node} />
      <Ports node={node} ports={node.inputs} way="in" />
      <Ports node={node} ports={node.outputs} way="out" />
      <Bare id={BEFORE} type="target" position={Position.Top} />
      <Bare id={AFTER} type="source" position={Position.Bottom} />
    </div>
  );
}

interface BareProps {
  id: string;
  type: "source" | "target";
  position: Position;
}

/** Where wires end that have no port: a mounted node has only the ends that are drawn. */
function Bare(end: BareProps) {
  return <Handle {...end} isConnectable={false} className={styles.bare} style={{ left: CORNER }} />;
}

/** The only part of a node that a change of its status draws again. */
function State({ node }: { node: GraphNode }) {
  const t = useStrings();
  const wordOf = useStatusWord();
  const status = useStatus(node.name);
  const [fault, ...more] = node.faults ?? [];
  if (fault && (!status || node.isStale)) {
    const rest = more.length ? ` +${more.length}` : "";
    return (
      <div className={styles.fault} title={node.faults?.join("\n")}>
        {fault + rest}
      </div>
    );
  }
  if (!status) return null;
  return (
    <div
      className={styles.state}
      data-status={statusWord(status)}
      data-past={status.isPast}
      style={shade(status)}
      title={status.reason || undefined}
    >
      {status.isPast ? `${t("graph.past")} · ` : node.isStale ? `${t("graph.stale")} · ` : ""}
      {statusText(status, wordOf)}
    </div>
  );
}

interface PortsProps {
  node: GraphNode;
  ports: Port[];
  way: "in" | "out";
}

function Ports({ node, ports, way }: PortsProps) {
  const { width } = sizeOf(node);
  return ports.map((port, index) => (
    <PortHandle
      key={port.name}
      node={node}
      port={port}
      way={way}
      left={portAt(index, ports.length, width)}
    />
  ));
}

interface PortProps {
  node: GraphNode;
  port: Port;
  way: "in" | "out";
  left: number;
}

const PortHandle = memo(function PortHandle({ node, port, way, left }: PortProps) {
  const rows = useRows(node.name, port.name, way);
  const t = useStrings();
  const { isEditable } = useShared();
  const fit = useFit(node.name, port.name, way);
  const mark = markOf(port.type);
  const isMissing = way === "in" && node.missing?.includes(port.name);
  const name = t(isMissing ? "graph.port.missing" : "graph.port", {
    port: port.name,
    type: port.type,
  });
  return (
    <Handle
      id={port.name}
      type={way === "in" ? "target" : "source"}
      position={way === "in" ? Position.Top : Position.Bottom}
      isConnectable={isEditable}
      className={`${mark.className} ${styles.port}`}
      style={{ ...mark.style, left }}
      data-shape={mark["data-shape"]}
      data-port={`${way}:${port.name}`}
      data-label={rows === undefined ? port.name : t.count("graph.rows", rows)}
      data-known={rows !== undefined || undefined}
      data-missing={isMissing || undefined}
      data-given={node.given?.includes(port.name) || undefined}
      data-fit={fit}
      title={name}
    />
  );
});

/** While a wire is drawn: whether it may end at this port. */
function useFit(node: string, port: string, way: "in" | "out"): "yes" | "no" | undefined {
  const { refusalOf } = useShared();
  return useConnection((drawn) => {
    if (!drawn.inProgress) return undefined;
    const from = drawn.fromHandle;
    if ((from.type === "source") === (way === "out")) return undefined;
    const [start, end] = [
      { node: from.nodeId, port: from.id ?? "" },
      { node, port },
    ];
    const [source, target] = way === "in" ? [start, end] : [end, start];
    const wire = {
      source: source.node,
      output: source.port,
      target: target.node,
      input: target.port,
    };
    return refusalOf(wire) ? "no" : "yes";
  });
}

/** An input or a parameter of the pipeline itself. */
function Pill({ node }: { node: GraphNode }) {
  const { isEditable } = useShared();
  const port = node.outputs[0];
  return (
    <div
      className={styles.pill}
      data-node={node.name}
      data-kind={node.kind}
      style={{ "--mark": colourOf(port?.type ?? "value") } as CSSProperties}
      title={node.about}
    >
      <span>{node.title}</span>
      {port && (
        <Handle
          id={port.name}
          type="source"
          position={Position.Right}
          isConnectable={isEditable && node.kind === "input"}
          className={`${markOf(port.type).className} ${styles.port}`}
          style={markOf(port.type).style}
          data-shape={markOf(port.type)["data-shape"]}
          data-port={`out:${port.name}`}
          data-label={port.name}
          title={`${port.name}: ${port.type}`}
        />
      )}
    </div>
  );
}
