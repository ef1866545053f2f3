import { Alert, Button, Group, List, Modal, Stack, Text } from "@mantine/core";
import { useQuery } from "@tanstack/react-query";
import { useNavigate } from "@tanstack/react-router";
import { useState } from "react";
import { Failed, Loading } from "@/components/states";
import { read } from "@/models/pipeline/text";
import type { Conversion } from "@/services/conversions";
import { textOf } from "@/services/designer/draft";
import { DIALECTS, type Dialect, exported } from "@/services/designer/exchange";
import { useDesigner, useDesignerStore } from "@/services/designer/store";
import { download } from "@/services/downloads";
import { createDraftLike } from "@/services/pipelines";
import { useStrings } from "@/strings";

export function ExportDialog({ to, onClose }: { to: Dialect; onClose: () => void }) {
  const t = useStrings();
  const store = useDesignerStore();
  const name = useDesigner((designer) => String(designer.history.now.name || designer.draft));
  const [text] = useState(() => textOf(store));
  const main = `${name}.${DIALECTS[to]}`;
  const { data, error } = useQuery({
    queryKey: ["conversion", to, text],
    queryFn: () => exported(text, `${name}.yaml`, to),
    retry: false,
  });
  return (
    <Modal
      opened
      onClose={onClose}
      closeButtonProps={{ "aria-label": t("shell.close") }}
      title={t(`exchange.to.${to}`)}
      size="lg"
    >
      {error && <Failed error={error} />}
      {!data && !error && <Loading />}
      {data && (
        <Stack gap="sm">
          <Losses conversion={data} />
          <Group justify="flex-end" gap="xs">
            {Object.entries(data.files).map(([path, content]) => (
              <Button
                key={path}
                variant="default"
                onClick={() => download(path.split("/").at(-1) ?? path, content)}
              >
                {path}
              </Button>
            ))}
            <Button data-autofocus onClick={() => download(main, data.text)}>
              {t("exchange.download", { name: main })}
            </Button>
          </Group>
        </Stack>
      )}
    </Modal>
  );
}

export interface Come {
  name: string;
  conversion: Conversion;
}

export function ImportDialog({ name, conversion, onClose }: Come & { onClose: () => void }) {
  const t = useStrings();
  const navigate = useNavigate();
  const workspace = useDesigner((designer) => designer.workspace);
  const [failure, setFailure] = useState("");
  const { pipeline, fault } = read(conversion.text);
  const wrong = pipeline?.kind === "Pipeline" ? fault : t("exchange.none");
  const open = async () => {
    try {
      const wanted = String(pipeline?.name || name.replace(/\.\w+$/, "")).replace(/[^\w.-]/g, "-");
      const source = { text: conversion.text, bundle: "" };
      const draft = await createDraftLike(workspace, wanted, source);
      await navigate({ to: "/w/$workspace/pipelines/$draft", params: { workspace, draft } });
      onClose();
    } catch (error) {
      setFailure(error instanceof Error ? error.message : String(error));
    }
  };
  return (
    <Modal
      opened
      onClose={onClose}
      closeButtonProps={{ "aria-label": t("shell.close") }}
      title={t("exchange.imported", { name })}
      size="lg"
    >
      <Stack gap="sm">
        <Losses conversion={conversion} />
        {(wrong || failure) && <Alert color="red">{wrong || failure}</Alert>}
        <Group justify="flex-end" gap="xs">
          <Button variant="default" onClick={onClose}>
            {t("shell.cancel")}
          </Button>
          <Button data-autofocus disabled={Boolean(wrong)} onClick={() => void open()}>
            {t("exchange.open")}
          </Button>
        </Group>
      </Stack>
    </Modal>
  );
}

function Losses({ conversion: { losses } }: { conversion: Conversion }) {
  const t = useStrings();
  if (!losses.length) return <Text size="sm">{t("exchange.whole")}</Text>;
  return (
    <Alert color="yellow" title={t.count("exchange.losses", losses.length)}>
      <List size="xs" style={{ maxHeight: 260, overflow: "auto" }}>
        {losses.map(({ path, reason }) => (
          <List.Item key={`${path} ${reason}`}>
            {path && <strong>{path}: </strong>}
            {reason}
          </List.Item>
        ))}
      </List>
    </Alert>
  );
}
