import { NumberInput, SimpleGrid } from "@mantine/core";
import { type Key, useStrings } from "@/strings";
import { fieldOf, type Part } from "./editing";
import { Choice, Field, Section } from "./Field";

/** How instances run: what is caught up, tried again, and as whom. */
export function Running(part: Part) {
  return (
    <Section title="scheduling.running">
      <SimpleGrid cols={3} spacing="sm">
        <Choice
          {...part}
          path="catch_up"
          label="scheduling.catch_up"
          words={["all", "latest", "none"]}
          first="latest"
          area="schedules.catch_up"
        />
        <Field {...part} path="max_age" label="scheduling.max_age" about="scheduling.duration" />
        <Choice
          {...part}
          path="rerun"
          label="scheduling.rerun"
          words={["always", "after_failure", "never"]}
          first="always"
          area="schedules.rerun"
        />
        <Count {...part} path="retries" label="scheduling.retries" least={0} most={100} first={0} />
        <Field
          {...part}
          path="retry_after"
          label="scheduling.retry_after"
          about="scheduling.duration"
          placeholder="2m"
        />
        <Field {...part} path="timeout" label="scheduling.timeout" about="scheduling.duration" />
        <Count
          {...part}
          path="priority"
          label="scheduling.priority"
          about="scheduling.priority.about"
          least={1}
          most={9}
          first={5}
        />
        <Field {...part} path="run_as" label="scheduling.run_as" about="scheduling.run_as.about" />
      </SimpleGrid>
    </Section>
  );
}

interface CountProps extends Part {
  path: string;
  label: Key;
  about?: Key;
  least: number;
  most: number;
  first: number;
}

function Count({ path, label, about, least, most, first, ...part }: CountProps) {
  const t = useStrings();
  const { value, set, fault } = fieldOf(part, path);
  return (
    <NumberInput
      size="xs"
      label={t(label)}
      description={about && t(about)}
      inputWrapperOrder={["label", "input", "description", "error"]}
      min={least}
      max={most}
      placeholder={String(first)}
      value={value}
      error={fault}
      onChange={(number) => set(number === "" ? undefined : String(number))}
    />
  );
}
