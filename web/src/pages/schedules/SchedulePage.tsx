/** One schedule: what it does and when, its versions, its file. */
import { Button, Tabs, Text, Title } from "@mantine/core";
import { useQuery } from "@tanstack/react-query";
import { Link, useNavigate, useParams } from "@tanstack/react-router";
import { lazy, Suspense } from "react";
import { PlaceLink } from "@/components/PlaceLink";
import { Failed, Loading } from "@/components/states";
import { useMay } from "@/services/access";
import { type ScheduleView, schedule } from "@/services/schedules";
import { useStrings } from "@/strings";
import { InForce } from "./list/InForce";
import { Overview } from "./list/Overview";
import { RowActions } from "./list/RowActions";
import { StateSwitch } from "./list/StateSwitch";
import { Versions } from "./list/Versions";
import classes from "./schedules.module.css";

const Editor = lazy(() =>
  import("@/components/editor/Editor").then(({ Editor }) => ({ default: Editor })),
);

export function SchedulePage() {
  const { workspace, schedule: name } = useParams({ from: "/w/$workspace/schedules/$schedule" });
  const query = useQuery(schedule(workspace, name));
  if (query.isPending) return <Loading />;
  if (query.isError) return <Failed error={query.error} reset={() => void query.refetch()} />;
  return <Shown workspace={workspace} said={query.data} />;
}

function Shown({ workspace, said }: { workspace: string; said: ScheduleView }) {
  const t = useStrings();
  const navigate = useNavigate();
  const may = useMay(workspace);
  const { name } = said;
  const text = String(said.document.text ?? "");
  return (
    <div className={classes.page}>
      <div className={classes.head}>
        <PlaceLink to="/w/$workspace/schedules" params={{ workspace }} search={{}} size="sm">
          {t("schedules.title")}
        </PlaceLink>
        <Title order={1} size="h4">
          {name}
        </Title>
        <StateSwitch
          workspace={workspace}
          name={name}
          creator={said.creator}
          state={said.in_force?.state}
        />
        <Text span size="sm" c="dimmed">
          {said.pipeline}
        </Text>
        <div className={classes.buttons}>
          <InForce workspace={workspace} row={said} />
          {may.write(said.creator) && (
            <Button
              size="compact-sm"
              variant="default"
              renderRoot={(props) => (
                <Link
                  to="/w/$workspace/new-schedule"
                  params={{ workspace }}
                  search={{ from: name }}
                  {...props}
                />
              )}
            >
              {t("schedules.edit")}
            </Button>
          )}
          <RowActions
            workspace={workspace}
            row={said}
            onDeleted={() =>
              void navigate({ to: "/w/$workspace/schedules", params: { workspace }, search: {} })
            }
          />
        </div>
      </div>
      <Tabs defaultValue="about" keepMounted={false} className={classes.whole}>
        <Tabs.List px="md">
          <Tabs.Tab value="about">{t("schedules.tab.about")}</Tabs.Tab>
          <Tabs.Tab value="versions">{t("schedules.tab.versions")}</Tabs.Tab>
          <Tabs.Tab value="file">{t("schedules.tab.file")}</Tabs.Tab>
        </Tabs.List>
        <Tabs.Panel value="about" className={classes.scroll}>
          <Overview workspace={workspace} said={said} />
        </Tabs.Panel>
        <Tabs.Panel value="versions" className={classes.scroll}>
          <Versions workspace={workspace} said={said} />
        </Tabs.Panel>
        <Tabs.Panel value="file" className={classes.scroll} p="md">
          <Suspense fallback={<Loading />}>
            <Editor value={text} language="yaml" label={t("schedules.tab.file")} isReadOnly />
          </Suspense>
        </Tabs.Panel>
      </Tabs>
    </div>
  );
}
