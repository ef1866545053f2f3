/** The schedules of a workspace, and where their instances are operated. */
import { Tabs, Title } from "@mantine/core";
import { useNavigate, useParams, useSearch } from "@tanstack/react-router";
import { lazy, Suspense, useMemo } from "react";
import { Loading } from "@/components/states";
import { useCommands } from "@/services/commands";
import { useStrings } from "@/strings";
import { NewScheduleLink } from "./list/NewScheduleLink";
import { ScheduleList } from "./list/ScheduleList";
import classes from "./schedules.module.css";

const Instances = lazy(() =>
  import("./instances/Instances").then(({ Instances }) => ({ default: Instances })),
);
const Backfills = lazy(() =>
  import("./backfills/Backfills").then(({ Backfills }) => ({ default: Backfills })),
);
const Told = lazy(() => import("./list/Told").then(({ Told }) => ({ default: Told })));
const TestRun = lazy(() => import("./list/TestRun").then(({ TestRun }) => ({ default: TestRun })));

const TABS = ["list", "instances", "backfills", "test", "alerts"] as const;

export function SchedulesPage() {
  const t = useStrings();
  const { workspace } = useParams({ from: "/w/$workspace/schedules" });
  const search = useSearch({ from: "/w/$workspace/schedules" });
  const navigate = useNavigate();
  const tab = TABS.find((each) => each === search.tab) ?? "list";
  useCommands(
    "schedules",
    useMemo(
      () => [
        {
          id: "new-schedule",
          label: t("schedules.new"),
          run: () => void navigate({ to: "/w/$workspace/new-schedule", params: { workspace } }),
        },
      ],
      [t, navigate, workspace],
    ),
  );
  const go = (to: string | null) =>
    void navigate({
      to: "/w/$workspace/schedules",
      params: { workspace },
      search: to === "list" || !to ? {} : { tab: to },
    });
  return (
    <div className={classes.page}>
      <div className={classes.head}>
        <Title order={1} size="h4">
          {t("schedules.title")}
        </Title>
        <NewScheduleLink workspace={workspace} />
      </div>
      <Tabs value={tab} onChange={go} className={classes.tabs}>
        <Tabs.List>
          {TABS.map((each) => (
            <Tabs.Tab key={each} value={each}>
              {t(`schedules.tab.${each}`)}
            </Tabs.Tab>
          ))}
        </Tabs.List>
      </Tabs>
      <Suspense fallback={<Loading />}>
        {tab === "list" && <ScheduleList workspace={workspace} />}
        {tab === "instances" && <Instances workspace={workspace} />}
        {tab === "backfills" && <Backfills workspace={workspace} />}
        {tab === "test" && <TestRun workspace={workspace} />}
        {tab === "alerts" && <Told workspace={workspace} />}
      </Suspense>
    </div>
  );
}
