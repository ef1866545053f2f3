import { Badge, Group, Table, Text, TextInput, Title } from "@mantine/core";
import { useDebouncedValue } from "@mantine/hooks";
import { useInfiniteQuery } from "@tanstack/react-query";
import { useParams } from "@tanstack/react-router";
import { useState } from "react";
import { More } from "@/components/More";
import { ThingLink } from "@/components/registry/ThingLink";
import { Empty, Failed, Loading } from "@/components/states";
import { Time } from "@/components/Time";
import type { Schemas } from "@/services/api";
import { assets, type Kind } from "@/services/assets";
import { useStrings } from "@/strings";
import classes from "./assets.module.css";

export const ModelsPage = () => <Assets kind="model" />;
export const DatasetsPage = () => <Assets kind="dataset" />;

/** The models or datasets of the workspace, each with its latest version. */
function Assets({ kind }: { kind: Kind }) {
  const t = useStrings();
  const { workspace } = useParams({ from: "/w/$workspace" });
  const [words, setWords] = useState("");
  const [search] = useDebouncedValue(words.trim(), 200);
  return (
    <div className={classes.page}>
      <Group wrap="nowrap" className={classes.head}>
        <Title order={1} size="h4">
          {t(`shell.${kind}s`)}
        </Title>
        <TextInput
          className={classes.search}
          type="search"
          value={words}
          onChange={(event) => setWords(event.currentTarget.value)}
          placeholder={t("asset.search")}
          aria-label={t("asset.search")}
        />
      </Group>
      <Found workspace={workspace} kind={kind} search={search} />
    </div>
  );
}

interface Wanted {
  workspace: string;
  kind: Kind;
  search: string;
}

function Found({ workspace, kind, search }: Wanted) {
  const t = useStrings();
  const query = useInfiniteQuery(assets(workspace, kind, search));
  if (query.isPending) return <Loading />;
  if (query.isError) return <Failed error={query.error} reset={() => void query.refetch()} />;
  const found = query.data.pages.flatMap((page) => page.items);
  if (!found.length)
    return (
      <Empty title={t(search ? "asset.nothing" : `asset.none.${kind}`)}>
        {t(search ? "asset.nothing.hint" : `asset.none.${kind}.hint`)}
      </Empty>
    );
  return (
    <div className={classes.list}>
      <Table highlightOnHover verticalSpacing={6} layout="fixed">
        <Table.Thead>
          <Table.Tr>
            <Table.Th>{t("pipelines.name")}</Table.Th>
            <Table.Th w={110}>{t("pipelines.version")}</Table.Th>
            {kind === "model" && <Table.Th w={130}>{t("asset.stage")}</Table.Th>}
            <Table.Th w={170}>{t("pipelines.changed")}</Table.Th>
            <Table.Th w={140}>{t("pipelines.by")}</Table.Th>
          </Table.Tr>
        </Table.Thead>
        <Table.Tbody>
          {found.map((each) => (
            <Row key={each.name} workspace={workspace} kind={kind} asset={each} />
          ))}
        </Table.Tbody>
      </Table>
      <More query={query} />
    </div>
  );
}

interface RowProps {
  workspace: string;
  kind: Kind;
  asset: Schemas["AssetView"];
}

function Row({ workspace, kind, asset }: RowProps) {
  const t = useStrings();
  const { name, version, stage, description, deprecated, changed, creator } = asset;
  return (
    <Table.Tr>
      <Table.Td>
        <Group gap="xs" wrap="nowrap">
          <ThingLink workspace={workspace} thing={{ kind, name, version: "" }}>
            {name}
          </ThingLink>
          {deprecated && (
            <Badge variant="default" tt="none" title={deprecated}>
              {t("library.deprecated")}
            </Badge>
          )}
        </Group>
        <Text size="xs" c="dimmed" truncate>
          {description.split("\n", 1)[0]}
        </Text>
      </Table.Td>
      <Table.Td>{version}</Table.Td>
      {kind === "model" && <Table.Td>{t.known(`asset.stage.${stage}`, stage)}</Table.Td>}
      <Table.Td>
        <Time at={changed} />
      </Table.Td>
      <Table.Td>
        <Text size="sm" truncate>
          {creator}
        </Text>
      </Table.Td>
    </Table.Tr>
  );
}
