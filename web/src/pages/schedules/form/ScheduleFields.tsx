import { SimpleGrid, Stack, Textarea, TextInput, Title } from "@mantine/core";
import type { ReactNode } from "react";
import { type Key, useStrings } from "@/strings";
import { Alerts } from "./Alerts";
import { fieldOf, type Part } from "./editing";
import { PipelinePart } from "./PipelinePart";
import { Running } from "./Running";
import { Triggers } from "./Triggers";
import { ValuesPart } from "./ValuesPart";
import { Waits } from "./Waits";
import { When } from "./When";

/** Every field of a schedule's file. */
export function ScheduleFields({ isNew, ...part }: Part & { isNew: boolean }) {
  return (
    <Stack gap="xl">
      <PipelinePart {...part} isNew={isNew} />
      <Basic {...part} isNew={isNew} />
      <When {...part} />
      <ValuesPart {...part} />
      <Waits {...part} />
      <Triggers {...part} />
      <Running {...part} />
      <Alerts {...part} />
    </Stack>
  );
}

/** A part of the form, with its title and what adds to it. */
export function Section({
  title,
  action,
  children,
}: {
  title: Key;
  action?: ReactNode;
  children: ReactNode;
}) {
  const t = useStrings();
  return (
    <section>
      <div style={{ display: "flex", justifyContent: "space-between", marginBottom: 8 }}>
        <Title order={2} size="h5">
          {t(title)}
        </Title>
        {action}
      </div>
      <Stack gap="sm">{children}</Stack>
    </section>
  );
}

interface FieldProps extends Part {
  path: string;
  label: Key;
  about?: Key;
  placeholder?: string;
  type?: "date" | "time";
  isRequired?: boolean;
  isFixed?: boolean;
}

/** A field of one line. */
export function Field(props: FieldProps) {
  const { making, fields, path, label, about, placeholder, type, isRequired, isFixed } = props;
  const t = useStrings();
  const { value, set, fault } = fieldOf({ making, fields }, path);
  return (
    <TextInput
      size="xs"
      label={t(label)}
      description={about && t(about)}
      inputWrapperOrder={["label", "input", "description", "error"]}
      placeholder={placeholder}
      type={type ?? "text"}
      withAsterisk={isRequired}
      disabled={isFixed}
      value={value}
      error={fault}
      onChange={(event) => set(event.currentTarget.value)}
    />
  );
}

function Basic({ isNew, ...part }: Part & { isNew: boolean }) {
  const t = useStrings();
  const { value, set, fault } = fieldOf(part, "description");
  return (
    <section>
      <SimpleGrid cols={2} spacing="sm">
        <Field {...part} path="name" label="scheduling.name" isRequired isFixed={!isNew} />
        <Field {...part} path="version" label="scheduling.version" isRequired />
        <Field {...part} path="display_name" label="scheduling.title" />
        <Field {...part} path="version_description" label="scheduling.change" />
      </SimpleGrid>
      <Textarea
        mt="sm"
        size="xs"
        label={t("scheduling.description")}
        autosize
        minRows={1}
        maxRows={8}
        value={value}
        error={fault}
        onChange={(event) => set(event.currentTarget.value)}
      />
    </section>
  );
}
