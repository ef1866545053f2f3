import { ActionIcon, Group, Select, Text, TextInput } from "@mantine/core";
import { useState } from "react";
import { CloseIcon } from "@/components/icons";
import { split } from "@/models/pipeline/model";
import { isName, setOutput } from "@/models/pipeline/own";
import { faceOf, useDesigner, useDesignerStore } from "@/services/designer/store";
import { useStrings } from "@/strings";
import classes from "./Panel.module.css";

/** What the pipeline gives: which ports of its nodes, and under which names. */
export function Outputs() {
  const t = useStrings();
  const store = useDesignerStore();
  const outputs = useDesigner((designer) => designer.history.now.outputs);
  const [name, setName] = useState("");
  const [ports, setPorts] = useState<string[]>([]);
  const isNew = isName(name) && !(name in (outputs ?? {}));
  const put = (output: string, from: string) =>
    store.getState().edit(t("panel.did.output", { name: output }), setOutput(output, from));
  const look = () => {
    const designer = store.getState();
    setPorts(
      Object.keys(designer.history.now.nodes).flatMap((node) =>
        (faceOf(designer, node)?.outputs ?? []).map((output) => `${node}.${output.name}`),
      ),
    );
  };
  const data = (from: string) =>
    (!from || ports.includes(from) ? ports : [from, ...ports]).map((port) => ({
      value: port,
      label: split(port).join(" · "),
    }));
  return (
    <section aria-label={t("panel.own.outputs")}>
      <h3 className={classes.heading}>{t("panel.own.outputs")}</h3>
      {!Object.keys(outputs ?? {}).length && (
        <Text size="xs" c="dimmed">
          {t("panel.own.outputs.none")}
        </Text>
      )}
      {Object.entries(outputs ?? {}).map(([output, { from }]) => (
        <Group key={output} gap={6} mt={6} wrap="nowrap">
          <Text size="xs" className={classes.grow}>
            {output}
          </Text>
          <Select
            size="xs"
            w={150}
            aria-label={t("panel.own.output.from", { name: output })}
            data={data(from)}
            value={from}
            searchable
            limit={100}
            allowDeselect={false}
            onDropdownOpen={look}
            onChange={(port) => port && put(output, port)}
          />
          <ActionIcon
            variant="subtle"
            color="gray"
            aria-label={t("fields.remove", { name: output })}
            onClick={() => put(output, "")}
          >
            <CloseIcon size={12} />
          </ActionIcon>
        </Group>
      ))}
      <Group gap={6} mt={6} wrap="nowrap">
        <TextInput
          size="xs"
          flex={1}
          aria-label={t("panel.own.output.name")}
          placeholder={t("panel.own.output.name")}
          value={name}
          spellCheck={false}
          onChange={(event) => setName(event.currentTarget.value)}
        />
        <Select
          size="xs"
          w={150}
          aria-label={t("panel.own.output.from", { name: name || t("panel.own.outputs") })}
          placeholder={t("panel.own.output.port")}
          data={data("")}
          value={null}
          searchable
          limit={100}
          disabled={!isNew}
          onDropdownOpen={look}
          onChange={(port) => {
            if (!port) return;
            put(name, port);
            setName("");
          }}
        />
      </Group>
    </section>
  );
}
