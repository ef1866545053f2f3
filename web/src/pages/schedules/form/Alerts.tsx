import { Button, NumberInput, Select, TagsInput, Text, TextInput } from "@mantine/core";
import { type Fields, textAt, withAt } from "@/models/componentText";
import { toldOf } from "@/models/schedules/dependencies";
import { itemsAt } from "@/models/schedules/text";
import { type Key, useStrings } from "@/strings";
import { RemoveButton } from "../RemoveButton";
import { type Part, shownFault } from "./editing";
import { Section } from "./Field";
import classes from "./form.module.css";
import { addItem, changeItem, fieldsOf, removeItem } from "./rows";

const MOMENTS = ["failed", "finished", "unfinished", "timeout"] as const;

/** Who is told of what. */
export function Alerts(part: Part) {
  const t = useStrings();
  const entries = itemsAt(part.fields, "alerts");
  const add = (
    <Button
      size="compact-sm"
      variant="default"
      onClick={() => addItem(part.making, "alerts", { on: "failed", to: [] })}
    >
      + {t("scheduling.alerts.add")}
    </Button>
  );
  return (
    <Section title="scheduling.alerts" action={add}>
      {!entries.length && (
        <Text size="sm" c="dimmed">
          {t("scheduling.alerts.none")}
        </Text>
      )}
      {entries.map((entry, at) => (
        // biome-ignore lint/suspicious/noArrayIndexKey: a row is what is chosen in it
        <Row key={at} {...part} at={at} entry={fieldsOf(entry)} />
      ))}
    </Section>
  );
}

function Row({ making, at, entry }: Part & { at: number; entry: Fields }) {
  const t = useStrings();
  const set = (path: string, value: string | undefined) =>
    changeItem(making, "alerts", at, withAt(entry, [path], value));
  const on = textAt(entry, "on");
  const fault = shownFault(making, `alerts[${at}]`);
  const name = `${t("scheduling.alerts.add")} ${at + 1}`;
  const word = (path: string, label: Key, placeholder: string) => (
    <TextInput
      size="xs"
      label={t(label)}
      placeholder={placeholder}
      value={textAt(entry, path)}
      onChange={(event) => set(path, event.currentTarget.value)}
    />
  );
  return (
    <fieldset className={classes.row} aria-label={name}>
      <Select
        size="xs"
        label={t("scheduling.alerts.on")}
        allowDeselect={false}
        data={MOMENTS.map((value) => ({ value, label: t(`schedules.alert.${value}`) }))}
        value={on}
        onChange={(moment) => {
          const { by: _, ...rest } = entry;
          const isLate = moment === "unfinished";
          changeItem(making, "alerts", at, {
            ...rest,
            on: moment ?? "failed",
            ...(isLate && { by: "06:30" }),
          });
        }}
      />
      {on === "unfinished" && word("by", "scheduling.alerts.by", "06:30")}
      <TagsInput
        size="xs"
        style={{ flexBasis: 240 }}
        label={t("scheduling.alerts.to")}
        description={t("scheduling.alerts.to.about")}
        inputWrapperOrder={["label", "input", "description", "error"]}
        value={toldOf(entry)}
        onChange={(to) => changeItem(making, "alerts", at, { ...entry, to })}
      />
      {word("silent", "scheduling.alerts.silent", "22:00-07:00")}
      {word("every", "scheduling.alerts.every", "1h")}
      <NumberInput
        size="xs"
        label={t("scheduling.alerts.most")}
        min={1}
        max={1000}
        placeholder="10"
        value={textAt(entry, "most")}
        onChange={(most) => set("most", most === "" ? undefined : String(most))}
      />
      <RemoveButton what={name} onClick={() => removeItem(making, "alerts", at)} />
      {fault && <div className={classes.error}>{fault}</div>}
    </fieldset>
  );
}
