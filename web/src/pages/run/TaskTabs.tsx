import { Button, Tabs } from "@mantine/core";
import { type ComponentType, lazy, Suspense } from "react";
import { LogView } from "@/components/logs/LogView";
import { Loading } from "@/components/states";
import { StatusMark } from "@/components/status/StatusMark";
import { type Run, type Step, statusOf } from "@/models/runs";
import { useStrings } from "@/strings";
import { useActs } from "./RunActions";
import classes from "./RunPage.module.css";
import { Attempts } from "./tabs/Attempts";
import { Batch } from "./tabs/Batch";
import { Command } from "./tabs/Command";
import { Metrics } from "./tabs/Metrics";
import { Overview } from "./tabs/Overview";
import { Resources } from "./tabs/Resources";
import { Trials } from "./tabs/Trials";

export interface OfStep {
  workspace: string;
  run: Run;
  step: Step;
}

const Data = lazy(() => import("./tabs/Data").then((m) => ({ default: m.Data })));

/** The replica to begin with: the first that failed. */
const failedReplica = (step: Step) => {
  const replicas = step.tries?.at(-1)?.replicas ?? [];
  return replicas.find(({ status }) => status === "failed" || status === "lost")?.replica;
};

function Log({ workspace, run, step }: OfStep) {
  const preferred = failedReplica(step);
  return (
    <LogView
      workspace={workspace}
      run={run.run}
      step={step.node}
      {...(preferred ? { preferred } : {})}
    />
  );
}

interface Tab {
  name:
    | "overview"
    | "log"
    | "attempts"
    | "data"
    | "metrics"
    | "resources"
    | "command"
    | "batch"
    | "trials";
  shows: ComponentType<OfStep>;
  isFull?: boolean;
  isFor?: (step: Step) => boolean;
}

const TABS: Tab[] = [
  { name: "overview", shows: Overview },
  { name: "log", shows: Log, isFull: true },
  { name: "batch", shows: Batch, isFor: (step) => step.batch !== undefined },
  { name: "trials", shows: Trials, isFor: (step) => step.sweep !== undefined },
  { name: "data", shows: Data },
  { name: "metrics", shows: Metrics },
  { name: "resources", shows: Resources },
  { name: "command", shows: Command },
  { name: "attempts", shows: Attempts },
];

interface Shown extends OfStep {
  tab: string;
  onTab: (tab: string) => void;
}

/** All that is known of a step. */
export function TaskTabs({ workspace, run, step, tab, onTab }: Shown) {
  const t = useStrings();
  const acts = useActs(workspace, run);
  const tabs = TABS.filter((each) => each.isFor?.(step) ?? true);
  const preset = step.status === "failed" && step.attempts ? "log" : "overview";
  const chosen = tabs.some((each) => each.name === tab) ? tab : preset;
  return (
    <>
      <div className={classes.title}>
        <StatusMark status={statusOf(step)} />
        <h2>{step.node}</h2>
        <span className={classes.grow} />
        <Button
          size="compact-xs"
          variant="default"
          loading={acts.again.isPending}
          onClick={() => acts.again.mutate(step.node)}
        >
          {t("run.from-here")}
        </Button>
      </div>
      <Tabs
        value={chosen}
        onChange={(name) => name && onTab(name)}
        className={classes.tabs}
        keepMounted={false}
      >
        <Tabs.List px="sm">
          {tabs.map(({ name }) => (
            <Tabs.Tab key={name} value={name} fz="sm" px="sm">
              {t(`run.tab.${name}`)}
            </Tabs.Tab>
          ))}
        </Tabs.List>
        {tabs.map(({ name, shows: Shows, isFull }) => (
          <Tabs.Panel key={name} value={name} className={isFull ? classes.full : classes.panel}>
            <Suspense fallback={<Loading />}>
              <Shows workspace={workspace} run={run} step={step} />
            </Suspense>
          </Tabs.Panel>
        ))}
      </Tabs>
    </>
  );
}
