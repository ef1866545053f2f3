import { Checkbox, Select, SimpleGrid, Stack, TagsInput, TextInput, Title } from "@mantine/core";
import {
  type ComponentForm,
  isFields,
  listAt,
  type Tree,
  textAt,
  withAt,
} from "@/models/componentText";
import { type Key, useStrings } from "@/strings";
import { fieldOf, type Making } from "./editing";

interface Props {
  making: Making;
  form: ComponentForm;
}

const SPLITS = ["auto", "files", "bytes", "rows", "keys", "list"] as const;
const COUNTS = [
  "append",
  "max_retries",
  "error_threshold",
  "mini_batch_error_threshold",
  "allowed_failed_percent",
] as const;

/** What is leased to the replicas of an elastic batch, shard by shard. */
export function BatchFields({ making, form }: Props) {
  const t = useStrings();
  const ports = (list: "inputs" | "outputs") =>
    form[list].filter(({ fields }) => textAt(fields, "type") !== "value").map(({ name }) => name);
  const port = (name: "input" | "output") => {
    const { value, set, fault } = fieldOf(making, form, "batch", name);
    return {
      label: t(`make.batch.${name}`),
      data: [...new Set(ports(`${name}s`).filter(Boolean))],
      value: value || null,
      error: fault,
      clearable: true,
      onChange: (value: string | null) => set(value ?? undefined),
    };
  };
  return (
    <section>
      <Title order={2} size="h5" mb="xs">
        {t("make.batch")}
      </Title>
      <Stack gap="sm">
        <SimpleGrid cols={2}>
          <Select withAsterisk {...port("input")} />
          <Select description={t("make.batch.output.hint")} {...port("output")} />
          <Split making={making} form={form} />
          {COUNTS.map((name) => (
            <Count key={name} making={making} form={form} name={name} />
          ))}
        </SimpleGrid>
        <Flag making={making} form={form} name="partial_is_failure" byDefault={false} />
        <Flag making={making} form={form} name="speculates" byDefault />
      </Stack>
    </section>
  );
}

function Count({ making, form, name }: Props & { name: (typeof COUNTS)[number] }) {
  const t = useStrings();
  const { value, set, fault } = fieldOf(making, form, "batch", name);
  return (
    <TextInput
      label={t(`make.batch.${name}`)}
      description={t(`make.batch.${name}.hint`)}
      value={value}
      error={fault}
      onChange={(event) => set(event.currentTarget.value)}
    />
  );
}

function Flag({ making, form, name, byDefault }: Props & { name: string; byDefault: boolean }) {
  const t = useStrings();
  const { value, set, fault } = fieldOf(making, form, "batch", name);
  return (
    <Checkbox
      label={t(`make.batch.${name}` as Key)}
      checked={value ? value.toLowerCase() === "true" : byDefault}
      error={fault}
      onChange={({ currentTarget: { checked } }) =>
        set(checked === byDefault ? undefined : String(checked))
      }
    />
  );
}

/** How the input is cut: by one of the forms, or as Millwork thinks best. */
function Split({ making, form }: Props) {
  const t = useStrings();
  const { set, fault } = fieldOf(making, form, "batch", "split");
  const batch = isFields(form.fields.batch) ? form.fields.batch : {};
  const split = isFields(batch.split) ? batch.split : {};
  const [by = "auto"] = Object.keys(split);
  const value = textAt(split, by);
  const label = t("make.batch.size");
  const say = (value: Tree) => set({ [by]: value });
  return (
    <>
      <Select
        label={t("make.batch.split")}
        data={SPLITS.map((value) => ({ value, label: t(`make.batch.by.${value}`) }))}
        value={by}
        allowDeselect={false}
        error={by === "auto" && fault}
        onChange={(by) => set(!by || by === "auto" ? undefined : { [by]: begin(by) })}
      />
      {by === "keys" && (
        <TagsInput label={label} value={listAt(split, "keys")} error={fault} onChange={say} />
      )}
      {by !== "keys" && (
        <TextInput
          label={label}
          disabled={by === "auto"}
          value={value}
          error={by !== "auto" && fault}
          onChange={(event) => say(event.currentTarget.value)}
        />
      )}
    </>
  );
}

/** What a form of splitting begins with, so that it can be seen to be chosen. */
function begin(by: string): Tree {
  if (by === "keys") return ["date"];
  if (by === "list") return "shards.txt";
  return by === "bytes" ? "64Mi" : "100";
}

/** The fields of a form that is for an elastic batch, or is so no more. */
export function withJobType(form: ComponentForm, type: string): ComponentForm {
  const fields = withAt(form.fields, ["job_type"], type === "Job" ? undefined : type);
  const isBatch = type === "ElasticBatchJob";
  return { ...form, fields: isBatch ? fields : withAt(fields, ["batch"], undefined) };
}
