import { Checkbox, Select, TagsInput, TextInput } from "@mantine/core";
import { boundsOf, listAt, textAt, withBounds } from "@/models/componentText";
import { useStrings } from "@/strings";
import classes from "./form.module.css";
import type { Row } from "./ParameterRows";

/** A default of the parameter's type. */
export function DefaultField({ row }: { row: Row }) {
  const t = useStrings();
  const type = textAt(row.fields, "type");
  const value = textAt(row.fields, "default");
  const label = t("make.default");
  const error = row.fault("default");
  if (type === "Bool")
    return (
      <Select
        size="xs"
        label={label}
        data={["true", "false"]}
        clearable
        value={value.toLowerCase() || null}
        error={error}
        onChange={(value) => row.set("default", value ?? undefined)}
      />
    );
  if (type === "Columns")
    return (
      <TagsInput
        size="xs"
        label={label}
        value={value ? value.split(",") : listAt(row.fields, "default")}
        error={error}
        onChange={(value) => row.set("default", value)}
      />
    );
  return (
    <TextInput
      size="xs"
      label={label}
      value={value}
      error={error}
      onChange={(event) => row.set("default", event.currentTarget.value)}
    />
  );
}

/** What values a parameter takes, as far as its type can say it. */
export function Limits({ row }: { row: Row }) {
  const type = textAt(row.fields, "type");
  if (type === "Int" || type === "Float") return <NumberLimits row={row} />;
  if (type === "String") return <TextLimits row={row} />;
  if (type.startsWith("Column")) return <ColumnLimits row={row} />;
  return null;
}

function NumberLimits({ row }: { row: Row }) {
  const t = useStrings();
  const bounds = boundsOf(row.fields);
  const hasChoices = listAt(row.fields, "enum").length > 0;
  const change = (part: Partial<typeof bounds>) =>
    row.change((fields) => withBounds(fields, { ...boundsOf(fields), ...part }));
  return (
    <div className={classes.limits}>
      {!hasChoices && (
        <>
          <TextInput
            size="xs"
            label={t("make.least")}
            value={bounds.least}
            error={row.fault("range")}
            onChange={(event) => change({ least: event.currentTarget.value })}
          />
          <Checkbox
            size="xs"
            label={t("make.above")}
            disabled={!bounds.least}
            checked={bounds.isAbove}
            onChange={(event) => change({ isAbove: event.currentTarget.checked })}
          />
          <TextInput
            size="xs"
            label={t("make.greatest")}
            value={bounds.greatest}
            onChange={(event) => change({ greatest: event.currentTarget.value })}
          />
          <Checkbox
            size="xs"
            label={t("make.below")}
            disabled={!bounds.greatest}
            checked={bounds.isBelow}
            onChange={(event) => change({ isBelow: event.currentTarget.checked })}
          />
        </>
      )}
      <Choices row={row} />
    </div>
  );
}

function Choices({ row }: { row: Row }) {
  const t = useStrings();
  const value = listAt(row.fields, "enum");
  return (
    <TagsInput
      size="xs"
      className={classes.choices}
      label={t("make.choices")}
      value={value}
      error={row.fault("enum")}
      onChange={(value) => row.set("enum", value)}
    />
  );
}

function TextLimits({ row }: { row: Row }) {
  const t = useStrings();
  const [least = "", greatest = ""] = listAt(row.fields, "length");
  const setLength = (least: string, greatest: string) =>
    row.set("length", least || greatest ? [least || "0", greatest || least] : undefined);
  return (
    <div className={classes.limits}>
      <Choices row={row} />
      <TextInput
        size="xs"
        label={t("make.pattern")}
        value={textAt(row.fields, "pattern")}
        error={row.fault("pattern")}
        onChange={(event) => row.set("pattern", event.currentTarget.value)}
      />
      <TextInput
        size="xs"
        w={130}
        label={t("make.shortest")}
        value={least}
        error={row.fault("length")}
        onChange={(event) => setLength(event.currentTarget.value, greatest)}
      />
      <TextInput
        size="xs"
        w={130}
        label={t("make.longest")}
        value={greatest}
        onChange={(event) => setLength(least, event.currentTarget.value)}
      />
    </div>
  );
}

function ColumnLimits({ row }: { row: Row }) {
  const t = useStrings();
  return (
    <div className={classes.limits}>
      <Select
        size="xs"
        label={t("make.of")}
        data={row.tables}
        value={textAt(row.fields, "input") || null}
        error={row.fault("input")}
        onChange={(input) => row.set("input", input ?? undefined)}
      />
      <Select
        size="xs"
        label={t("make.dtype")}
        placeholder={t("make.dtype")}
        clearable
        data={(["number", "text", "time", "bool"] as const).map((value) => ({
          value,
          label: t(`make.dtype.${value}`),
        }))}
        value={textAt(row.fields, "dtype") || null}
        error={row.fault("dtype")}
        onChange={(dtype) => row.set("dtype", dtype ?? undefined)}
      />
    </div>
  );
}
