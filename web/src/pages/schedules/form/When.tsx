import {
  Autocomplete,
  Chip,
  Group,
  NumberInput,
  SegmentedControl,
  SimpleGrid,
  TagsInput,
  Text,
} from "@mantine/core";
import { type Tree, withAt } from "@/models/componentText";
import { weekday } from "@/models/schedules/dates";
import { HOWS, type How, howOf, split, WEEKDAYS, withHow } from "@/models/schedules/recurrence";
import { itemsAt } from "@/models/schedules/text";
import { type Key, useStrings } from "@/strings";
import { fieldOf, type Part, shownFault } from "./editing";
import { Choice, Field, Section } from "./Field";
import classes from "./form.module.css";
import { TextListField } from "./TextListField";

/** How often, at what times, by whose clock, and on which days not. */
export function When(part: Part) {
  const t = useStrings();
  const how = howOf(part.fields);
  return (
    <Section title="scheduling.when">
      <SegmentedControl
        size="xs"
        aria-label={t("scheduling.every")}
        data={HOWS.map((value) => ({ value, label: t(`scheduling.every.${value}`) }))}
        value={how}
        onChange={(value) => part.making.change((fields) => withHow(fields, value as How))}
      />
      <Times {...part} how={how} />
      <SimpleGrid cols={3} spacing="sm">
        <Zone {...part} />
        {how !== "never" && (
          <>
            <Field {...part} path="first" type="date" label="scheduling.first" />
            <Field {...part} path="last" type="date" label="scheduling.last" />
          </>
        )}
      </SimpleGrid>
      {how !== "never" && <Calendar {...part} />}
    </Section>
  );
}

function Times({ how, ...part }: Part & { how: How }) {
  const t = useStrings();
  if (how === "never") return null;
  if (how === "cron")
    return <Field {...part} path="cron" label="scheduling.cron" about="scheduling.cron.about" />;
  if (how === "minute" || how === "hour") return <Steps {...part} how={how} />;
  return (
    <SimpleGrid cols={2} spacing="sm">
      <TextListField {...part} path="at" label="scheduling.at" about="scheduling.at.about" />
      {how === "month" && (
        <TextListField
          {...part}
          path="on"
          label="scheduling.on.month"
          about="scheduling.on.month.about"
        />
      )}
      {how === "year" && (
        <TextListField
          {...part}
          path="on"
          label="scheduling.on.year"
          about="scheduling.on.year.about"
        />
      )}
      {how === "week" && (
        <fieldset className={classes.plain} aria-label={t("scheduling.on.week")}>
          <Weekdays {...part} />
        </fieldset>
      )}
    </SimpleGrid>
  );
}

function Weekdays(part: Part) {
  const t = useStrings();
  const chosen = itemsAt(part.fields, "on").map((day) => String(day).toLowerCase());
  const fault = shownFault(part.making, "on");
  return (
    <>
      <Text size="xs" fw={500} mb={4}>
        {t("scheduling.on.week")}
      </Text>
      <Group gap={4}>
        <Chip.Group
          multiple
          value={chosen}
          onChange={(days) =>
            part.making.change((fields) => ({
              ...fields,
              on: WEEKDAYS.filter((day) => days.includes(day)) as string[],
            }))
          }
        >
          {WEEKDAYS.map((day, at) => (
            <Chip key={day} size="xs" value={day}>
              {weekday(at, t.language)}
            </Chip>
          ))}
        </Chip.Group>
      </Group>
      {fault && (
        <Text size="xs" c="var(--status-failed)">
          {fault}
        </Text>
      )}
    </>
  );
}

function Steps({ how, ...part }: Part & { how: "minute" | "hour" }) {
  const t = useStrings();
  const { making } = part;
  const step = fieldOf(part, "step");
  const exact = itemsAt(part.fields, "at");
  // Either a step from one time to another, or the times themselves.
  const setExact = (text: string) =>
    making.change((fields) => {
      const { step: _, from: __, to: ___, at: ____, ...rest } = fields;
      const times = split(text);
      return times.length ? { ...rest, at: times } : rest;
    });
  return (
    <SimpleGrid cols={4} spacing="sm">
      <NumberInput
        size="xs"
        label={t(`scheduling.step.${how}`)}
        min={1}
        max={how === "minute" ? 59 : 23}
        disabled={exact.length > 0}
        value={step.value || 1}
        error={step.fault}
        onChange={(value) => step.set(String(value) === "1" ? undefined : String(value))}
      />
      {exact.length === 0 && (
        <>
          <Field {...part} path="from" type="time" label="scheduling.from" />
          <Field {...part} path="to" type="time" label="scheduling.to" />
        </>
      )}
      <TextListField {...part} path="at" label="scheduling.at.exact" onText={setExact} />
    </SimpleGrid>
  );
}

const ZONES = (): string[] => ["UTC", ...Intl.supportedValuesOf("timeZone")];

function Zone(part: Part) {
  const t = useStrings();
  const { value, set, fault } = fieldOf(part, "timezone");
  return (
    <Autocomplete
      size="xs"
      label={t("scheduling.zone")}
      placeholder="UTC"
      limit={50}
      data={ZONES()}
      value={value}
      error={fault}
      onChange={(zone) => set(zone)}
    />
  );
}

function Calendar(part: Part) {
  const t = useStrings();
  const { making, fields } = part;
  const days = (path: "holidays" | "workdays", label: Key, about: Key) => (
    <TagsInput
      size="xs"
      label={t(label)}
      description={t(about)}
      inputWrapperOrder={["label", "input", "description", "error"]}
      splitChars={[",", " ", ";"]}
      value={itemsAt(fields, path).map(String)}
      error={shownFault(making, path)}
      onChange={(found) => making.change((fields) => withAt(fields, [path], found as Tree))}
    />
  );
  return (
    <>
      <SimpleGrid cols={2} spacing="sm">
        {days("holidays", "scheduling.holidays", "scheduling.holidays.about")}
        {days("workdays", "scheduling.workdays", "scheduling.workdays.about")}
      </SimpleGrid>
      <SimpleGrid cols={2} spacing="sm">
        <Choice
          {...part}
          path="clock"
          label="scheduling.clock"
          words={["once", "dataworks"]}
          first="once"
          area="scheduling.clock"
        />
        <Choice
          {...part}
          path="instances"
          label="scheduling.instances"
          words={["ahead", "at_once"]}
          first="ahead"
          area="scheduling.instances"
        />
      </SimpleGrid>
    </>
  );
}
