import { NumberInput, TagsInput, Textarea, TextInput } from "@mantine/core";
import { useMutation } from "@tanstack/react-query";
import { useState } from "react";
import { FormDialog } from "@/components/FormDialog";
import type { Run } from "@/models/runs";
import { tagsOf, wordsOf } from "@/models/tags";
import { changeRun } from "@/services/runs";
import { useStrings } from "@/strings";

interface Of {
  workspace: string;
  run: Run;
  onClose: () => void;
}

/** What is said of a run, and its place in the queue as long as it waits. */
export function ChangeDialog({ workspace, run, onClose }: Of) {
  const t = useStrings();
  const [name, setName] = useState(run.name);
  const [note, setNote] = useState(run.notes);
  const [priority, setPriority] = useState<number | string>(run.priority);
  const [words, setWords] = useState(wordsOf(run.tags));
  const { tags, bad } = tagsOf(words);
  const isQueued = run.status === "queued";
  const changing = useMutation({
    mutationFn: () =>
      changeRun(workspace, run.run, {
        name,
        note,
        tags,
        ...(isQueued && priority !== run.priority ? { priority: Number(priority) } : {}),
      }),
    onSuccess: onClose,
  });
  return (
    <FormDialog
      title={t("run.change")}
      label={t("shell.save")}
      fault={changing.error?.message ?? ""}
      isSaving={changing.isPending}
      isFaulty={bad.length > 0}
      onSave={() => changing.mutate()}
      onClose={onClose}
    >
      <TextInput
        label={t("run.name")}
        value={name}
        data-autofocus
        onChange={(event) => setName(event.currentTarget.value)}
      />
      <Textarea
        label={t("run.note")}
        value={note}
        autosize
        minRows={3}
        maxRows={12}
        onChange={(event) => setNote(event.currentTarget.value)}
      />
      <TagsInput
        label={t("run.tags")}
        description={t("run.tags.about")}
        value={words}
        onChange={setWords}
        acceptValueOnBlur
        error={bad.length > 0 && t("run.tags.bad", { tag: bad[0] ?? "" })}
      />
      {isQueued && (
        <NumberInput
          label={t("run.priority")}
          description={t("run.priority.about")}
          min={1}
          max={9}
          value={priority}
          onChange={setPriority}
        />
      )}
    </FormDialog>
  );
}
