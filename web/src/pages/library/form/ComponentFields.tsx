import {
  Checkbox,
  Group,
  NumberInput,
  Select,
  SimpleGrid,
  Stack,
  Tabs,
  Text,
  Textarea,
  TextInput,
  Title,
} from "@mantine/core";
import type { ReactNode } from "react";
import { Markdown } from "@/components/Markdown";
import { type ComponentForm, textAt, withAt } from "@/models/componentText";
import { type Key, useStrings } from "@/strings";
import { BatchFields, withJobType } from "./BatchFields";
import { CodeField } from "./CodeField";
import { fieldOf, type Making } from "./editing";
import classes from "./form.module.css";
import { Metrics } from "./Metrics";
import { ParameterRows } from "./ParameterRows";
import { PortRows } from "./PortRows";
import { Variables } from "./Variables";

interface Props {
  making: Making;
  form: ComponentForm;
}

const JOB_TYPES = ["Job", "TFJob", "PyTorchJob", "XGBoostJob", "MPIJob", "ElasticBatchJob"];

/** Every field of a component, in the order in which PAI asks for them. */
export function ComponentFields({ making, form }: Props) {
  return (
    <Stack gap="xl">
      <Basic making={making} form={form} />
      <Execution making={making} form={form} />
      <PortRows making={making} form={form} list="inputs" />
      <PortRows making={making} form={form} list="outputs" />
      {textAt(form.fields, "job_type") === "ElasticBatchJob" && (
        <BatchFields making={making} form={form} />
      )}
      <ParameterRows making={making} form={form} />
      <Metrics making={making} form={form} />
      <Compute making={making} form={form} />
    </Stack>
  );
}

function Basic({ making, form }: Props) {
  const t = useStrings();
  return (
    <Section title={t("make.basic")}>
      <SimpleGrid cols={2}>
        <TextField making={making} form={form} path={["name"]} label="make.name" isRequired />
        <TextField making={making} form={form} path={["version"]} label="make.version" isRequired />
        <TextField making={making} form={form} path={["display_name"]} label="make.title" />
        <TextField making={making} form={form} path={["version_description"]} label="make.change" />
      </SimpleGrid>
      <Description making={making} form={form} />
      <SimpleGrid cols={3}>
        <TextField making={making} form={form} path={["tags", "category"]} label="make.category" />
        <TextField making={making} form={form} path={["tags", "contact"]} label="make.contact" />
        <TextField making={making} form={form} path={["tags", "helpDocument"]} label="make.help" />
      </SimpleGrid>
    </Section>
  );
}

function Execution({ making, form }: Props) {
  const t = useStrings();
  return (
    <Section title={t("make.execution")}>
      <SimpleGrid cols={2}>
        <Select
          label={t("make.job")}
          description={t("make.job.hint")}
          data={JOB_TYPES}
          value={textAt(form.fields, "job_type") || "Job"}
          allowDeselect={false}
          error={fieldOf(making, form, "job_type").fault}
          onChange={(type) => making.change((form) => withJobType(form, type ?? "Job"))}
        />
        <TextField
          making={making}
          form={form}
          path={["image"]}
          label="make.image"
          hint="make.image.hint"
        />
      </SimpleGrid>
      <CodeField making={making} form={form} />
      <Command making={making} form={form} />
      <Variables making={making} form={form} />
      <Checkbox
        label={t("make.mounts")}
        description={t("make.mounts.hint")}
        checked={textAt(form.fields, "mounts") !== "none"}
        error={fieldOf(making, form, "mounts").fault}
        onChange={(event) =>
          fieldOf(making, form, "mounts").set(event.currentTarget.checked ? undefined : "none")
        }
      />
    </Section>
  );
}

function Section({ title, children }: { title: string; children: ReactNode }) {
  return (
    <section>
      <Title order={2} size="h5" mb="xs">
        {title}
      </Title>
      <Stack gap="sm">{children}</Stack>
    </section>
  );
}

interface TextProps extends Props {
  path: string[];
  label: Key;
  hint?: Key;
  isRequired?: boolean;
}

function TextField({ making, form, path, label, hint, isRequired }: TextProps) {
  const t = useStrings();
  const { value, set, fault } = fieldOf(making, form, ...path);
  return (
    <TextInput
      label={t(label)}
      description={hint && t(hint)}
      value={value}
      withAsterisk={isRequired}
      error={fault}
      onChange={(event) => set(event.currentTarget.value)}
    />
  );
}

