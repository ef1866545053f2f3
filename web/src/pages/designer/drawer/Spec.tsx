import { Alert, Button, Group, Text } from "@mantine/core";
import { useMemo, useState } from "react";
import { parse, stringify } from "yaml";
import { Editor } from "@/components/editor/Editor";
import { placed } from "@/models/pipeline/fault";
import type { Change, Pipeline, PipelineNode } from "@/models/pipeline/model";
import { read, write } from "@/models/pipeline/text";
import { useDesigner, useDesignerStore } from "@/services/designer/store";
import { useStrings } from "@/strings";
import classes from "./Drawer.module.css";

/** The chosen node, or the whole pipeline, as the file has it; it can be written here too. */
export function Spec({ name }: { name: string }) {
  const t = useStrings();
  const store = useDesignerStore();
  const pipeline = useDesigner((designer) => designer.history.now);
  const faults = useDesigner((designer) => designer.plan?.faults);
  const saved = useMemo(
    () => textOf(pipeline, name, store.getState().text),
    [pipeline, name, store],
  );
  const [written, setWritten] = useState<{ text: string; of: string } | null>(null);
  const text = written?.text ?? saved;
  const { change, fault } = useMemo(() => changeOf(text, name), [text, name]);
  const isChanged = text !== saved;
  // What was changed on the canvas meanwhile would be undone by applying this.
  const isOvertaken = isChanged && written !== null && written.of !== saved;
  const apply = () => {
    if (!change) return;
    // Comments are in the text alone.
    if (!name) store.getState().set({ text });
    store.getState().edit(t("spec.did", { name: name || t("panel.pipeline") }), change);
    setWritten(null);
  };
  const told =
    name || isChanged ? [] : (faults ?? []).map(({ line, message }) => ({ line, message }));
  return (
    <div className={classes.spec}>
      <Group gap="xs">
        <Text size="xs" c="dimmed" style={{ flex: 1 }}>
          {name ? t("spec.node") : t("spec.pipeline")}
        </Text>
        <Button
          size="compact-xs"
          variant="default"
          disabled={!isChanged}
          onClick={() => setWritten(null)}
        >
          {t("spec.discard")}
        </Button>
        <Button size="compact-xs" disabled={!isChanged || !change} onClick={apply}>
          {t("spec.apply")}
        </Button>
      </Group>
      {isChanged && fault && (
        <Alert color="red" p={6}>
          {placed(fault).message}
        </Alert>
      )}
      {isOvertaken && (
        <Alert color="yellow" p={6}>
          {t("spec.overtaken")}
        </Alert>
      )}
      {name && !isChanged && <NodeFaults name={name} />}
      <Editor
        language="yaml"
        label={t("drawer.spec")}
        value={text}
        faults={told}
        onChange={(next) =>
          setWritten(next === saved ? null : { text: next, of: written?.of ?? saved })
        }
      />
    </div>
  );
}

function NodeFaults({ name }: { name: string }) {
  const faults = useDesigner((designer) => designer.plan?.faults);
  const own = (faults ?? []).filter((fault) => fault.node === name);
  return (
    <>
      {own.map((fault) => (
        <Text
          key={fault.path + fault.message}
          size="xs"
          c={fault.severity === "warning" ? "orange" : "red"}
        >
          {[fault.field, fault.name].filter(Boolean).join(" · ")} {fault.message}
        </Text>
      ))}
    </>
  );
}

function textOf(pipeline: Pipeline, name: string, former: string): string {
  if (!name) return write(pipeline, former);
  const node = pipeline.nodes[name];
  return node ? stringify(node, { lineWidth: 100 }) : "";
}

interface Written {
  change: Change | null;
  fault: string;
}

function changeOf(text: string, name: string): Written {
  if (!name) {
    const { pipeline, fault } = read(text);
    return { change: pipeline && (() => pipeline), fault };
  }
  try {
    const node = parse(text) as PipelineNode | null;
    const isNode = typeof node === "object" && node !== null && typeof node.component === "string";
    if (!isNode) return { change: null, fault: "component: missing" };
    return {
      change: (now) => ({ ...now, nodes: { ...now.nodes, [name]: node } }),
      fault: "",
    };
  } catch (error) {
    return { change: null, fault: error instanceof Error ? error.message : String(error) };
  }
}
