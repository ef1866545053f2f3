import { Checkbox, MultiSelect, Select, SimpleGrid, Stack, Text, TextInput } from "@mantine/core";
import { useCallback } from "react";
import { useTyping } from "@/components/fields/typing";
import { changeNode, setField } from "@/models/pipeline/edit";
import { type Change, type Json, type PipelineNode, reach } from "@/models/pipeline/model";
import type { Face } from "@/models/ports";
import { asked, mostOf, replicasOf, sizeText, withEntry, withReplicas } from "@/models/resources";
import { faceOf, useDesigner, useDesignerStore } from "@/services/designer/store";
import { useStrings } from "@/strings";
import { Environment } from "./Environment";
import { Foreach } from "./Foreach";
import { faultAt, useFaults } from "./faults";
import classes from "./Panel.module.css";

/** What a node asks of the machine, when it runs, and what happens if it fails. */
export function Resources({ name }: { name: string }) {
  const t = useStrings();
  const face = useDesigner((designer) => faceOf(designer, name));
  const isPipeline = face?.kind === "pipeline";
  return (
    <Stack gap="sm">
      {face && !isPipeline && <Machine name={name} face={face} />}
      <h3 className={classes.heading}>{t("resources.failure")}</h3>
      <Failure name={name} isPipeline={isPipeline} />
      <h3 className={classes.heading}>{t("resources.order")}</h3>
      <Order name={name} />
      {!isPipeline && <Environment name={name} />}
    </Stack>
  );
}

/** A node and how its fields are changed, each change with its word for the undo list. */
export function useNode(name: string) {
  const t = useStrings();
  const store = useDesignerStore();
  const node = useDesigner((designer) => designer.history.now.nodes[name]);
  const faults = useFaults(name);
  const edit = useCallback(
    (field: string, change: Change) =>
      store.getState().edit(t("panel.did.field", { name, field }), change, `${name}.${field}`),
    [store, t, name],
  );
  const set = useCallback(
    (field: string, value: unknown) => edit(field, setField(name, field, value)),
    [edit, name],
  );
  return {
    node: node ?? { component: "" },
    set,
    edit,
    faultOf: (field: string) => faultAt(faults, field),
  };
}

interface FieldProps {
  label: string;
  value: string;
  placeholder?: string;
  description?: string;
  fault?: string;
  onChange: (value: Json | undefined) => void;
}

export function Words({ label, value, placeholder, description, fault, onChange }: FieldProps) {
  const [written, setWritten] = useTyping(asked(value), value, asked);
  return (
    <TextInput
      size="xs"
      label={label}
      value={written}
      placeholder={placeholder}
      description={description}
      error={fault || undefined}
      spellCheck={false}
      inputWrapperOrder={["label", "input", "description", "error"]}
      onChange={(event) => {
        setWritten(event.currentTarget.value);
        onChange(asked(event.currentTarget.value));
      }}
    />
  );
}

const text = (value: unknown): string =>
  value === undefined || value === null ? "" : typeof value === "object" ? "" : String(value);

function Machine({ name, face }: { name: string; face: Face }) {
  const t = useStrings();
  const { node, edit, faultOf } = useNode(name);
  const own = (node.resources ?? {}) as Record<string, unknown>;
  const usual = face.resources;
  const put = (field: string, value: Json | undefined) =>
    edit(
      "resources",
      changeNode(name, (known) => withField(known, field, value)),
    );
  const mayGpu = !face.constraints || face.constraints.instance_type === "GPU";
  return (
    <>
      <Counts name={name} face={face} />
      <SimpleGrid cols={2} spacing="xs">
        <Words
          label={t("resources.cpu")}
          value={text(own.cpu)}
          placeholder={text(usual?.cpu) || t("resources.any")}
          onChange={(value) => put("cpu", value)}
        />
        <Words
          label={t("resources.memory")}
          value={text(own.memory)}
          placeholder={sizeText(usual?.memory) || t("resources.any")}
          onChange={(value) => put("memory", value)}
        />
        {mayGpu && (
          <Words
            label={t("resources.gpu")}
            value={text(own.gpu)}
            placeholder={text(usual?.gpu) || "0"}
            description={
              face.constraints?.multiple_gpus === false ? t("resources.gpu.one") : undefined
            }
            onChange={(value) => put("gpu", value)}
          />
        )}
      </SimpleGrid>
      <Fault text={faultOf("resources")} />
      {!mayGpu && (
        <Text size="xs" c="dimmed">
          {t("resources.gpu.none")}
        </Text>
      )}
    </>
  );
}

