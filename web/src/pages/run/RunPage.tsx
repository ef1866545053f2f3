/** One run: what it does, what it did, and why. */
import { useParams } from "@tanstack/react-router";
import { lazy, Suspense, useCallback, useMemo, useState } from "react";
import { Failed, Loading } from "@/components/states";
import { firstFailed, type Run } from "@/models/runs";
import { useLiveRun } from "@/services/live";
import { useStrings } from "@/strings";
import { useAddress } from "./address";
import { RunHeader } from "./RunHeader";
import classes from "./RunPage.module.css";
import { RunTabs } from "./RunTabs";
import { TaskList } from "./TaskList";
import { TaskTabs } from "./TaskTabs";
import { ViewSwitch } from "./ViewSwitch";

const RunGantt = lazy(() => import("./RunGantt").then((m) => ({ default: m.RunGantt })));
const RunGraph = lazy(() => import("./RunGraph").then((m) => ({ default: m.RunGraph })));

export function RunPage() {
  const { workspace, run } = useParams({ from: "/w/$workspace/runs/$run" });
  const query = useLiveRun(workspace, run);
  if (query.error && !query.data)
    return <Failed error={query.error} reset={() => void query.refetch()} />;
  if (!query.data) return <Loading />;
  return <ShownRun key={query.data.run} workspace={workspace} run={query.data} />;
}

function ShownRun({ workspace, run }: { workspace: string; run: Run }) {
  const t = useStrings();
  const [address, go] = useAddress();
  const failed = useMemo(() => firstFailed(run.steps)?.node ?? "", [run.steps]);
  // What failed stays what is looked at when it is tried again, and when others fail, too.
  const [preselected, setPreselected] = useState(failed);
  if (!preselected && failed) setPreselected(failed);
  const task = address.task ?? preselected;
  const select = useCallback((name: string) => go({ task: name }), [go]);
  const step = run.steps.find((each) => each.node === task);
  const parts = { workspace, run, task, onSelect: select };
  return (
    <div className={classes.page}>
      <RunHeader workspace={workspace} run={run} />
      <div className={classes.body} data-view={address.view}>
        <section className={classes.tasks} aria-label={t("run.tasks")}>
          <ViewSwitch view={address.view} onChange={(view) => go({ view })} run={run} />
          <div className={classes.view}>
            {address.view === "list" && <TaskList run={run} task={task} onSelect={select} />}
            <Suspense fallback={<Loading />}>
              {address.view === "graph" && <RunGraph {...parts} />}
              {address.view === "gantt" && <RunGantt {...parts} />}
            </Suspense>
          </div>
        </section>
        <section className={classes.details} aria-label={step?.node ?? t("run.about")}>
          {step ? (
            <TaskTabs
              key={step.node}
              workspace={workspace}
              run={run}
              step={step}
              tab={address.tab}
              onTab={(tab) => go({ tab })}
            />
          ) : (
            <RunTabs run={run} onShow={(name) => go({ task: name, tab: "data" })} />
          )}
        </section>
      </div>
    </div>
  );
}
