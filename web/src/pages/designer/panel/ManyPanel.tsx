import { Button, Checkbox, Stack, Text, TextInput } from "@mantine/core";
import { useState } from "react";
import { all, removeNodes, setField } from "@/models/pipeline/edit";
import { useDesigner, useDesignerStore } from "@/services/designer/store";
import { useStrings } from "@/strings";
import classes from "./Panel.module.css";

/** What can be done with several nodes at once. */
export function ManyPanel({ names }: { names: string[] }) {
  const t = useStrings();
  const { edit, select } = useDesignerStore().getState();
  const nodes = useDesigner((designer) => designer.history.now.nodes);
  const [retries, setRetries] = useState("");
  const set = (field: string, value: unknown) =>
    edit(
      t("panel.did.many", { field, count: names.length }),
      all(...names.map((name) => setField(name, field, value))),
    );
  const areLetOff = names.filter((name) => nodes[name]?.continue_on_failure === true).length;
  return (
    <div className={classes.scroll}>
      <Stack gap="sm" p="sm">
        <h2 className={classes.heading}>{t.count("panel.many", names.length)}</h2>
        <Text size="xs" c="dimmed" lineClamp={6}>
          {names.join(", ")}
        </Text>
        <form
          className={classes.variable}
          onSubmit={(event) => {
            event.preventDefault();
            set("retries", Number(retries) || undefined);
          }}
        >
          <TextInput
            size="xs"
            flex={1}
            label={t("resources.retries")}
            inputMode="numeric"
            value={retries}
            error={/^\d*$/.test(retries) ? undefined : t("fields.fault.whole")}
            onChange={(event) => setRetries(event.currentTarget.value)}
          />
          <Button size="xs" type="submit" variant="default" disabled={!/^\d+$/.test(retries)}>
            {t("panel.many.set")}
          </Button>
        </form>
        <Checkbox
          size="xs"
          label={t("resources.continue")}
          checked={areLetOff === names.length}
          indeterminate={areLetOff > 0 && areLetOff < names.length}
          onChange={(event) => set("continue_on_failure", event.currentTarget.checked || undefined)}
        />
        <Button
          size="xs"
          variant="light"
          color="red"
          onClick={() => {
            edit(t("panel.did.remove", { count: names.length }), removeNodes(names));
            select([]);
          }}
        >
          {t("panel.many.remove")}
        </Button>
        <Button size="xs" variant="subtle" onClick={() => select([])}>
          {t("panel.many.none")}
        </Button>
      </Stack>
    </div>
  );
}