function withField(node: PipelineNode, field: string, value: Json | undefined): PipelineNode {
  const { resources, ...rest } = node;
  const next = withEntry(resources, field, value);
  return next ? { ...rest, resources: next } : rest;
}

export function Fault({ text: said }: { text: string }) {
  if (!said) return null;
  return (
    <Text size="xs" c="red">
      {said}
    </Text>
  );
}

function Counts({ name, face }: { name: string; face: Face }) {
  const t = useStrings();
  const { node, set, faultOf } = useNode(name);
  const counts = replicasOf(node, face);
  if (face.constraints?.multiple_instances === false && !node.replicas)
    return (
      <Text size="xs" c="dimmed">
        {t("resources.replicas.one")}
      </Text>
    );
  const write = (role: string, value: Json | undefined) => {
    const count = value === undefined ? null : Number(value);
    if (count !== null && (!Number.isInteger(count) || count < 1)) return;
    set("replicas", withReplicas(node, face, role, count));
  };
  return (
    <>
      <SimpleGrid cols={2} spacing="xs">
        {face.roles.map(({ role, minimum }) => {
          const most = mostOf(face, role);
          return (
            <Words
              key={role}
              label={
                face.roles.length === 1 ? t("resources.replicas") : t("resources.role", { role })
              }
              value={text(counts[role])}
              placeholder={String(Math.max(minimum, face.roles.length === 1 ? 1 : 0))}
              description={most === null ? undefined : t("resources.atMost", { most })}
              onChange={(value) => write(role, value)}
            />
          );
        })}
      </SimpleGrid>
      <Fault text={faultOf("replicas")} />
    </>
  );
}

function Failure({ name, isPipeline }: { name: string; isPipeline: boolean }) {
  const t = useStrings();
  const { node, set, faultOf } = useNode(name);
  return (
    <>
      <SimpleGrid cols={2} spacing="xs">
        <Words
          label={t("resources.retries")}
          value={text(node.retries)}
          placeholder="0"
          fault={faultOf("retries")}
          onChange={(value) => set("retries", value)}
        />
        {!isPipeline && (
          <Words
            label={t("resources.timeout")}
            value={text(node.timeout)}
            placeholder={t("resources.timeout.none")}
            fault={faultOf("timeout")}
            onChange={(value) => set("timeout", value)}
          />
        )}
      </SimpleGrid>
      <Select
        size="xs"
        label={t("resources.onLost")}
        data={[
          { value: "retry", label: t("resources.onLost.retry") },
          { value: "fail", label: t("resources.onLost.fail") },
        ]}
        value={text(node.on_lost) || "retry"}
        allowDeselect={false}
        onChange={(value) => set("on_lost", value === "retry" ? undefined : value)}
      />
      <Checkbox
        size="xs"
        label={t("resources.continue")}
        checked={node.continue_on_failure === true}
        onChange={(event) => set("continue_on_failure", event.currentTarget.checked || undefined)}
      />
    </>
  );
}

function Order({ name }: { name: string }) {
  const t = useStrings();
  const { node, set, faultOf } = useNode(name);
  const pipeline = useDesigner((designer) => designer.history.now);
  const below = reach(pipeline, [name], "down");
  const others = Object.keys(pipeline.nodes).filter((each) => each !== name && !below.has(each));
  return (
    <>
      <MultiSelect
        size="xs"
        label={t("resources.after")}
        description={t("resources.after.about")}
        inputWrapperOrder={["label", "input", "description", "error"]}
        data={[...new Set([...others, ...(node.after ?? [])])]}
        value={node.after ?? []}
        limit={100}
        searchable
        error={faultOf("after") || undefined}
        onChange={(after) => set("after", after.length ? after : undefined)}
      />
      <TextInput
        size="xs"
        label={t("resources.when")}
        description={t("resources.when.about")}
        inputWrapperOrder={["label", "input", "description", "error"]}
        placeholder="check.score > 0.9"
        value={text(node.when)}
        spellCheck={false}
        error={faultOf("when") || undefined}
        onChange={(event) => set("when", event.currentTarget.value || undefined)}
      />
      <Foreach name={name} />
    </>
  );
}
