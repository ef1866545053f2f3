import { Alert, Button, Group, Stack, Text } from "@mantine/core";
import { useMutation } from "@tanstack/react-query";
import { lazy, Suspense, useState } from "react";
import { DropText } from "@/components/DropText";
import { Losses } from "@/components/Losses";
import { componentOf, converted } from "@/services/conversions";
import { useStrings } from "@/strings";
import type { CodeFolder, Making } from "./editing";

const Editor = lazy(() =>
  import("@/components/editor/Editor").then(({ Editor }) => ({ default: Editor })),
);

type Start = (text: string, code?: CodeFolder) => void;

/** A file of any flavour stands in the editor; what is not Millwork's can be made so. */
export function FromText({ making }: { making: Making }) {
  const t = useStrings();
  const [losses, setLosses] = useState<{ path: string; reason: string }[]>([]);
  const converting = useMutation({
    mutationFn: () => converted(making.text, "component"),
    onSuccess: (made) => {
      setLosses(made.losses);
      making.setText(made.text);
    },
  });
  return (
    <Stack maw={640}>
      <Text size="sm">{t("make.text.hint")}</Text>
      <DropText
        hint={t("make.text.drop")}
        accept=".yaml,.yml,.json"
        onText={(text) => {
          setLosses([]);
          making.setText(text);
        }}
      />
      {!making.form && !making.fault && making.text.trim() && (
        <Group>
          <Button
            variant="default"
            loading={converting.isPending}
            onClick={() => converting.mutate()}
          >
            {t("make.text.convert")}
          </Button>
          <Text size="xs" c="dimmed">
            {t("make.text.convert.hint")}
          </Text>
        </Group>
      )}
      {converting.error && (
        <Alert color="red" role="alert">
          {converting.error.message}
        </Alert>
      )}
      {losses.length > 0 && (
        <Losses title={t.count("pipelines.import.losses", losses.length)} losses={losses} />
      )}
    </Stack>
  );
}

const EXAMPLE = `from millwork import component


@component
def double(number: float = 1.0) -> float:
    """Doubles a number."""
    return number * 2
`;

/** A Python function becomes a component with its code; nothing of it is run for that. */
export function FromFunction({ start }: { start: Start }) {
  const t = useStrings();
  const [source, setSource] = useState({ text: EXAMPLE, name: "step.py" });
  const converting = useMutation({
    mutationFn: () => componentOf(source.text, source.name),
    onSuccess: ({ text, files }) => start(text, { files, bundle: "" }),
  });
  return (
    <Stack h="100%">
      <Text size="sm">{t("make.function.hint")}</Text>
      <DropText
        hint={t("make.function.drop")}
        accept=".py"
        onText={(text, name) => setSource({ text, name })}
      />
      <Suspense>
        <Editor
          value={source.text}
          language="python"
          label={t("make.function")}
          onChange={(text) => setSource((now) => ({ ...now, text }))}
        />
      </Suspense>
      {converting.error && (
        <Alert color="red" role="alert">
          {converting.error.message}
        </Alert>
      )}
      <Group>
        <Button loading={converting.isPending} onClick={() => converting.mutate()}>
          {t("make.function.use")}
        </Button>
      </Group>
    </Stack>
  );
}
