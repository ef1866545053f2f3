import { Button, Group, Modal, Stack, Text } from "@mantine/core";
import { useNavigate } from "@tanstack/react-router";
import { useState } from "react";
import { ago } from "@/models/ago";
import { read } from "@/models/pipeline/text";
import { saveCopy, takeTheirs } from "@/services/designer/draft";
import { useDesigner, useDesignerStore } from "@/services/designer/store";
import { useStrings } from "@/strings";

/** Somebody else was first: theirs is taken, or mine is kept beside it. Nothing is lost unasked. */
export function ConflictDialog() {
  const t = useStrings();
  const store = useDesignerStore();
  const navigate = useNavigate();
  const conflict = useDesigner((designer) => designer.conflict);
  const [failure, setFailure] = useState("");
  if (!conflict) return null;
  const theirs = read(conflict.text);
  const { workspace } = store.getState();
  const keep = async () => {
    try {
      const draft = await saveCopy(store);
      await navigate({ to: "/w/$workspace/pipelines/$draft", params: { workspace, draft } });
    } catch (error) {
      setFailure(error instanceof Error ? error.message : String(error));
    }
  };
  return (
    <Modal opened onClose={() => {}} withCloseButton={false} title={t("bar.conflict")}>
      <Stack gap="sm">
        <Text size="sm">
          {t("bar.conflict.about", {
            author: conflict.author,
            when: ago(conflict.changed, Date.now() / 1000, t.language),
          })}
        </Text>
        {theirs.fault && (
          <Text size="sm" c="red">
            {t("bar.conflict.broken")}
          </Text>
        )}
        {failure && (
          <Text size="sm" c="red">
            {failure}
          </Text>
        )}
        <Group justify="flex-end" gap="xs">
          <Button
            variant="default"
            disabled={!theirs.pipeline}
            onClick={() => theirs.pipeline && takeTheirs(store, theirs.pipeline)}
          >
            {t("bar.conflict.theirs")}
          </Button>
          <Button data-autofocus onClick={() => void keep()}>
            {t("bar.conflict.mine")}
          </Button>
        </Group>
      </Stack>
    </Modal>
  );
}
