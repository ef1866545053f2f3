import { Button, Text } from "@mantine/core";
import { useState } from "react";
import { useMay } from "@/services/access";
import type { ScheduleRow, ScheduleView } from "@/services/schedules";
import { useStrings } from "@/strings";
import { DeployDialog } from "./DeployDialog";

interface Props {
  workspace: string;
  row: Pick<ScheduleRow | ScheduleView, "name" | "version" | "latest" | "creator" | "in_force">;
}

/** The version that is in force; if there is a newer one, the button that deploys it. */
export function InForce({ workspace, row }: Props) {
  const t = useStrings();
  const may = useMay(workspace);
  const [isOpen, setOpen] = useState(false);
  const { latest } = row;
  const isNewer = latest !== row.version || !row.in_force;
  return (
    <>
      {row.in_force && <Text size="sm">{row.in_force.version}</Text>}
      {isNewer && may.write(row.creator) && (
        <Button size="compact-xs" variant="light" my={2} onClick={() => setOpen(true)}>
          {t("schedules.deploy.newer", { version: latest })}
        </Button>
      )}
      {isNewer && !may.write(row.creator) && row.in_force && (
        <Text size="xs" c="dimmed">
          {t("schedules.newer", { version: latest })}
        </Text>
      )}
      {isOpen && (
        <DeployDialog
          workspace={workspace}
          name={row.name}
          version={latest}
          onClose={() => setOpen(false)}
        />
      )}
    </>
  );
}
