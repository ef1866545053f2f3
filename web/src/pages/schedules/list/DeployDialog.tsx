import { Alert, Button, Group, Modal, Select, Stack, Text } from "@mantine/core";
import { notifications } from "@mantine/notifications";
import { useMutation, useQuery } from "@tanstack/react-query";
import { useState } from "react";
import { Loading } from "@/components/states";
import { workspaces } from "@/services/queries";
import { type Deployment, deployPreview, deploySchedule } from "@/services/schedules";
import { useStrings } from "@/strings";
import classes from "../schedules.module.css";
import { DifferenceTable } from "./DifferenceTable";

interface Props {
  workspace: string;
  name: string;
  version: string;
  /** Whether another workspace is meant. */
  isElsewhere?: boolean;
  onClose: () => void;
  onDone?: () => void;
}

/** Puts a version in force: shows first what that changes, and what is copied. */
export function DeployDialog({ workspace, name, version, isElsewhere, onClose, onDone }: Props) {
  const t = useStrings();
  const { data } = useQuery(workspaces);
  const others = data?.items.map((each) => each.name).filter((each) => each !== workspace) ?? [];
  const [chosen, choose] = useState<string>();
  const to = chosen ?? (isElsewhere ? (others[0] ?? "") : "");
  const isKnown = !isElsewhere || to !== "";
  const plan = useQuery({ ...deployPreview(workspace, name, version, to), enabled: isKnown });
  const deploying = useMutation({
    mutationFn: () => deploySchedule(workspace, name, version, to),
    onSuccess: ({ workspace: where }) => {
      notifications.show({
        message: t("schedules.deploy.done", { name, version, workspace: where }),
      });
      onClose();
      onDone?.();
    },
  });
  const error = deploying.error ?? plan.error;
  const here = { value: "", label: t("schedules.deploy.here", { workspace }) };
  return (
    <Modal
      opened
      onClose={onClose}
      size="lg"
      title={t("schedules.deploy.title", { name, version })}
      closeButtonProps={{ "aria-label": t("shell.close") }}
    >
      <Stack>
        {others.length > 0 && (
          <Select
            label={t("schedules.deploy.to")}
            allowDeselect={false}
            data={[here, ...others.map((each) => ({ value: each, label: each }))]}
            value={to}
            onChange={(next) => {
              deploying.reset();
              choose(next ?? "");
            }}
          />
        )}
        {plan.isFetching && <Loading />}
        {plan.data && !plan.isFetching && <Plan plan={plan.data} />}
        {error && (
          <Alert color="red" role="alert">
            {error.message}
          </Alert>
        )}
        <Group justify="flex-end">
          <Button variant="default" onClick={onClose}>
            {t("shell.cancel")}
          </Button>
          <Button
            data-autofocus
            disabled={!plan.data || plan.isFetching}
            loading={deploying.isPending}
            onClick={() => deploying.mutate()}
          >
            {t("schedules.deploy")}
          </Button>
        </Group>
      </Stack>
    </Modal>
  );
}

function Plan({ plan }: { plan: Deployment }) {
  const t = useStrings();
  const { before, after, copied } = plan;
  const differences = plan.differences.filter(({ path }) => path !== "version");
  return (
    <Stack gap="sm">
      {!before && <Text size="sm">{t("schedules.deploy.first")}</Text>}
      {before && before === after && <Text size="sm">{t("schedules.deploy.same")}</Text>}
      {before && before !== after && !differences.length && (
        <Text size="sm">{t("schedules.deploy.alike", { before })}</Text>
      )}
      {differences.length > 0 && (
        <>
          <Text size="sm" fw={600}>
            {t("schedules.deploy.changes", { before })}
          </Text>
          <DifferenceTable before={before} after={after} differences={differences} />
        </>
      )}
      {copied.length > 0 && (
        <>
          <Text size="sm" fw={600}>
            {t("schedules.deploy.copied")}
          </Text>
          <ul className={classes.list}>
            {copied.map(({ kind, name, version }) => (
              <li key={`${kind} ${name} ${version}`}>
                {t(`schedules.copied.${kindOf(kind)}`, { name, version })}
              </li>
            ))}
          </ul>
        </>
      )}
      {before && (
        <Text size="sm" c="dimmed">
          {t("schedules.deploy.future")}
        </Text>
      )}
    </Stack>
  );
}

const KINDS = ["component", "pipeline", "schedule"] as const;
const kindOf = (kind: string) => KINDS.find((each) => each === kind) ?? "component";
