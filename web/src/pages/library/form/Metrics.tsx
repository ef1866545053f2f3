import { ActionIcon, Button, Group, Text, TextInput, Title } from "@mantine/core";
import {
  type ComponentForm,
  type Fields,
  isFields,
  type Tree,
  textAt,
  withAt,
} from "@/models/componentText";
import { useStrings } from "@/strings";
import { fieldOf, type Making, shownFault } from "./editing";
import classes from "./form.module.css";

interface Props {
  making: Making;
  form: ComponentForm;
}

/** Numbers that are read from the log, with a "+" for another. */
export function Metrics({ making, form }: Props) {
  const t = useStrings();
  const field = fieldOf(making, form, "metrics");
  const rows: Tree[] = Array.isArray(form.fields.metrics) ? form.fields.metrics : [];
  const change = (at: number, fields: Fields) =>
    field.set(rows.map((row, index) => (index === at ? fields : row)));
  return (
    <section>
      <Group justify="space-between" mb="xs">
        <Title order={2} size="h5">
          {t("make.metrics")}
        </Title>
        <Button
          size="compact-sm"
          variant="default"
          onClick={() => field.set([...rows, { name: "metric", regex: "metric=([0-9.]+)" }])}
        >
          + {t("make.metric.add")}
        </Button>
      </Group>
      <Text size="xs" c="dimmed" mb="xs">
        {t("make.metrics.hint")}
      </Text>
      {rows.map((row, at) => (
        <Metric
          // biome-ignore lint/suspicious/noArrayIndexKey: a row's name changes as it is typed.
          key={at}
          fields={isFields(row) ? row : {}}
          fault={(part) => shownFault(making, `metrics[${at}]${part && `.${part}`}`, true, !part)}
          change={(fields) => change(at, fields)}
          remove={() => field.set(rows.filter((_, index) => index !== at))}
        />
      ))}
    </section>
  );
}

interface MetricProps {
  fields: Fields;
  fault: (part: string) => string;
  change: (fields: Fields) => void;
  remove: () => void;
}

function Metric({ fields, fault, change, remove }: MetricProps) {
  const t = useStrings();
  const name = textAt(fields, "name");
  const part = (part: "name" | "regex" | "description") => ({
    size: "xs",
    value: textAt(fields, part),
    error: fault(part) || (part === "name" && fault("")),
    onChange: (event: { currentTarget: { value: string } }) =>
      change(withAt(fields, [part], event.currentTarget.value)),
  });
  return (
    <fieldset className={`${classes.row} ${classes.metric}`} aria-label={name}>
      <TextInput label={t("make.name")} {...part("name")} />
      <TextInput label={t("make.metric.regex")} spellCheck={false} {...part("regex")} />
      <TextInput label={t("make.description")} {...part("description")} />
      <ActionIcon
        variant="subtle"
        color="gray"
        aria-label={t("make.remove", { name })}
        onClick={remove}
      >
        ×
      </ActionIcon>
    </fieldset>
  );
}
