import { Alert, Button, Group, Modal, Stack, Tabs, Text, TextInput } from "@mantine/core";
import { useInfiniteQuery, useMutation, useQuery } from "@tanstack/react-query";
import { useNavigate } from "@tanstack/react-router";
import { useState } from "react";
import { More } from "@/components/More";
import { Failed, Loading } from "@/components/states";
import { blank } from "@/models/pipeline/model";
import { write } from "@/models/pipeline/text";
import { Problem } from "@/services/api";
import {
  createDraft,
  createDraftLike,
  published,
  publishedSource,
  TEMPLATE,
  templates,
  templateText,
} from "@/services/pipelines";
import { useStrings } from "@/strings";
import { ImportFile } from "./ImportFile";
import classes from "./NewPipeline.module.css";

interface Props {
  workspace: string;
  onClose: () => void;
}

/** What a pipeline can begin with. */
export function NewPipeline({ workspace, onClose }: Props) {
  const t = useStrings();
  const navigate = useNavigate();
  const creating = useMutation({
    mutationFn: (create: () => Promise<string>) => create(),
    onSuccess: (draft) =>
      navigate({ to: "/w/$workspace/pipelines/$draft", params: { workspace, draft } }),
  });
  const isTaken = creating.error instanceof Problem && creating.error.status === 409;
  const create = (make: () => Promise<string>) => creating.mutate(make);
  return (
    <Modal
      opened
      onClose={onClose}
      title={t("pipelines.new")}
      size="xl"
      closeButtonProps={{ "aria-label": t("shell.close") }}
    >
      {creating.error && (
        <Alert color="red" role="alert" mb="sm">
          {isTaken ? t("pipelines.taken") : creating.error.message}
        </Alert>
      )}
      <Tabs
        defaultValue="blank"
        orientation="vertical"
        keepMounted={false}
        classNames={{ panel: classes.panel }}
        onChange={() => creating.reset()}
      >
        <Tabs.List>
          <Tabs.Tab value="blank">{t("pipelines.blank")}</Tabs.Tab>
          <Tabs.Tab value="presets">{t("pipelines.presets")}</Tabs.Tab>
          <Tabs.Tab value="templates">{t("pipelines.templates")}</Tabs.Tab>
          <Tabs.Tab value="import">{t("pipelines.import")}</Tabs.Tab>
        </Tabs.List>
        <Tabs.Panel value="blank" pl="lg">
          <Blank workspace={workspace} create={create} isBusy={creating.isPending} />
        </Tabs.Panel>
        <Tabs.Panel value="presets" pl="lg">
          <Presets workspace={workspace} create={create} />
        </Tabs.Panel>
        <Tabs.Panel value="templates" pl="lg">
          <Templates workspace={workspace} create={create} />
        </Tabs.Panel>
        <Tabs.Panel value="import" pl="lg">
          <ImportFile workspace={workspace} create={create} isBusy={creating.isPending} />
        </Tabs.Panel>
      </Tabs>
    </Modal>
  );
}

export interface Starting {
  workspace: string;
  create: (make: () => Promise<string>) => void;
  isBusy?: boolean;
}

function Blank({ workspace, create, isBusy }: Starting) {
  const t = useStrings();
  const [name, setName] = useState("");
  const wanted = name.trim();
  return (
    <form
      onSubmit={(event) => {
        event.preventDefault();
        create(() => createDraft(workspace, wanted, { text: write(blank(wanted)), bundle: "" }));
      }}
    >
      <Stack>
        <TextInput
          label={t("pipelines.name")}
          description={t("pipelines.name.hint")}
          value={name}
          data-autofocus
          onChange={(event) => setName(event.currentTarget.value)}
        />
        <Group justify="flex-end">
          <Button type="submit" disabled={!wanted} loading={isBusy}>
            {t("pipelines.create")}
          </Button>
        </Group>
      </Stack>
    </form>
  );
}

function Presets({ workspace, create }: Starting) {
  const t = useStrings();
  const query = useQuery(templates);
  if (query.isPending) return <Loading />;
  if (query.isError) return <Failed error={query.error} reset={() => void query.refetch()} />;
  return (
    <Stack gap={4}>
      {query.data.items.map(({ name, title, summary, shows, nodes }) => (
        <Choice
          key={name}
          title={title}
          summary={summary}
          aside={`${t.count("pipelines.nodes", nodes)} · ${shows}`}
          choose={() =>
            create(async () =>
              createDraftLike(workspace, name, { text: await templateText(name), bundle: "" }),
            )
          }
        />
      ))}
    </Stack>
  );
}

function Templates({ workspace, create }: Starting) {
  const t = useStrings();
  const query = useInfiniteQuery(published(workspace, "", TEMPLATE));
  if (query.isPending) return <Loading />;
  if (query.isError) return <Failed error={query.error} reset={() => void query.refetch()} />;
  const items = query.data.pages.flatMap((page) => page.items);
  if (!items.length)
    return (
      <Text size="sm" c="dimmed">
        {t("pipelines.templates.none")}
      </Text>
    );
  return (
    <Stack gap={4}>
      {items.map(({ name, version, description, creator }) => (
        <Choice
          key={name}
          title={name}
          summary={description}
          aside={`${version} · ${creator}`}
          choose={() =>
            create(async () =>
              createDraftLike(workspace, name, await publishedSource(workspace, name)),
            )
          }
        />
      ))}
      <More query={query} />
    </Stack>
  );
}

interface ChoiceProps {
  title: string;
  summary: string;
  aside: string;
  choose: () => void;
}

function Choice({ title, summary, aside, choose }: ChoiceProps) {
  return (
    <button type="button" className={classes.choice} onClick={choose}>
      <Text span fw={600} size="sm">
        {title}
      </Text>
      <Text span size="sm" lineClamp={2}>
        {summary}
      </Text>
      <Text span size="xs" c="dimmed">
        {aside}
      </Text>
    </button>
  );
}
