/** The nodes as a list: the canvas for whoever does not see it, or has thousands of nodes. */
import { ActionIcon, Text, TextInput } from "@mantine/core";
import { useVirtualizer } from "@tanstack/react-virtual";
import { type KeyboardEvent, useCallback, useMemo, useRef, useState } from "react";
import { statusWord } from "@/components/graph/status";
import { StatusMark } from "@/components/status/StatusMark";
import { type GraphNode, isOwn } from "@/models/graph";
import { wordsOf } from "@/models/search";
import { useDesigner, useDesignerStore } from "@/services/designer/store";
import { useStrings } from "@/strings";
import { ConnectPicker } from "../canvas/ConnectPicker";
import { useLook } from "../canvas/look";
import { useScene } from "../canvas/useScene";
import styles from "./Outline.module.css";

const ROW = 34;

export function Outline() {
  const t = useStrings();
  const scene = useScene();
  const steps = useDesigner((designer) => designer.steps);
  const [words, setWords] = useState("");
  const [connecting, setConnecting] = useState("");
  const nodes = useMemo(() => {
    const wanted = wordsOf(words);
    const has = ({ name, title, about }: GraphNode) => {
      const said = `${name} ${title} ${about} ${steps[name]?.status ?? ""}`.toLowerCase();
      return wanted.every((word) => said.includes(word));
    };
    return scene.nodes.filter((node) => !isOwn(node.kind) && has(node));
  }, [scene, words, steps]);
  return (
    <div className={styles.outline}>
      <TextInput
        size="xs"
        m={8}
        aria-label={t("canvas.outline.filter")}
        placeholder={t("canvas.outline.filter")}
        value={words}
        onChange={(event) => setWords(event.currentTarget.value)}
      />
      {!nodes.length && (
        <Text size="sm" c="var(--graph-dim)" px="sm">
          {t(words ? "canvas.pick.none" : "canvas.outline.none")}
        </Text>
      )}
      <Rows nodes={nodes} onConnect={setConnecting} />
      {connecting && (
        <ConnectPicker node={connecting} scene={scene} close={() => setConnecting("")} />
      )}
    </div>
  );
}

interface RowsProps {
  nodes: GraphNode[];
  onConnect: (name: string) => void;
}

function Rows({ nodes, onConnect }: RowsProps) {
  const t = useStrings();
  const scroller = useRef<HTMLUListElement>(null);
  const rows = useVirtualizer({
    count: nodes.length,
    getScrollElement: () => scroller.current,
    estimateSize: () => ROW,
    overscan: 6,
    initialRect: { width: 300, height: 600 },
  });
  const press = (event: KeyboardEvent) => {
    const step = { ArrowDown: 1, ArrowUp: -1 }[event.key];
    const from = (event.target as HTMLElement).closest<HTMLElement>("[data-index]")?.dataset.index;
    if (!step || from === undefined) return;
    event.preventDefault();
    const next = Number(from) + step;
    if (next < 0 || next >= nodes.length) return;
    rows.scrollToIndex(next);
    requestAnimationFrame(() =>
      scroller.current?.querySelector<HTMLElement>(`[data-index="${next}"] button`)?.focus(),
    );
  };
  return (
    <ul ref={scroller} className={styles.rows} aria-label={t("canvas.outline")} onKeyDown={press}>
      <li style={{ height: rows.getTotalSize() }} aria-hidden />
      {rows.getVirtualItems().map(({ index, start }) => {
        const node = nodes[index];
        if (!node) return null;
        return (
          <li
            key={node.name}
            data-index={index}
            aria-setsize={nodes.length}
            aria-posinset={index + 1}
            className={styles.row}
            style={{ height: ROW, transform: `translateY(${start}px)` }}
          >
            <Row node={node} onConnect={onConnect} />
          </li>
        );
      })}
    </ul>
  );
}

interface RowProps {
  node: GraphNode;
  onConnect: (name: string) => void;
}

function Row({ node, onConnect }: RowProps) {
  const t = useStrings();
  const store = useDesignerStore();
  const control = useLook((look) => look.control);
  const status = useDesigner(useCallback(({ steps }) => steps[node.name], [node.name]));
  const isSelected = useDesigner(
    useCallback(({ selected }) => selected.includes(node.name), [node.name]),
  );
  const show = () => {
    store.getState().select([node.name]);
    control?.show(node.name);
  };
  const fault = node.faults?.[0];
  return (
    <>
      <button
        type="button"
        className={styles.node}
        aria-current={isSelected || undefined}
        title={fault}
        onClick={show}
      >
        <span className={styles.name}>{node.title}</span>
        <span className={fault ? styles.fault : styles.about}>{fault ?? node.about}</span>
      </button>
      {status && <StatusMark status={statusWord(status)} isWordy={false} />}
      <ActionIcon
        size="sm"
        variant="subtle"
        color="gray"
        aria-label={t("canvas.outline.connect", { node: node.title })}
        title={t("canvas.do.connect")}
        onClick={() => onConnect(node.name)}
      >
        ⤳
      </ActionIcon>
    </>
  );
}
