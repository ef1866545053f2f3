import { Select, TextInput } from "@mantine/core";
import { useMutation } from "@tanstack/react-query";
import { useState } from "react";
import { FormDialog } from "@/components/FormDialog";
import { type Asset, type Stage, setStage, type Version } from "@/services/assets";
import { useStrings } from "@/strings";

interface Props {
  asset: Asset;
  version: Version;
  onClose: () => void;
}

const STAGES = ["Pending", "Approved", "Rejected"] as const satisfies Stage[];

/** Asks whether a version may be used in production, and why. */
export function StageDialog({ asset, version, onClose }: Props) {
  const t = useStrings();
  const known = STAGES.find((each) => each === version.stage) ?? "Pending";
  const [stage, setChosen] = useState<Stage>(known);
  const [comment, setComment] = useState(version.comment);
  const changing = useMutation({
    mutationFn: () => setStage(asset, stage, comment.trim()),
    onSuccess: onClose,
  });
  return (
    <FormDialog
      title={t("asset.stage.title", { name: asset.name, version: asset.version })}
      label={t("shell.save")}
      fault={changing.error?.message ?? ""}
      isSaving={changing.isPending}
      onSave={() => changing.mutate()}
      onClose={onClose}
    >
      <Select
        label={t("asset.stage")}
        description={t("asset.stage.hint")}
        data={STAGES.map((each) => ({ value: each, label: t(`asset.stage.${each}`) }))}
        value={stage}
        allowDeselect={false}
        onChange={(chosen) => setChosen(STAGES.find((each) => each === chosen) ?? stage)}
      />
      <TextInput
        label={t("asset.stage.why")}
        value={comment}
        onChange={(event) => setComment(event.currentTarget.value)}
      />
    </FormDialog>
  );
}
