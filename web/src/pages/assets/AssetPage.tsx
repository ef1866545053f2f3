import { Alert, Badge, Button, Group, Tabs, Title } from "@mantine/core";
import { useQuery } from "@tanstack/react-query";
import { useNavigate, useParams } from "@tanstack/react-router";
import { useState } from "react";
import classes from "@/components/registry/Registry.module.css";
import { ThingMenu } from "@/components/registry/ThingMenu";
import { Versions } from "@/components/registry/Versions";
import { Failed, Loading } from "@/components/states";
import { named } from "@/models/asset";
import { contentOf } from "@/models/assetContent";
import { useMay } from "@/services/access";
import { type Asset, assetVersion, type Kind, type Version } from "@/services/assets";
import { useStrings } from "@/strings";
import { LineageTab } from "./LineageTab";
import { Overview } from "./Overview";
import { StageDialog } from "./StageDialog";

export function ModelPage() {
  const { workspace, reference } = useParams({ from: "/w/$workspace/models/$reference" });
  return <Page asset={{ workspace, kind: "model", ...named(reference) }} />;
}

export function DatasetPage() {
  const { workspace, reference } = useParams({ from: "/w/$workspace/datasets/$reference" });
  return <Page asset={{ workspace, kind: "dataset", ...named(reference) }} />;
}

/** All about a version of a model or dataset: what it is, where it comes from, and who uses it. */
function Page({ asset }: { asset: Asset }) {
  const query = useQuery(assetVersion(asset));
  if (query.isPending) return <Loading />;
  if (query.isError) return <Failed error={query.error} reset={() => void query.refetch()} />;
  const version = query.data;
  const shown = { ...asset, version: version.version };
  return <Shown key={`${shown.name}@${shown.version}`} asset={shown} version={version} />;
}

interface Of {
  asset: Asset;
  version: Version;
}

function Shown({ asset, version }: Of) {
  const t = useStrings();
  const content = contentOf(version.document);
  return (
    <div className={classes.page}>
      <Head asset={asset} version={version} />
      {version.deprecated && (
        <Alert variant="default" mb="md" title={t("library.deprecated")}>
          {version.deprecated}
        </Alert>
      )}
      <Tabs defaultValue="overview" keepMounted={false}>
        <Tabs.List mb="md">
          <Tabs.Tab value="overview">{t("about.overview")}</Tabs.Tab>
          <Tabs.Tab value="lineage">{t("asset.lineage")}</Tabs.Tab>
          <Tabs.Tab value="versions">{t("about.versions")}</Tabs.Tab>
        </Tabs.List>
        <Tabs.Panel value="overview">
          <Overview asset={asset} version={version} content={content} />
        </Tabs.Panel>
        <Tabs.Panel value="lineage">
          <LineageTab asset={asset} content={content} />
        </Tabs.Panel>
        <Tabs.Panel value="versions">
          <Versions thing={asset} current={version.version} creator={version.creator} />
        </Tabs.Panel>
      </Tabs>
    </div>
  );
}

function Head({ asset, version }: Of) {
  const t = useStrings();
  const may = useMay(asset.workspace);
  return (
    <Group justify="space-between" align="flex-start" wrap="nowrap" mb="md">
      <Group gap="xs" className={classes.named}>
        <Title order={1} size="h3">
          {version.name}
        </Title>
        <Badge variant="default" tt="none">
          {version.version}
        </Badge>
        <Badge variant="light" tt="none">
          {t(KINDS[asset.kind])}
        </Badge>
        {version.stage && <Stage stage={version.stage} />}
        {version.visibility === "private" && (
          <Badge variant="default" tt="none">
            {t("asset.private")}
          </Badge>
        )}
      </Group>
      <Group gap="xs" wrap="nowrap">
        {asset.kind === "model" && may.approve(version.visibility) && (
          <Staging asset={asset} version={version} />
        )}
        {may.write(version.creator) && <Owned asset={asset} version={version} />}
      </Group>
    </Group>
  );
}

const KINDS = { model: "asset.model", dataset: "asset.dataset" } as const satisfies Record<
  Kind,
  string
>;
/** The colours of what went well and of what did not. */
const COLOURS: Record<string, string> = {
  Approved: "var(--status-succeeded)",
  Rejected: "var(--status-failed)",
};

function Stage({ stage }: { stage: string }) {
  const t = useStrings();
  return (
    <Badge variant="default" c={COLOURS[stage]} tt="none">
      {t.known(`asset.stage.${stage}`, stage)}
    </Badge>
  );
}

/** Whether this version may be used in production. */
function Staging({ asset, version }: Of) {
  const t = useStrings();
  const [isAsking, setAsking] = useState(false);
  return (
    <>
      <Button variant="default" onClick={() => setAsking(true)}>
        {t("asset.stage.change")}
      </Button>
      {isAsking && <StageDialog asset={asset} version={version} onClose={() => setAsking(false)} />}
    </>
  );
}

/** What only those may do whose it is. */
function Owned({ asset, version }: Of) {
  const t = useStrings();
  const navigate = useNavigate();
  const { workspace, kind, name } = asset;
  return (
    <ThingMenu
      thing={asset}
      title={name}
      said={version}
      hint={t("asset.delete.hint")}
      onDeleted={() => navigate({ to: LISTS[kind], params: { workspace } })}
    />
  );
}

const LISTS = { model: "/w/$workspace/models", dataset: "/w/$workspace/datasets" } as const;
