import { Alert, Badge, Button, Group, Tabs, Text, Title } from "@mantine/core";
import { notifications } from "@mantine/notifications";
import { useMutation, useQuery } from "@tanstack/react-query";
import { useNavigate, useParams } from "@tanstack/react-router";
import classes from "@/components/registry/Registry.module.css";
import { ThingMenu } from "@/components/registry/ThingMenu";
import { Versions } from "@/components/registry/Versions";
import { Failed, Loading } from "@/components/states";
import { useMay } from "@/services/access";
import { type Face, face, registered, type Thing, type Version } from "@/services/library";
import { openComponent, openPublished } from "@/services/pipelines";
import { useStrings } from "@/strings";
import { CodeTab } from "./component/CodeTab";
import { Overview } from "./component/Overview";
import { Parameters } from "./component/Parameters";
import { RunForm } from "./component/RunForm";

/** All about one component: what it takes and gives, its code, its versions, and what to do with it. */
export function ComponentPage() {
  const { workspace, reference } = useParams({ from: "/w/$workspace/components/$reference" });
  const query = useQuery(face(workspace, reference));
  if (query.isPending) return <Loading />;
  if (query.isError) return <Failed error={query.error} reset={() => void query.refetch()} />;
  return <Shown key={query.data.reference} face={query.data} workspace={workspace} />;
}

function Shown({ face, workspace }: { face: Face; workspace: string }) {
  const t = useStrings();
  const isOwn = face.source === "workspace";
  const thing = { workspace, kind: face.kind, name: face.name };
  const version = useQuery({ ...registered(thing, face.version), enabled: isOwn });
  return (
    <div className={classes.page}>
      <Head face={face} thing={thing} version={version.data} />
      {face.deprecated && (
        <Alert variant="default" mb="md" title={t("library.deprecated")}>
          {face.deprecated}
        </Alert>
      )}
      <Tabs defaultValue="overview" keepMounted={false}>
        <Tabs.List mb="md">
          <Tabs.Tab value="overview">{t("about.overview")}</Tabs.Tab>
          <Tabs.Tab value="parameters">{t("about.parameters")}</Tabs.Tab>
          {isOwn && <Tabs.Tab value="code">{t("about.code")}</Tabs.Tab>}
          {isOwn && <Tabs.Tab value="versions">{t("about.versions")}</Tabs.Tab>}
          <Tabs.Tab value="run">{t("about.run")}</Tabs.Tab>
        </Tabs.List>
        <Tabs.Panel value="overview">
          <Overview face={face} version={version.data} />
        </Tabs.Panel>
        <Tabs.Panel value="parameters">
          <Parameters face={face} />
        </Tabs.Panel>
        <Tabs.Panel value="code">
          <CodeTab face={face} query={version} />
        </Tabs.Panel>
        <Tabs.Panel value="versions">
          <Versions thing={thing} current={face.version} creator={version.data?.creator ?? ""} />
        </Tabs.Panel>
        <Tabs.Panel value="run">
          <RunForm face={face} workspace={workspace} />
        </Tabs.Panel>
      </Tabs>
    </div>
  );
}

interface HeadProps {
  face: Face;
  thing: Thing;
  /** Nothing of what is built in. */
  version: Version | undefined;
}

function Head({ face, thing, version }: HeadProps) {
  const t = useStrings();
  const { workspace } = thing;
  const may = useMay(workspace);
  const opening = useOpening(face, workspace);
  return (
    <Group justify="space-between" align="flex-start" wrap="nowrap" mb="md">
      <div className={classes.named}>
        <Group gap="xs">
          <Title order={1} size="h3">
            {face.title}
          </Title>
          <Badge variant="default" tt="none">
            {face.version}
          </Badge>
          <Badge variant="light" tt="none">
            {t(face.source === "builtin" ? "library.builtin" : "library.own")}
          </Badge>
          {face.kind === "pipeline" && (
            <Badge variant="light" tt="none">
              {t("library.pipeline")}
            </Badge>
          )}
        </Group>
        {face.title !== face.name && (
          <Text size="sm" c="dimmed" ff="monospace">
            {face.name}
          </Text>
        )}
      </div>
      {may.make && (
        <Group gap="xs" wrap="nowrap">
          <Button loading={opening.isPending} onClick={() => opening.mutate()}>
            {t("pipelines.edit")}
          </Button>
          {version && may.write(version.creator) && (
            <Owned face={face} thing={thing} version={version} />
          )}
        </Group>
      )}
    </Group>
  );
}

/** What only those may do whose it is. */
function Owned({ face, thing, version }: { face: Face; thing: Thing; version: Version }) {
  const t = useStrings();
  const navigate = useNavigate();
  const { workspace, kind } = thing;
  return (
    <>
      {kind === "component" && (
        <Button
          variant="default"
          onClick={() =>
            void navigate({
              to: "/w/$workspace/new-component",
              params: { workspace },
              search: { from: face.reference },
            })
          }
        >
          {t("make.version.new")}
        </Button>
      )}
      <ThingMenu
        thing={thing}
        title={face.title}
        said={version}
        hint={t("about.delete.hint")}
        onDeleted={() => navigate({ to: "/w/$workspace/components", params: { workspace } })}
      />
    </>
  );
}

function useOpening(face: Face, workspace: string) {
  const navigate = useNavigate();
  return useMutation({
    mutationFn: () =>
      face.kind === "pipeline"
        ? openPublished(workspace, face.name)
        : openComponent(workspace, face.name, face.reference),
    onSuccess: (draft) =>
      navigate({ to: "/w/$workspace/pipelines/$draft", params: { workspace, draft } }),
    onError: (error) => notifications.show({ color: "red", message: error.message }),
  });
}
