import { Button, Select, Text, TextInput } from "@mantine/core";
import { type Fields, textAt, withAt } from "@/models/componentText";
import { itemsAt } from "@/models/schedules/text";
import { useStrings } from "@/strings";
import { RemoveButton } from "../RemoveButton";
import { type Part, shownFault } from "./editing";
import { Section } from "./Field";
import classes from "./form.module.css";
import { addItem, changeItem, fieldsOf, removeItem } from "./rows";

/** What begins a schedule besides its times: files that are new, and versions of datasets. */
export function Triggers(part: Part) {
  const t = useStrings();
  const entries = itemsAt(part.fields, "triggers");
  const add = (
    <Button
      size="compact-sm"
      variant="default"
      onClick={() => addItem(part.making, "triggers", { dataset: "" })}
    >
      + {t("scheduling.triggers.add")}
    </Button>
  );
  return (
    <Section title="scheduling.triggers" action={add}>
      {!entries.length && (
        <Text size="sm" c="dimmed">
          {t("scheduling.triggers.none")}
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
  const kind = "file" in entry ? "file" : "dataset";
  const set = (path: string, text: string) =>
    // An empty name stays in the file, so that the row stays too.
    changeItem(
      making,
      "triggers",
      at,
      text ? withAt(entry, [path], text) : { ...entry, [path]: "" },
    );
  const fault = shownFault(making, `triggers[${at}]`);
  const name = textAt(entry, kind) || t(`scheduling.triggers.${kind}`);
  return (
    <fieldset className={classes.row} aria-label={name}>
      <Select
        size="xs"
        label={t("scheduling.waits.kind")}
        allowDeselect={false}
        data={(["dataset", "file"] as const).map((value) => ({
          value,
          label: t(`scheduling.triggers.${value}`),
        }))}
        value={kind}
        onChange={(kind) => kind && changeItem(making, "triggers", at, { [kind]: "" })}
      />
      <TextInput
        size="xs"
        label={t(kind === "file" ? "scheduling.waits.uri" : "scheduling.triggers.name")}
        value={textAt(entry, kind)}
        onChange={(event) => set(kind, event.currentTarget.value)}
      />
      {kind === "file" && (
        <TextInput
          size="xs"
          label={t("scheduling.triggers.every")}
          placeholder="1m"
          value={textAt(entry, "every")}
          onChange={(event) =>
            changeItem(making, "triggers", at, withAt(entry, ["every"], event.currentTarget.value))
          }
        />
      )}
      <RemoveButton what={name} onClick={() => removeItem(making, "triggers", at)} />
      {fault && <div className={classes.error}>{fault}</div>}
    </fieldset>
  );
}
