import { Button, Group } from "@mantine/core";
import { notifications } from "@mantine/notifications";
import { useMutation } from "@tanstack/react-query";
import { useState } from "react";
import { Confirm } from "@/components/Confirm";
import { isGoing } from "@/models/schedules/backfills";
import { type Backfill, changeBackfill } from "@/services/backfills";
import { useStrings } from "@/strings";

/** Pauses a backfill, has it go on, or ends it. */
export function BackfillActions({ workspace, row }: { workspace: string; row: Backfill }) {
  const t = useStrings();
  const [isAsking, setAsking] = useState(false);
  const changing = useMutation({
    mutationFn: (status: "running" | "paused") => changeBackfill(workspace, row.id, { status }),
    onError: (error) => notifications.show({ color: "red", message: error.message }),
  });
  if (!isGoing(row.status)) return null;
  const isPaused = row.status === "paused";
  return (
    <Group gap={6} wrap="nowrap" justify="flex-end">
      <Button
        size="compact-sm"
        variant="default"
        loading={changing.isPending}
        onClick={() => changing.mutate(isPaused ? "running" : "paused")}
      >
        {t(isPaused ? "backfill.resume" : "backfill.pause")}
      </Button>
      <Button size="compact-sm" variant="default" onClick={() => setAsking(true)}>
        {t("backfill.cancel")}
      </Button>
      {isAsking && (
        <Confirm
          title={t("backfill.cancel.title", { name: row.name })}
          label={t("backfill.cancel.do")}
          act={() => changeBackfill(workspace, row.id, { status: "cancelled" })}
          onClose={() => setAsking(false)}
        >
          {t("backfill.cancel.about")}
        </Confirm>
      )}
    </Group>
  );
}