function Description({ making, form }: Props) {
  const t = useStrings();
  const { value, set, fault } = fieldOf(making, form, "description");
  return (
    <Tabs defaultValue="write" variant="default">
      <Tabs.List>
        <Tabs.Tab value="write">{t("make.description")}</Tabs.Tab>
        <Tabs.Tab value="preview" disabled={!value}>
          {t("make.preview")}
        </Tabs.Tab>
      </Tabs.List>
      <Tabs.Panel value="write" pt="xs">
        <Textarea
          aria-label={t("make.description")}
          placeholder={t("make.description.hint")}
          autosize
          minRows={3}
          maxRows={12}
          value={value}
          error={fault}
          onChange={(event) => set(event.currentTarget.value)}
        />
      </Tabs.Panel>
      <Tabs.Panel value="preview" pt="xs" className={classes.preview}>
        <Markdown>{value}</Markdown>
      </Tabs.Panel>
    </Tabs>
  );
}

function Command({ making, form }: Props) {
  const t = useStrings();
  const { value, set, fault } = fieldOf(making, form, "command");
  const ports = (["inputs", "outputs"] as const).flatMap((list) =>
    form[list].map(({ name }) => `$PAI_${list.slice(0, -1)}_${name}`.toUpperCase()),
  );
  return (
    <Textarea
      label={t("make.command")}
      description={
        <>
          {t("make.command.hint")}{" "}
          {['"$@"', ...ports.map((port) => port.replaceAll("-", "_"))].join(" ")}
        </>
      }
      withAsterisk
      autosize
      minRows={2}
      maxRows={14}
      classNames={{ input: classes.code }}
      spellCheck={false}
      value={value}
      error={fault}
      onChange={(event) => set(event.currentTarget.value)}
    />
  );
}

function Compute({ making, form }: Props) {
  const t = useStrings();
  const hasConstraints = "constraints" in form.fields;
  return (
    <Section title={t("make.compute")}>
      <Checkbox
        label={t("make.constraints")}
        description={t("make.constraints.hint")}
        checked={hasConstraints}
        onChange={(event) =>
          fieldOf(making, form, "constraints").set(
            event.currentTarget.checked ? { instance_type: "CPU" } : undefined,
          )
        }
      />
      {hasConstraints && <Constraints making={making} form={form} />}
      <SimpleGrid cols={4}>
        <TextField making={making} form={form} path={["resources", "cpu"]} label="make.cpu" />
        <TextField making={making} form={form} path={["resources", "memory"]} label="make.memory" />
        <Gpus making={making} form={form} />
        <TextField making={making} form={form} path={["timeout"]} label="make.timeout" />
      </SimpleGrid>
      <Checkbox
        label={t("make.deterministic")}
        description={t("make.deterministic.hint")}
        checked={textAt(form.fields, "is_deterministic").toLowerCase() !== "false"}
        onChange={(event) =>
          fieldOf(making, form, "is_deterministic").set(
            event.currentTarget.checked ? undefined : "false",
          )
        }
      />
    </Section>
  );
}

function Gpus({ making, form }: Props) {
  const t = useStrings();
  const { value, set, fault } = fieldOf(making, form, "resources", "gpu");
  return (
    <NumberInput
      label={t("make.gpu")}
      min={0}
      allowDecimal={false}
      value={value}
      error={fault}
      onChange={(value) => set(String(value))}
    />
  );
}

function Constraints({ making, form }: Props) {
  const t = useStrings();
  const type = fieldOf(making, form, "constraints", "instance_type");
  const instances = fieldOf(making, form, "constraints", "multiple_instances");
  const gpus = fieldOf(making, form, "constraints", "multiple_gpus");
  const setType = (type: string | null) =>
    making.change(({ fields, ...lists }) => {
      const kept =
        type === "GPU" ? fields : withAt(fields, ["constraints", "multiple_gpus"], undefined);
      return { ...lists, fields: withAt(kept, ["constraints", "instance_type"], type ?? "CPU") };
    });
  return (
    <Group align="flex-end" gap="xl">
      <Select
        label={t("make.instance")}
        data={["CPU", "GPU"]}
        value={type.value || "CPU"}
        allowDeselect={false}
        error={type.fault}
        onChange={setType}
      />
      <Checkbox
        mb={8}
        label={t("make.instances")}
        checked={instances.value.toLowerCase() !== "false"}
        onChange={(event) => instances.set(event.currentTarget.checked ? undefined : "false")}
      />
      <Checkbox
        mb={8}
        label={t("make.gpus")}
        disabled={type.value !== "GPU"}
        checked={gpus.value.toLowerCase() === "true"}
        error={gpus.fault}
        onChange={(event) => gpus.set(event.currentTarget.checked ? "true" : undefined)}
      />
      {type.value !== "GPU" && (
        <Text size="xs" c="dimmed" mb={10}>
          {t("make.gpus.hint")}
        </Text>
      )}
    </Group>
  );
}
