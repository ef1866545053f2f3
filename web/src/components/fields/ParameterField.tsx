import {
  Autocomplete,
  Group,
  Input,
  MultiSelect,
  Pill,
  Select,
  Switch,
  TagsInput,
  Text,
  Textarea,
  TextInput,
} from "@mantine/core";
import { type ReactNode, useId } from "react";
import {
  type Column,
  isLong,
  listed,
  missing,
  offered,
  type Parameter,
  shown,
  titleOf,
  typed,
  type Value,
  wrong,
} from "@/models/fields";
import { useStrings } from "@/strings";
import classes from "./ParameterField.module.css";
import { useTyping } from "./typing";

export interface ParameterFieldProps {
  parameter: Parameter;
  /** The value that the file has; `undefined` is the component's default. */
  value: Value;
  onChange: (value: Value) => void;
  /** The columns of the table that a column is picked from, as far as they are known. */
  columns?: Column[];
  /** Whether the table may have no others. */
  isWhole?: boolean;
  /** What the server finds wrong. */
  fault?: string;
  /** What else can be done with it, beside its title. */
  actions?: ReactNode;
}

/** One parameter of a component, as its declaration says. */
export function ParameterField(props: ParameterFieldProps) {
  const { parameter, value, columns, isWhole = true, actions } = props;
  const t = useStrings();
  const id = useId();
  const fault = useFault(props);
  const gone = parameter.columns ? missing(value, columns, isWhole) : [];
  const missed = gone.length ? t("fields.missing", { names: gone.join(", ") }) : "";
  const isSwitch = parameter.type === "Bool" && !parameter.choices.length;
  return (
    <Input.Wrapper
      labelElement={isSwitch ? "div" : "label"}
      id={id}
      label={<span className={classes.title}>{titleOf(parameter)}</span>}
      required={parameter.required && parameter.default === null}
      error={fault || missed || undefined}
      className={classes.field}
      data-parameter={parameter.name}
    >
      {actions && <div className={classes.actions}>{actions}</div>}
      <Field {...props} id={id} isWrong={Boolean(fault || missed)} gone={gone} />
      {parameter.description && (
        <Text component="p" size="xs" c="dimmed" mt={4}>
          <Described text={parameter.description} />
        </Text>
      )}
    </Input.Wrapper>
  );
}

function useFault({ parameter, value, fault }: ParameterFieldProps): string {
  const t = useStrings();
  if (fault) return fault;
  const found = wrong(parameter, value);
  // That something is still to be filled in is said by its star; it is no reproach.
  if (!found || found.key === "fault.required") return "";
  const { key, ...values } = found;
  return t(`fields.${key}`, values);
}

interface FieldProps extends ParameterFieldProps {
  id: string;
  isWrong: boolean;
  gone: string[];
}

function Field(props: FieldProps) {
  const { parameter } = props;
  if (parameter.choices.length) return <Choice {...props} />;
  if (parameter.columns || parameter.type === "Columns" || parameter.type === "Column")
    return parameter.columns?.many || parameter.type === "Columns" ? (
      <Columns {...props} />
    ) : (
      <OneColumn {...props} />
    );
  if (parameter.type === "Bool") return <Flag {...props} />;
  return <Words {...props} />;
}

function Choice({ id, parameter, value, onChange, isWrong }: FieldProps) {
  const data = parameter.choices.map((choice) => ({ value: shown(choice), label: shown(choice) }));
  const choiceOf = (text: string) => parameter.choices.find((choice) => shown(choice) === text);
  if (parameter.type === "Columns")
    return (
      <MultiSelect
        id={id}
        size="xs"
        data={data}
        value={listed(value)}
        error={isWrong}
        onChange={(chosen) => onChange(chosen.length ? chosen : undefined)}
      />
    );
  return (
    <Select
      id={id}
      size="xs"
      data={data}
      value={value === undefined ? null : shown(value)}
      placeholder={shown(parameter.default)}
      error={isWrong}
      clearable
      searchable={data.length > 8}
      onChange={(chosen) => onChange(chosen === null ? undefined : choiceOf(chosen))}
    />
  );
}

