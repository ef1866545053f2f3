import { Button, Group, Modal, Select, Stack, Text } from "@mantine/core";
import { useQuery } from "@tanstack/react-query";
import { useState } from "react";
import { Failed, Loading } from "@/components/states";
import { ago } from "@/models/ago";
import { useDesigner, useDesignerStore } from "@/services/designer/store";
import { type Version, versionPipeline, versionsOf } from "@/services/designer/versions";
import { useStrings } from "@/strings";
import { DiffList } from "./DiffList";
import classes from "./Versions.module.css";

const DRAFT = "";
/** So many of the latest versions are read for what changed in them. */
const WITH_NOTES = 20;

/** What was published: in what it differs from the canvas, and the way back to it. */
export function Versions() {
  const t = useStrings();
  const workspace = useDesigner((designer) => designer.workspace);
  const name = useDesigner((designer) => String(designer.history.now.name));
  const { data, error, refetch } = useQuery(versionsOf(workspace, name));
  const [compared, setCompared] = useState<string | null>(null);
  if (error) return <Failed error={error} reset={() => void refetch()} />;
  if (!data) return <Loading />;
  return (
    <Stack gap={0} p="sm">
      {!data.length && (
        <Text size="xs" c="dimmed">
          {t("versions.none", { name })}
        </Text>
      )}
      {data.map((version, at) => (
        <Row
          key={version.version}
          version={version}
          hasNotes={at < WITH_NOTES}
          onCompare={() => setCompared(version.version)}
        />
      ))}
      {compared !== null && (
        <CompareDialog
          name={name}
          before={compared}
          versions={data.map(({ version }) => version)}
          onClose={() => setCompared(null)}
        />
      )}
    </Stack>
  );
}

interface RowProps {
  version: Version;
  hasNotes: boolean;
  onCompare: () => void;
}

function Row({ version, hasNotes, onCompare }: RowProps) {
  const t = useStrings();
  const workspace = useDesigner((designer) => designer.workspace);
  const { data } = useQuery({
    ...versionPipeline(workspace, version.name, version.version),
    enabled: hasNotes,
  });
  const notes = version.comment || String(data?.version_description ?? "");
  return (
    <article className={classes.row}>
      <Group justify="space-between" gap="xs" wrap="nowrap">
        <Text size="sm" fw={600}>
          {version.version}
        </Text>
        <Text size="xs" c="dimmed" truncate>
          {version.author} · {ago(version.registered, Date.now() / 1000, t.language)}
        </Text>
      </Group>
      {notes && (
        <Text size="xs" lineClamp={3}>
          {notes}
        </Text>
      )}
      {version.deprecated && (
        <Text size="xs" c="orange">
          {t("panel.deprecated", { reason: version.deprecated })}
        </Text>
      )}
      <Button size="compact-xs" variant="subtle" mt={2} ml={-8} onClick={onCompare}>
        {t("versions.compare")}
      </Button>
    </article>
  );
}

interface CompareProps {
  name: string;
  before: string;
  versions: string[];
  onClose: () => void;
}

/** Two versions, or a version and the canvas, side by side in words. */
function CompareDialog({ name, before: first, versions, onClose }: CompareProps) {
  const t = useStrings();
  const store = useDesignerStore();
  const [before, setBefore] = useState(first);
  const [now, setNow] = useState(DRAFT);
  const draft = useDesigner((designer) => designer.history.now);
  const workspace = useDesigner((designer) => designer.workspace);
  const older = useQuery(versionPipeline(workspace, name, before));
  const newer = useQuery({ ...versionPipeline(workspace, name, now), enabled: now !== DRAFT });
  const canvas = { value: DRAFT, label: t("versions.canvas") };
  const data = versions.map((version) => ({ value: version, label: version }));
  const target = now === DRAFT ? draft : newer.data;
  const error = older.error ?? newer.error;
  const goBack = () => {
    const { data: pipeline } = older;
    if (!pipeline) return;
    store.getState().edit(t("versions.did", { version: before }), () => pipeline);
    onClose();
  };
  return (
    <Modal
      opened
      onClose={onClose}
      closeButtonProps={{ "aria-label": t("shell.close") }}
      title={t("versions.title", { name })}
      size="lg"
    >
      <Stack gap="sm">
        <Group grow>
          <Select
            label={t("versions.before")}
            data={data}
            value={before}
            allowDeselect={false}
            onChange={(version) => version && setBefore(version)}
          />
          <Select
            label={t("versions.now")}
            data={[canvas, ...data]}
            value={now}
            allowDeselect={false}
            onChange={(version) => setNow(version ?? DRAFT)}
          />
        </Group>
        {error && <Failed error={error} />}
        {older.data === null && <Text size="sm">{t("versions.unreadable")}</Text>}
        {older.data && target && <DiffList before={older.data} now={target} />}
        {!error && (older.data === undefined || target === undefined) && <Loading />}
        <Group justify="space-between" gap="xs">
          <Text size="xs" c="dimmed" maw={320}>
            {t("versions.back.about")}
          </Text>
          <Button variant="default" disabled={!older.data} onClick={goBack}>
            {t("versions.back", { version: before })}
          </Button>
        </Group>
      </Stack>
    </Modal>
  );
}
