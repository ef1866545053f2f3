import { TagsInput, Textarea } from "@mantine/core";
import { useMutation } from "@tanstack/react-query";
import { useState } from "react";
import { type Labels, labelsOf, labelWords } from "@/models/labels";
import { changeThing, type Thing } from "@/services/library";
import { useStrings } from "@/strings";
import { FormDialog } from "./FormDialog";

interface Props {
  thing: Thing;
  said: { description: string; labels: Labels };
  onClose: () => void;
}

/** Changes what is said of something registered; its versions stay as they are. */
export default function SaidDialog({ thing, said, onClose }: Props) {
  const t = useStrings();
  const [description, setDescription] = useState(said.description);
  const [labels, setLabels] = useState(labelWords(said.labels));
  const changing = useMutation({
    mutationFn: () => changeThing(thing, { description, labels: labelsOf(labels) }),
    onSuccess: onClose,
  });
  const faults = changing.error?.message.split("\n") ?? [];
  const of = (field: string) => faults.filter((fault) => fault.startsWith(field)).join("; ");
  const rest = faults.filter((fault) => !/^(description|labels)/.test(fault)).join("\n");
  return (
    <FormDialog
      title={t("about.said", { name: thing.name })}
      label={t("about.said.save")}
      fault={rest}
      isSaving={changing.isPending}
      onSave={() => changing.mutate()}
      onClose={onClose}
    >
      <Textarea
        label={t("make.description")}
        description={t("make.description.hint")}
        autosize
        minRows={3}
        maxRows={12}
        data-autofocus
        value={description}
        error={of("description")}
        onChange={(event) => setDescription(event.currentTarget.value)}
      />
      <TagsInput
        label={t("about.labels")}
        description={t("about.labels.hint")}
        value={labels}
        error={of("labels")}
        onChange={setLabels}
      />
    </FormDialog>
  );
}
