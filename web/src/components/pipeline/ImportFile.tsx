import { Alert, Button, Group, Stack, Text, TextInput } from "@mantine/core";
import { useMutation } from "@tanstack/react-query";
import { useState } from "react";
import { DropText } from "@/components/DropText";
import { Losses } from "@/components/Losses";
import { read } from "@/models/pipeline/text";
import { type Conversion, converted } from "@/services/conversions";
import { createDraft } from "@/services/pipelines";
import { useStrings } from "@/strings";
import type { Starting } from "./NewPipeline";

/** A file of another platform becomes a draft; what it loses is told before it is opened. */
export function ImportFile({ workspace, create, isBusy }: Starting) {
  const t = useStrings();
  const [name, setName] = useState("");
  const converting = useMutation({
    mutationFn: ({ text, file }: { text: string; file: string }) => converted(text, file),
    onSuccess: ({ text }) => setName(read(text).pipeline?.name ?? ""),
  });
  const made = converting.data;
  return (
    <Stack>
      <DropText
        hint={t("pipelines.import.hint")}
        accept=".yaml,.yml,.json,.txt"
        onText={(text, file) => converting.mutate({ text, file })}
      />
      {converting.error && (
        <Alert color="red" role="alert" title={t("pipelines.import.failed")}>
          {converting.error.message}
        </Alert>
      )}
      {made && (
        <>
          <Carried made={made} />
          {!isPipeline(made.text) ? (
            <Alert variant="default">{t("pipelines.import.component")}</Alert>
          ) : (
            <form
              onSubmit={(event) => {
                event.preventDefault();
                const source = { text: made.text, bundle: "" };
                create(() => createDraft(workspace, name.trim(), source));
              }}
            >
              <Group align="flex-end">
                <TextInput
                  flex={1}
                  label={t("pipelines.name")}
                  value={name}
                  onChange={(event) => setName(event.currentTarget.value)}
                />
                <Button type="submit" disabled={!name.trim()} loading={isBusy}>
                  {t("pipelines.open")}
                </Button>
              </Group>
            </form>
          )}
        </>
      )}
    </Stack>
  );
}

function isPipeline(text: string): boolean {
  return String(read(text).pipeline?.kind) === "Pipeline";
}

function Carried({ made }: { made: Conversion }) {
  const t = useStrings();
  const dialect = t.known(`pipelines.dialect.${made.from}`, made.from);
  if (!made.losses.length) return <Text size="sm">{t("pipelines.import.whole", { dialect })}</Text>;
  const count = t.count("pipelines.import.losses", made.losses.length);
  return (
    <Losses title={`${t("pipelines.import.as", { dialect })} ${count}`} losses={made.losses} />
  );
}
