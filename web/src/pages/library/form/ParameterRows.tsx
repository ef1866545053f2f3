import { ActionIcon, Button, Checkbox, Group, Select, TextInput, Title } from "@mantine/core";
import { type ComponentForm, type Fields, textAt, withAt } from "@/models/componentText";
import { useStrings } from "@/strings";
import { type Making, shownFault } from "./editing";
import classes from "./form.module.css";
import { DefaultField, Limits } from "./Limits";
import { addRow, changeRow, nameFault, removeRow } from "./rows";

const TYPES = ["Int", "Float", "String", "Bool", "Column", "Columns"] as const;
/** What belongs to some types only, and goes when another is chosen. */
const OF_TYPES = ["default", "range", "length", "enum", "pattern", "input", "dtype"];

interface Props {
  making: Making;
  form: ComponentForm;
}

/** The hyperparameters, with a "+" for another. */
export function ParameterRows({ making, form }: Props) {
  const t = useStrings();
  return (
    <section>
      <Group justify="space-between" mb="xs">
        <Title order={2} size="h5">
          {t("make.parameters")}
        </Title>
        <Button
          size="compact-sm"
          variant="default"
          onClick={() => making.change(addRow("parameters", "parameter", { type: "String" }))}
        >
          + {t("make.parameter.add")}
        </Button>
      </Group>
      {form.parameters.map((_, at) => (
        // biome-ignore lint/suspicious/noArrayIndexKey: a row's name changes as it is typed.
        <ParameterRow key={at} making={making} form={form} at={at} />
      ))}
    </section>
  );
}

/** How a row's fields are read, written and judged. */
export interface Row {
  fields: Fields;
  change: (edit: (fields: Fields) => Fields) => void;
  set: (field: string, value: string | string[] | undefined) => void;
  fault: (field: string) => string;
  /** The inputs whose columns a parameter may name. */
  tables: string[];
}

function ParameterRow({ making, form, at }: Props & { at: number }) {
  const t = useStrings();
  const row = form.parameters[at];
  if (!row) return null;
  const change = (edit: (fields: Fields) => Fields) =>
    making.change(changeRow("parameters", at, (row) => ({ ...row, fields: edit(row.fields) })));
  const bound: Row = {
    fields: row.fields,
    change,
    set: (field, value) => change((fields) => withAt(fields, [field], value)),
    fault: (field) => shownFault(making, `parameters.${row.name}.${field}`, true),
    tables: form.inputs
      .filter(({ fields }) => ["table", "any", ""].includes(textAt(fields, "type")))
      .map(({ name }) => name),
  };
  return (
    <fieldset className={classes.parameter} aria-label={row.name}>
      <div className={classes.line}>
        <TextInput
          size="xs"
          label={t("make.name")}
          value={row.name}
          error={nameFault(t, making, "parameters", form.parameters, at)}
          onChange={(event) => {
            const name = event.currentTarget.value;
            making.change(changeRow("parameters", at, (row) => ({ ...row, name })));
          }}
        />
        <TypeFields row={bound} />
        <ActionIcon
          variant="subtle"
          color="gray"
          aria-label={t("make.remove", { name: row.name })}
          onClick={() => making.change(removeRow("parameters", at))}
        >
          ×
        </ActionIcon>
      </div>
      <Limits row={bound} />
      <Words row={bound} />
    </fieldset>
  );
}

function TypeFields({ row }: { row: Row }) {
  const t = useStrings();
  return (
    <>
      <Select
        size="xs"
        label={t("make.type")}
        data={TYPES.map((value) => ({ value, label: t(`make.type.${value}`) }))}
        value={textAt(row.fields, "type") || null}
        allowDeselect={false}
        error={row.fault("type")}
        onChange={(type) => row.change((fields) => retyped(fields, type ?? "String", row.tables))}
      />
      <DefaultField row={row} />
      <Checkbox
        size="xs"
        label={t("make.required")}
        checked={textAt(row.fields, "required").toLowerCase() === "true"}
        onChange={(event) => row.set("required", event.currentTarget.checked ? "true" : undefined)}
      />
    </>
  );
}

/** What is said of a parameter, and where it stands. */
function Words({ row }: { row: Row }) {
  const t = useStrings();
  return (
    <div className={classes.words}>
      <TextInput
        size="xs"
        label={t("make.title")}
        value={textAt(row.fields, "display_name")}
        onChange={(event) => row.set("display_name", event.currentTarget.value)}
      />
      <TextInput
        size="xs"
        label={t("make.description")}
        value={textAt(row.fields, "description")}
        onChange={(event) => row.set("description", event.currentTarget.value)}
      />
      <Select
        size="xs"
        label={t("make.group")}
        data={(["params", "fields", "tuning"] as const).map((value) => ({
          value,
          label: t(`make.group.${value}`),
        }))}
        value={textAt(row.fields, "group") || "params"}
        allowDeselect={false}
        onChange={(group) => row.set("group", group === "params" ? undefined : (group ?? ""))}
      />
    </div>
  );
}

function retyped(fields: Fields, type: string, tables: string[]): Fields {
  let made: Fields = { ...withAt(fields, ["type"], type) };
  for (const name of OF_TYPES) made = withAt(made, [name], undefined);
  const [table] = tables;
  return type.startsWith("Column") && table ? { ...made, input: table } : made;
}
