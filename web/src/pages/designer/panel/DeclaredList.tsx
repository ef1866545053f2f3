import { ActionIcon, Button, Group, Select, Switch, Text, TextInput } from "@mantine/core";
import { useState } from "react";
import { useTyping } from "@/components/fields/typing";
import { CloseIcon } from "@/components/icons";
import { shown } from "@/models/fields";
import type { Declared, Json } from "@/models/pipeline/model";
import { declare, isName, type Own, readersOf, renameOwn, undeclare } from "@/models/pipeline/own";
import { asked } from "@/models/resources";
import { useDesigner, useDesignerStore } from "@/services/designer/store";
import { useStrings } from "@/strings";
import { NameField } from "./NameField";
import classes from "./Panel.module.css";

const TYPES: Record<Own, string[]> = {
  inputs: ["table", "model", "transform", "report", "file", "folder", "checkpoint", "value", "any"],
  parameters: ["String", "Int", "Float", "Bool"],
};

/** The pipeline's own inputs or parameters, all of which can be changed here. */
export function DeclaredList({ own }: { own: Own }) {
  const t = useStrings();
  const { edit } = useDesignerStore().getState();
  const declared = useDesigner((designer) => designer.history.now[own]);
  const names = Object.keys(declared ?? {});
  const [added, setAdded] = useState("");
  const isNew = isName(added) && !names.includes(added);
  const add = () => {
    if (!isNew) return;
    const type = own === "inputs" ? "table" : "String";
    edit(t("panel.did.declare", { name: added }), declare(own, added, { type }));
    setAdded("");
  };
  return (
    <section aria-label={t(`panel.own.${own}`)}>
      <h3 className={classes.heading}>{t(`panel.own.${own}`)}</h3>
      {!names.length && (
        <Text size="xs" c="dimmed">
          {t(`panel.own.${own}.none`)}
        </Text>
      )}
      {names.map((name) => (
        <Card key={name} own={own} name={name} />
      ))}
      <Group gap={6} mt={6} wrap="nowrap">
        <TextInput
          size="xs"
          flex={1}
          aria-label={t(`panel.own.${own}.name`)}
          placeholder={t(`panel.own.${own}.name`)}
          value={added}
          spellCheck={false}
          onChange={(event) => setAdded(event.currentTarget.value)}
          onKeyDown={(event) => event.key === "Enter" && add()}
        />
        <Button size="xs" variant="default" disabled={!isNew} onClick={add}>
          {t("panel.add")}
        </Button>
      </Group>
    </section>
  );
}

interface CardProps {
  own: Own;
  name: string;
}

function Card({ own, name }: CardProps) {
  const t = useStrings();
  const store = useDesignerStore();
  const { edit } = store.getState();
  const pipeline = useDesigner((designer) => designer.history.now);
  const declared = pipeline[own]?.[name];
  if (!declared) return null;
  const readers = readersOf(pipeline, own, name);
  const put = (next: Declared, burst: string) =>
    edit(t("panel.did.declare", { name }), declare(own, name, next), `${own}.${name}.${burst}`);
  const call = (to: string): string => {
    if (!isName(to)) return t("panel.name.wrong");
    const { history } = store.getState();
    if (to in { ...history.now.inputs, ...history.now.parameters }) return t("panel.name.taken");
    edit(t("panel.did.rename", { from: name, to }), renameOwn(own, name, to));
    return "";
  };
  const types = TYPES[own].includes(declared.type) ? TYPES[own] : [declared.type, ...TYPES[own]];
  return (
    <div className={classes.card}>
      <Group gap={6} wrap="nowrap" align="flex-start">
        <div style={{ flex: 1 }}>
          <NameField isQuiet label={t(`panel.own.${own}.name`)} value={name} onChange={call} />
        </div>
        <Select
          size="xs"
          w={104}
          aria-label={t("panel.own.type", { name })}
          data={types}
          value={declared.type}
          allowDeselect={false}
          onChange={(type) => type && put({ ...declared, type }, "type")}
        />
        <ActionIcon
          variant="subtle"
          color="gray"
          aria-label={t("fields.remove", { name })}
          onClick={() => edit(t("panel.did.undeclare", { name }), undeclare(own, name))}
        >
          <CloseIcon size={12} />
        </ActionIcon>
      </Group>
      {own === "parameters" ? (
        <Default name={name} declared={declared} onChange={put} />
      ) : (
        <Needed name={name} declared={declared} onChange={put} />
      )}
      <Text size="xs" c="dimmed" mt={4}>
        {readers.length
          ? t("panel.own.readers", { nodes: readers.join(", ") })
          : t("panel.own.unread")}
      </Text>
    </div>
  );
}

interface PartProps {
  name: string;
  declared: Declared;
  onChange: (declared: Declared, burst: string) => void;
}

function Default({ name, declared, onChange }: PartProps) {
  const t = useStrings();
  const parse = (text: string): Json | undefined =>
    declared.type === "Int" || declared.type === "Float" ? asked(text) : text || undefined;
  const [text, setText] = useTyping(declared.default, shown(declared.default), parse);
  const write = (value: Json | undefined) => {
    const { default: _, ...rest } = declared;
    onChange(value === undefined ? (rest as Declared) : { ...declared, default: value }, "default");
  };
  if (declared.type === "Bool")
    return (
      <Switch
        size="xs"
        mt={6}
        label={t("panel.own.default")}
        checked={/^true$/i.test(shown(declared.default))}
        onChange={(event) => write(event.currentTarget.checked)}
      />
    );
  return (
    <TextInput
      size="xs"
      mt={6}
      aria-label={`${t("panel.own.default")}: ${name}`}
      placeholder={t("panel.own.default")}
      value={text}
      spellCheck={false}
      onChange={(event) => {
        setText(event.currentTarget.value);
        write(parse(event.currentTarget.value));
      }}
    />
  );
}

function Needed({ declared, onChange }: PartProps) {
  const t = useStrings();
  const { required: _, ...rest } = declared;
  return (
    <Switch
      size="xs"
      mt={6}
      label={t("panel.own.required")}
      checked={declared.required !== false}
      onChange={(event) =>
        onChange(
          event.currentTarget.checked ? (rest as Declared) : { ...declared, required: false },
          "required",
        )
      }
    />
  );
}
