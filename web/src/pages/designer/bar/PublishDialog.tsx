import {
  Alert,
  Button,
  Checkbox,
  Group,
  Modal,
  Stack,
  Text,
  Textarea,
  TextInput,
} from "@mantine/core";
import { notifications } from "@mantine/notifications";
import { useQuery } from "@tanstack/react-query";
import { useState } from "react";
import { released } from "@/models/pipeline/own";
import { isVersion, next, proposed } from "@/models/version";
import { useSaver } from "@/services/designer/draft";
import { useDesigner, useDesignerStore } from "@/services/designer/store";
import { publish, versionsOf } from "@/services/designer/versions";
import { TEMPLATE } from "@/services/pipelines";
import { useStrings } from "@/strings";

/** Asks which version this is, and what changed in it. */
export function PublishDialog({ onClose }: { onClose: () => void }) {
  const workspace = useDesigner((designer) => designer.workspace);
  const name = useDesigner((designer) => String(designer.history.now.name));
  const { data, error } = useQuery(versionsOf(workspace, name));
  const t = useStrings();
  return (
    <Modal
      opened
      onClose={onClose}
      closeButtonProps={{ "aria-label": t("shell.close") }}
      title={t("publish.title", { name })}
    >
      {error && <Alert color="red">{error.message}</Alert>}
      {data && <PublishForm published={data.map(({ version }) => version)} onClose={onClose} />}
    </Modal>
  );
}

function PublishForm({ published, onClose }: { published: string[]; onClose: () => void }) {
  const t = useStrings();
  const store = useDesignerStore();
  const saver = useSaver();
  const said = useDesigner((designer) => designer.history.now.version);
  const [version, setVersion] = useState(() => proposed(said, published));
  const [notes, setNotes] = useState("");
  const [isTemplate, setTemplate] = useState(false);
  const [failure, setFailure] = useState("");
  const [isGoing, setGoing] = useState(false);
  const isTaken = published.includes(version);
  const fault = isTaken ? t("publish.taken") : isVersion(version) ? "" : t("publish.form");
  const last = published[0];
  const carryOut = async () => {
    setGoing(true);
    const { edit } = store.getState();
    edit(t("publish.did", { version }), released(version, notes.trim()));
    try {
      const made = await publish(store, saver, isTemplate ? { [TEMPLATE]: "true" } : {});
      notifications.show({
        message: t("publish.done", { name: made.name, version: made.version }),
      });
      onClose();
    } catch (error) {
      setFailure(error instanceof Error && error.message ? error.message : t("running.unsaved"));
      setGoing(false);
    }
  };
  return (
    <form
      onSubmit={(event) => {
        event.preventDefault();
        if (!fault) void carryOut();
      }}
    >
      <Stack gap="sm">
        <Text size="sm">{last ? t("publish.last", { version: last }) : t("publish.first")}</Text>
        <TextInput
          data-autofocus
          label={t("publish.version")}
          value={version}
          error={fault || undefined}
          onChange={(event) => setVersion(event.currentTarget.value)}
        />
        {last && (
          <Group gap={6}>
            {(["fix", "addition", "break"] as const).map((kind) => (
              <Button
                key={kind}
                size="compact-xs"
                variant={next(last)[kind] === version ? "light" : "default"}
                onClick={() => setVersion(next(last)[kind])}
              >
                {t(`publish.${kind}`, { version: next(last)[kind] })}
              </Button>
            ))}
          </Group>
        )}
        <Textarea
          label={t("publish.notes")}
          placeholder={t("publish.notes.hint")}
          autosize
          minRows={2}
          maxRows={8}
          value={notes}
          onChange={(event) => setNotes(event.currentTarget.value)}
        />
        <Checkbox
          label={t("publish.template")}
          description={t("publish.template.about")}
          checked={isTemplate}
          onChange={(event) => setTemplate(event.currentTarget.checked)}
        />
        {failure && <Alert color="red">{failure}</Alert>}
        <Group justify="flex-end" gap="xs">
          <Button variant="default" onClick={onClose}>
            {t("shell.cancel")}
          </Button>
          <Button type="submit" loading={isGoing} disabled={Boolean(fault)}>
            {t("publish")}
          </Button>
        </Group>
      </Stack>
    </form>
  );
}
