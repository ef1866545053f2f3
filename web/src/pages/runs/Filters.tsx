import { Button, Checkbox, Select, TextInput } from "@mantine/core";
import { useDebouncedCallback } from "@mantine/hooks";
import { useState } from "react";
import { useStatusWord } from "@/components/status/StatusMark";
import { RUN_STATUSES, type RunStatus } from "@/models/runs";
import type { RunFilter } from "@/services/runs";
import { useStrings } from "@/strings";
import classes from "./Runs.module.css";

interface Filtered {
  filter: RunFilter;
  onChange: (change: Partial<RunFilter>) => void;
}

const PAUSE = 300;

export function Filters({ filter, onChange }: Filtered) {
  const t = useStrings();
  const wordOf = useStatusWord();
  const isFiltered = Object.keys(filter).length > 0;
  const [cleared, setCleared] = useState(0);
  return (
    <div className={classes.filters} key={cleared}>
      <Select
        size="xs"
        w={140}
        aria-label={t("runs.filter.status")}
        placeholder={t("runs.filter.any")}
        clearable
        data={RUN_STATUSES.map((status) => ({ value: status, label: wordOf(status) }))}
        value={filter.status ?? null}
        onChange={(status) => onChange({ status: (status as RunStatus) ?? undefined })}
      />
      <Field
        label={t("runs.filter.name")}
        value={filter.name}
        onChange={(name) => onChange({ name })}
      />
      <Field
        label={t("runs.filter.creator")}
        value={filter.creator}
        onChange={(creator) => onChange({ creator })}
      />
      <Field
        label={t("runs.filter.tag")}
        value={filter.tag}
        onChange={(tag) => onChange({ tag })}
      />
      <Checkbox
        size="xs"
        label={t("runs.filter.trials")}
        checked={filter.trials ?? false}
        onChange={(event) => onChange({ trials: event.currentTarget.checked })}
      />
      {isFiltered && (
        <Button
          size="compact-xs"
          variant="subtle"
          onClick={() => {
            onChange({ status: undefined, name: "", creator: "", tag: "", trials: false });
            setCleared(cleared + 1);
          }}
        >
          {t("runs.filter.clear")}
        </Button>
      )}
    </div>
  );
}

interface OneField {
  label: string;
  value: string | undefined;
  onChange: (value: string) => void;
}

/** A filter by text, which asks only once the typing pauses. */
function Field({ label, value = "", onChange }: OneField) {
  const [typed, setTyped] = useState(value);
  const ask = useDebouncedCallback(onChange, PAUSE);
  return (
    <TextInput
      size="xs"
      w={150}
      aria-label={label}
      placeholder={label}
      value={typed}
      onChange={(event) => {
        setTyped(event.currentTarget.value);
        ask(event.currentTarget.value.trim());
      }}
    />
  );
}
