import { Alert, Button, Group, Stack, Text, Title } from "@mantine/core";
import { lazy, Suspense, useMemo, useState } from "react";
import { Loading } from "@/components/states";
import { placed } from "@/models/pipeline/fault";
import { read } from "@/models/pipeline/text";
import { type Draft, saveDraft } from "@/services/designer/draft";
import { useStrings } from "@/strings";

const Editor = lazy(() =>
  import("@/components/editor/Editor").then(({ Editor }) => ({ default: Editor })),
);

interface BrokenProps {
  workspace: string;
  draft: Draft;
  onMended: () => void;
}

/** A text that is no pipeline: shown with what is wrong, to be mended. */
export function Broken({ workspace, draft, onMended }: BrokenProps) {
  const t = useStrings();
  const [text, setText] = useState(draft.text);
  const [failure, setFailure] = useState("");
  const { fault, pipeline } = read(text);
  const { line, message } = placed(fault);
  const faults = useMemo(() => [{ line, message }], [line, message]);
  const save = async () => {
    try {
      const { name, revision, bundle } = draft;
      await saveDraft(workspace, name, { text, revision, bundle });
      onMended();
    } catch (error) {
      setFailure(error instanceof Error ? error.message : String(error));
    }
  };
  return (
    <Stack p="md" gap="sm" h="calc(100dvh - 48px)">
      <Group justify="space-between">
        <Title order={2} size="h4">
          {draft.name}
        </Title>
        <Button size="xs" disabled={text === draft.text} onClick={() => void save()}>
          {pipeline ? t("frame.broken.mended") : t("shell.save")}
        </Button>
      </Group>
      <Text size="sm">{t("frame.broken")}</Text>
      {fault && (
        <Alert color="red" title={t("frame.broken.fault")}>
          {message}
        </Alert>
      )}
      {failure && <Alert color="red">{failure}</Alert>}
      <Suspense fallback={<Loading />}>
        <Editor
          label={t("frame.broken.text")}
          language="yaml"
          value={text}
          faults={faults}
          onChange={setText}
        />
      </Suspense>
    </Stack>
  );
}
