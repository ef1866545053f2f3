import { Alert, Button, Group, Modal, Stack, Text } from "@mantine/core";
import { useMutation } from "@tanstack/react-query";
import { useNavigate } from "@tanstack/react-router";
import type { Run } from "@/models/runs";
import { deleteRun } from "@/services/runs";
import { useStrings } from "@/strings";

interface Of {
  workspace: string;
  run: Run;
  onClose: () => void;
}

export function DeleteDialog({ workspace, run, onClose }: Of) {
  const t = useStrings();
  const navigate = useNavigate();
  const deleting = useMutation({
    mutationFn: async () => {
      await navigate({ to: "/w/$workspace/runs", params: { workspace } });
      await deleteRun(workspace, run.run);
    },
  });
  return (
    <Modal
      opened
      onClose={onClose}
      title={t("run.delete.title", { name: run.name })}
      closeButtonProps={{ "aria-label": t("shell.close") }}
    >
      <Stack>
        <Text size="sm">{t("run.delete.about")}</Text>
        {deleting.error && <Alert color="red">{deleting.error.message}</Alert>}
        <Group justify="flex-end">
          <Button variant="default" onClick={onClose}>
            {t("shell.cancel")}
          </Button>
          <Button color="red.9" loading={deleting.isPending} onClick={() => deleting.mutate()}>
            {t("run.delete")}
          </Button>
        </Group>
      </Stack>
    </Modal>
  );
}
