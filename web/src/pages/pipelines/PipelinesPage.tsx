import { Button, Group, TextInput, Title } from "@mantine/core";
import { useDebouncedValue } from "@mantine/hooks";
import { useInfiniteQuery } from "@tanstack/react-query";
import { useParams } from "@tanstack/react-router";
import { useMemo, useState } from "react";
import { More } from "@/components/More";
import { NewPipeline } from "@/components/pipeline/NewPipeline";
import { Empty, Failed, Loading } from "@/components/states";
import { useMay } from "@/services/access";
import { useCommands } from "@/services/commands";
import { drafts, published } from "@/services/pipelines";
import { useStrings } from "@/strings";
import { Drafts } from "./Drafts";
import { PublishedList } from "./PublishedList";
import classes from "./pipelines.module.css";

/** The workspace's pipelines: those that are being made, and those that were published. */
export function PipelinesPage() {
  const t = useStrings();
  const { workspace } = useParams({ from: "/w/$workspace/pipelines" });
  const [words, setWords] = useState("");
  const [search] = useDebouncedValue(words.trim(), 200);
  const [isNew, setNew] = useState(false);
  const may = useMay(workspace);
  useCommands(
    "pipelines",
    useMemo(
      () => [{ id: "new-pipeline", label: t("pipelines.new"), run: () => setNew(true) }],
      [t],
    ),
  );
  return (
    <div className={classes.page}>
      <Group wrap="nowrap" className={classes.head}>
        <Title order={1} size="h4">
          {t("shell.pipelines")}
        </Title>
        <TextInput
          className={classes.search}
          type="search"
          value={words}
          onChange={(event) => setWords(event.currentTarget.value)}
          placeholder={t("pipelines.search")}
          aria-label={t("pipelines.search")}
        />
        {may.make && <Button onClick={() => setNew(true)}>{t("pipelines.new")}</Button>}
      </Group>
      <Lists
        workspace={workspace}
        search={search}
        begin={may.make ? () => setNew(true) : undefined}
      />
      {isNew && <NewPipeline workspace={workspace} onClose={() => setNew(false)} />}
    </div>
  );
}

interface Props {
  workspace: string;
  search: string;
  begin?: () => void;
}

function Lists({ workspace, search, begin }: Props) {
  const t = useStrings();
  const made = useInfiniteQuery(drafts(workspace, search));
  const out = useInfiniteQuery(published(workspace, search));
  if (made.isPending || out.isPending) return <Loading />;
  const failed = [made, out].find((query) => query.isError);
  if (failed) return <Failed error={failed.error} reset={() => void failed.refetch()} />;
  const ours = made.data?.pages.flatMap((page) => page.items) ?? [];
  const theirs = out.data?.pages.flatMap((page) => page.items) ?? [];
  if (!ours.length && !theirs.length)
    return (
      <Empty
        title={t(search ? "pipelines.none" : "pipelines.empty")}
        action={!search && begin && <Button onClick={begin}>{t("pipelines.new")}</Button>}
      >
        {t(search ? "pipelines.none.hint" : "pipelines.empty.hint")}
      </Empty>
    );
  return (
    <div className={classes.lists}>
      {ours.length > 0 && (
        <section>
          <Title order={2} size="h5" mb={4}>
            {t("pipelines.drafts")}
          </Title>
          <Drafts workspace={workspace} drafts={ours} />
          <More query={made} />
        </section>
      )}
      {theirs.length > 0 && (
        <section>
          <Title order={2} size="h5" mb={4}>
            {t("pipelines.published")}
          </Title>
          <PublishedList workspace={workspace} pipelines={theirs} />
          <More query={out} />
        </section>
      )}
    </div>
  );
}
