import { Button, Select, Text, TextInput } from "@mantine/core";
import { entryOf, type Need, needOf } from "@/models/schedules/dependencies";
import { EXAMPLE, itemsAt } from "@/models/schedules/text";
import { useStrings } from "@/strings";
import { needText } from "../list/needText";
import { PickSchedule } from "../list/PickSchedule";
import { RemoveButton } from "../RemoveButton";
import { type Part, shownFault } from "./editing";
import { Section } from "./Field";
import classes from "./form.module.css";
import { addItem, changeItem, removeItem } from "./rows";

const KINDS = ["schedule", "self", "children", "file"] as const;

const FRESH: Record<(typeof KINDS)[number], Need> = {
  schedule: { key: "schedule", name: "", workspace: "", cycle: "same" },
  self: { key: "self" },
  children: { key: "children" },
  file: { key: "file", uri: "" },
};

/** What each instance waits for besides its time. */
export function Waits(part: Part) {
  const t = useStrings();
  const { making, fields } = part;
  const entries = itemsAt(fields, "depends_on");
  const add = (
    <Button
      size="compact-sm"
      variant="default"
      onClick={() => addItem(making, "depends_on", { schedule: "" })}
    >
      + {t("scheduling.waits.add")}
    </Button>
  );
  return (
    <Section title="scheduling.waits" action={add}>
      {!entries.length && (
        <Text size="sm" c="dimmed">
          {t("scheduling.waits.none")}
        </Text>
      )}
      {entries.map((entry, at) => (
        <Row
          // biome-ignore lint/suspicious/noArrayIndexKey: a row is what is chosen in it
          key={at}
          {...part}
          at={at}
          need={needOf(entry)}
          name={needText(entry, t)}
        />
      ))}
    </Section>
  );
}

function Row({ making, at, need, name }: Part & { at: number; need: Need; name: string }) {
  const t = useStrings();
  const set = (to: Need) => changeItem(making, "depends_on", at, entryOf(to));
  const fault = shownFault(making, `depends_on[${at}]`);
  return (
    <fieldset className={classes.row} aria-label={name}>
      <Select
        size="xs"
        label={t("scheduling.waits.kind")}
        allowDeselect={false}
        data={KINDS.map((value) => ({ value, label: t(`scheduling.waits.${value}`) }))}
        value={need.key}
        onChange={(kind) => kind && set(FRESH[kind as Need["key"]])}
      />
      {need.key === "schedule" && (
        <>
          {need.workspace ? (
            <TextInput
              size="xs"
              label={t("scheduling.waits.name")}
              value={need.name}
              onChange={(event) => set({ ...need, name: event.currentTarget.value })}
            />
          ) : (
            <PickSchedule
              workspace={making.workspace}
              label={t("scheduling.waits.name")}
              value={need.name}
              onChange={(name) => set({ ...need, name })}
            />
          )}
          <TextInput
            size="xs"
            label={t("scheduling.waits.workspace")}
            placeholder={making.workspace}
            value={need.workspace}
            onChange={(event) => set({ ...need, workspace: event.currentTarget.value })}
          />
          <Select
            size="xs"
            label={t("scheduling.waits.cycle")}
            allowDeselect={false}
            data={(["same", "last"] as const).map((value) => ({
              value,
              label: t(`scheduling.waits.${value}`),
            }))}
            value={need.cycle}
            onChange={(cycle) => set({ ...need, cycle: cycle ?? "same" })}
          />
        </>
      )}
      {need.key === "file" && (
        <TextInput
          size="xs"
          className={classes.code}
          label={t("scheduling.waits.uri")}
          placeholder={`s3://…/day=${EXAMPLE}/_SUCCESS`}
          value={need.uri}
          onChange={(event) => set({ ...need, uri: event.currentTarget.value })}
        />
      )}
      <RemoveButton what={name} onClick={() => removeItem(making, "depends_on", at)} />
      {fault && <div className={classes.error}>{fault}</div>}
    </fieldset>
  );
}
