import { SimpleGrid, Stack, Textarea } from "@mantine/core";
import { useStrings } from "@/strings";
import { Alerts } from "./Alerts";
import { fieldOf, type Part } from "./editing";
import { Field } from "./Field";
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