function Flag({ id, parameter, value, onChange }: FieldProps) {
  const t = useStrings();
  const isOn = value === undefined ? parameter.default === true : /^true$/i.test(shown(value));
  return (
    <Switch
      id={id}
      size="sm"
      checked={isOn}
      label={isOn ? t("fields.on") : t("fields.off")}
      aria-label={titleOf(parameter)}
      onChange={(event) => onChange(event.currentTarget.checked)}
    />
  );
}

function Words({ id, parameter, value, onChange, isWrong }: FieldProps) {
  const parse = (written: string) => typed(parameter, written);
  const [text, setText] = useTyping(value, shown(value), parse);
  const given = {
    id,
    size: "xs",
    value: text,
    placeholder: shown(parameter.default),
    error: isWrong,
    spellCheck: false,
  } as const;
  const write = (event: { currentTarget: { value: string } }) => {
    setText(event.currentTarget.value);
    onChange(parse(event.currentTarget.value));
  };
  if (parameter.type === "String" && isLong(parameter, value))
    return (
      <Textarea
        {...given}
        autosize
        minRows={3}
        maxRows={16}
        onChange={write}
        classNames={{ input: classes.code }}
      />
    );
  const isNumber = parameter.type === "Int" || parameter.type === "Float";
  return <TextInput {...given} inputMode={isNumber ? "decimal" : undefined} onChange={write} />;
}

function OneColumn({ id, parameter, value, onChange, columns, isWrong }: FieldProps) {
  const t = useStrings();
  const known = offered(parameter, columns ?? []);
  return (
    <Autocomplete
      id={id}
      size="xs"
      value={shown(value)}
      placeholder={shown(parameter.default) || placeholderOf(t, columns)}
      data={known.map((column) => column.name)}
      error={isWrong}
      limit={200}
      renderOption={({ option }) => <ColumnOption name={option.value} columns={known} />}
      onChange={(name) => onChange(name || undefined)}
    />
  );
}

function Columns({ id, parameter, value, onChange, columns, isWrong, gone }: FieldProps) {
  const t = useStrings();
  const known = offered(parameter, columns ?? []);
  const chosen = listed(value);
  return (
    <TagsInput
      id={id}
      size="xs"
      value={chosen}
      placeholder={chosen.length ? "" : shown(parameter.default) || placeholderOf(t, columns)}
      data={known.map((column) => column.name)}
      error={isWrong}
      limit={200}
      clearable
      clearButtonProps={{ "aria-label": t("fields.clear") }}
      isDuplicate={(name, names) => names.includes(name)}
      renderOption={({ option }) => <ColumnOption name={option.value} columns={known} />}
      renderPill={({ value: name, onRemove }) => (
        <Pill
          size="xs"
          withRemoveButton
          onRemove={onRemove}
          className={gone.includes(String(name)) ? classes.gone : undefined}
          removeButtonProps={{ "aria-label": t("fields.remove", { name: String(name) }) }}
        >
          {name}
        </Pill>
      )}
      onChange={(names) => onChange(names.length ? names : undefined)}
    />
  );
}

function ColumnOption({ name, columns }: { name: string; columns: Column[] }) {
  const type = columns.find((column) => column.name === name)?.type;
  return (
    <Group justify="space-between" gap="xs" wrap="nowrap" w="100%">
      <Text size="xs" truncate>
        {name}
      </Text>
      <Text size="xs" c="dimmed" ff="monospace">
        {type === "?" ? "" : type}
      </Text>
    </Group>
  );
}

function placeholderOf(t: ReturnType<typeof useStrings>, columns: Column[] | undefined): string {
  return columns?.length ? t("fields.pick") : t("fields.type");
}

/** A description; what stands between backticks is a name of the program's. */
function Described({ text }: { text: string }) {
  return text.split("`").map((part, at) =>
    // biome-ignore lint/suspicious/noArrayIndexKey: the parts of a text do not move
    at % 2 ? <code key={at}>{part}</code> : part,
  );
}
