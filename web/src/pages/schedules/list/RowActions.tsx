import { Menu } from "@mantine/core";
import { notifications } from "@mantine/notifications";
import { useMutation, useQuery } from "@tanstack/react-query";
import { useNavigate } from "@tanstack/react-router";
import { useState } from "react";
import { Actions } from "@/components/Actions";
import { Confirm } from "@/components/Confirm";
import { useMay } from "@/services/access";
import { workspaces } from "@/services/queries";
import {
  deleteSchedule,
  type ScheduleRow,
  type ScheduleView,
  triggerSchedule,
  withdrawSchedule,
} from "@/services/schedules";
import { useStrings } from "@/strings";
import { DeployDialog } from "./DeployDialog";
import { useOperating } from "./useOperating";

interface Props {
  workspace: string;
  row: Pick<ScheduleRow | ScheduleView, "name" | "version" | "creator" | "in_force">;
  onDeleted?: () => void;
}

type Asked = "deploy" | "withdraw" | "delete";

/** All that can be done with a schedule, behind one button. */
export function RowActions({ workspace, row, onDeleted }: Props) {
  const t = useStrings();
  const navigate = useNavigate();
  const { name, version, creator, in_force } = row;
  const may = useMay(workspace).write(creator);
  const mayOperate = useOperating(workspace)(creator);
  const { data: places } = useQuery(workspaces);
  const [asked, ask] = useState<Asked>();
  const trigger = useMutation({
    mutationFn: () => triggerSchedule(workspace, name),
    onSuccess: (instance) => {
      notifications.show({ message: t("schedules.trigger.done") });
      void navigate({ to: "/w/$workspace/instances/$instance", params: { workspace, instance } });
    },
    onError: (error) => notifications.show({ color: "red", message: error.message }),
  });
  const go = (search: Record<string, string>) =>
    void navigate({ to: "/w/$workspace/schedules", params: { workspace }, search });
  const close = () => ask(undefined);
  return (
    <>
      <Actions of={name}>
        <Menu.Item onClick={() => go({ tab: "instances", text: name })}>
          {t("schedules.instances")}
        </Menu.Item>
        {mayOperate && in_force && (
          <>
            <Menu.Item onClick={() => go({ tab: "test", schedule: name })}>
              {t("schedules.test")}
            </Menu.Item>
            <Menu.Item onClick={() => go({ tab: "backfills", schedule: name, new: "1" })}>
              {t("schedules.backfill")}
            </Menu.Item>
            {in_force.state !== "off" && (
              <Menu.Item onClick={() => trigger.mutate()}>{t("schedules.trigger")}</Menu.Item>
            )}
          </>
        )}
        {may && (
          <>
            <Menu.Item
              onClick={() =>
                void navigate({
                  to: "/w/$workspace/new-schedule",
                  params: { workspace },
                  search: { from: name },
                })
              }
            >
              {t("schedules.edit")}
            </Menu.Item>
            {(places?.items.length ?? 0) > 1 && (
              <Menu.Item onClick={() => ask("deploy")}>{t("schedules.deploy.elsewhere")}</Menu.Item>
            )}
            {in_force ? (
              <Menu.Item color="red" onClick={() => ask("withdraw")}>
                {t("schedules.withdraw")}
              </Menu.Item>
            ) : (
              <Menu.Item color="red" onClick={() => ask("delete")}>
                {t("shell.delete")}
              </Menu.Item>
            )}
          </>
        )}
      </Actions>
      {asked && <Dialog {...{ workspace, name, version, asked, onDeleted }} onClose={close} />}
    </>
  );
}

interface DialogProps {
  workspace: string;
  name: string;
  version: string;
  asked: Asked;
  onDeleted?: () => void;
  onClose: () => void;
}

function Dialog({ workspace, name, version, asked, onDeleted, onClose }: DialogProps) {
  const t = useStrings();
  return (
    <>
      {asked === "deploy" && (
        <DeployDialog {...{ workspace, name, version }} isElsewhere onClose={onClose} />
      )}
      {asked === "withdraw" && (
        <Confirm
          title={t("schedules.withdraw.title", { name })}
          label={t("schedules.withdraw.do")}
          act={() => withdrawSchedule(workspace, name)}
          onClose={onClose}
        >
          {t("schedules.withdraw.about")}
        </Confirm>
      )}
      {asked === "delete" && (
        <Confirm
          title={t("schedules.delete.title", { name })}
          label={t("shell.delete")}
          act={() => deleteSchedule(workspace, name).then(onDeleted)}
          onClose={onClose}
        >
          {t("schedules.delete.about")}
        </Confirm>
      )}
    </>
  );
}
