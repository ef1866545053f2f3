import {
  ActionIcon,
  Button,
  Checkbox,
  Group,
  MultiSelect,
  Select,
  TextInput,
  Title,
} from "@mantine/core";
import { useNames } from "@/components/names";
import { type ComponentForm, type Fields, listAt, textAt, withAt } from "@/models/componentText";
import { useStrings } from "@/strings";
import { type Making, shownFault } from "./editing";
import classes from "./form.module.css";
import { addRow, changeRow, nameFault, removeRow } from "./rows";

const TYPES = [
  "table",
  "file",
  "folder",
  "model",
  "transform",
  "checkpoint",
  "report",
  "value",
  "any",
];
const PLACES = ["oss", "nas", "table", "http", "dataset"] as const;

interface Props {
  making: Making;
  form: ComponentForm;
  list: "inputs" | "outputs";
}

/** The ports of one side, with a "+" for another. */
export function PortRows({ making, form, list }: Props) {
  const t = useStrings();
  const isInput = list === "inputs";
  return (
    <section>
      <Group justify="space-between" mb="xs">
        <Title order={2} size="h5">
          {t(isInput ? "make.inputs" : "make.outputs")}
        </Title>
        <Button
          size="compact-sm"
          variant="default"
          onClick={() =>
            making.change(addRow(list, isInput ? "input" : "output", { type: "folder" }))
          }
        >
          + {t(isInput ? "make.input.add" : "make.output.add")}
        </Button>
      </Group>
      {form[list].map((_, at) => (
        // biome-ignore lint/suspicious/noArrayIndexKey: a row's name changes as it is typed.
        <PortRow key={at} making={making} form={form} list={list} at={at} />
      ))}
    </section>
  );
}

function PortRow({ making, form, list, at }: Props & { at: number }) {
  const t = useStrings();
  const names = useNames();
  const row = form[list][at];
  if (!row) return null;
  const set = (field: string, value: string | string[] | undefined) =>
    making.change(
      changeRow(list, at, (row) => ({ ...row, fields: withAt(row.fields, [field], value) })),
    );
  const type = textAt(row.fields, "type") || "any";
  const fault = (field: string) => shownFault(making, `${list}.${row.name}.${field}`, true);
  const isInput = list === "inputs";
  const places = isInput ? "sources" : "storage";
  return (
    <fieldset className={classes.row} aria-label={row.name}>
      <TextInput
        size="xs"
        label={t("make.name")}
        value={row.name}
        error={nameFault(t, making, list, form[list], at)}
        onChange={(event) => {
          const name = event.currentTarget.value;
          making.change(changeRow(list, at, (row) => ({ ...row, name })));
        }}
      />
      <Select
        size="xs"
        label={t("make.type")}
        data={TYPES.map((value) => ({ value, label: names.type(value) }))}
        value={type}
        allowDeselect={false}
        leftSection={names.mark(type)}
        error={fault("type")}
        onChange={(value) => set("type", value ?? "any")}
      />
      <Places fields={row.fields} isInput={isInput} set={set} error={fault(places)} />
      <TextInput
        size="xs"
        label={t("make.description")}
        value={textAt(row.fields, "description")}
        onChange={(event) => set("description", event.currentTarget.value)}
      />
      {isInput ? <Required fields={row.fields} set={set} /> : <span />}
      <ActionIcon
        variant="subtle"
        color="gray"
        aria-label={t("make.remove", { name: row.name })}
        onClick={() => making.change(removeRow(list, at))}
      >
        ×
      </ActionIcon>
    </fieldset>
  );
}

interface FieldProps {
  fields: Fields;
  set: (field: string, value: string | string[] | undefined) => void;
}

/** Where PAI lets the data come from, or be stored. */
function Places({ fields, isInput, set, error }: FieldProps & { isInput: boolean; error: string }) {
  const t = useStrings();
  const field = isInput ? "sources" : "storage";
  return (
    <MultiSelect
      size="xs"
      label={t(`make.${field}`)}
      data={PLACES.map((value) => ({ value, label: t(`make.place.${value}`) }))}
      value={listAt(fields, field)}
      error={error}
      onChange={(value) => set(field, value)}
    />
  );
}

function Required({ fields, set }: FieldProps) {
  const t = useStrings();
  return (
    <Checkbox
      size="xs"
      label={t("make.required")}
      checked={textAt(fields, "required").toLowerCase() !== "false"}
      onChange={(event) => set("required", event.currentTarget.checked ? undefined : "false")}
    />
  );
}
