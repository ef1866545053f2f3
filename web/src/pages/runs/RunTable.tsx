import { Checkbox, Loader } from "@mantine/core";
import { Link } from "@tanstack/react-router";
import { useVirtualizer } from "@tanstack/react-virtual";
import { useEffect, useRef } from "react";
import { StatusMark } from "@/components/status/StatusMark";
import { useNow } from "@/components/status/useNow";
import { ago, moment } from "@/models/ago";
import { durationOf } from "@/models/duration";
import { definitionOf, failedStep, isOver, progressOf, type RunRow } from "@/models/runs";
import { useStrings } from "@/strings";
import classes from "./Runs.module.css";

interface TableOf {
  workspace: string;
  runs: RunRow[];
  chosen: string[];
  onChoose: (runs: string[]) => void;
  hasMore: boolean;
  isReading: boolean;
  onMore: () => void;
}

const HEIGHT = 40;
const NEAR = 20;

/** The runs as a table of which only the rows that are looked at are drawn. */
export function RunTable(props: TableOf) {
  const { workspace, runs, chosen, onChoose, hasMore, isReading, onMore } = props;
  const t = useStrings();
  const now = useNow(true);
  const scroll = useRef<HTMLDivElement>(null);
  const list = useVirtualizer({
    count: runs.length,
    getScrollElement: () => scroll.current,
    estimateSize: () => HEIGHT,
    overscan: 10,
  });
  const items = list.getVirtualItems();
  const last = items.at(-1)?.index ?? 0;
  useEffect(() => {
    if (hasMore && !isReading && last > runs.length - NEAR) onMore();
  }, [last, hasMore, isReading, runs.length, onMore]);
  const toggle = (run: string) =>
    onChoose(chosen.includes(run) ? chosen.filter((each) => each !== run) : [...chosen, run]);
  return (
    <div className={classes.scroll} ref={scroll}>
      <table className={classes.table} aria-label={t("runs.title")} aria-rowcount={runs.length}>
        <Head />
        <tbody style={{ height: list.getTotalSize() }}>
          {items.map((item) => {
            const run = runs[item.index];
            return (
              run && (
                <tr
                  key={run.run}
                  className={classes.row}
                  style={{ height: HEIGHT, transform: `translateY(${item.start}px)` }}
                >
                  <Cells
                    workspace={workspace}
                    run={run}
                    now={now}
                    isChosen={chosen.includes(run.run)}
                    onToggle={() => toggle(run.run)}
                  />
                </tr>
              )
            );
          })}
        </tbody>
      </table>
      {isReading && <Loader size="sm" m="md" />}
    </div>
  );
}

const COLUMNS = [
  "status",
  "progress",
  "run",
  "what",
  "begun",
  "duration",
  "creator",
  "tags",
] as const;

function Head() {
  const t = useStrings();
  return (
    <thead className={classes.top}>
      <tr className={classes.columns}>
        <td />
        {COLUMNS.map((name) => (
          <th key={name} scope="col" data-column={name}>
            {t(`runs.column.${name}`)}
          </th>
        ))}
      </tr>
    </thead>
  );
}

interface OneRun {
  workspace: string;
  run: RunRow;
  now: number;
  isChosen: boolean;
  onToggle: () => void;
}

function Cells({ workspace, run, now, isChosen, onToggle }: OneRun) {
  const t = useStrings();
  const { name, version } = definitionOf(run.definition);
  const shown = run.name || name;
  const failedIn = failedStep(run);
  const reason = failedIn ? t("run.failed-in", { step: failedIn }) : run.reason;
  const seconds = isOver(run.status) ? run.seconds : now - run.created;
  return (
    <>
      <td>
        <Checkbox
          size="xs"
          aria-label={t("runs.choose", { name: shown })}
          checked={isChosen}
          onChange={onToggle}
        />
      </td>
      <td>
        <StatusMark status={run.status} />
      </td>
      <td className={classes.dim}>
        <Steps run={run} />
      </td>
      <td className={classes.name}>
        <Link to="/w/$workspace/runs/$run" params={{ workspace, run: run.run }}>
          {shown}
        </Link>
        {reason && <small title={reason}>{reason}</small>}
      </td>
      <td className={classes.dim}>{shown === name ? version : `${name} ${version}`}</td>
      <td className={classes.dim} title={moment(run.created, t.language)}>
        {ago(run.created, now, t.language)}
      </td>
      <td className={classes.dim}>{durationOf(seconds)}</td>
      <td className={classes.dim}>{run.creator}</td>
      <td className={classes.dim} data-column="tags">
        {Object.entries(run.tags)
          .map(([tag, value]) => `${tag}=${value}`)
          .join(", ")}
      </td>
    </>
  );
}

/** How many of the steps of a run that goes on are over. */
function Steps({ run }: { run: RunRow }) {
  const t = useStrings();
  const found = progressOf(run);
  if (!found) return null;
  const { over, total, failed } = found;
  const failures = failed > 0 ? t("run.tally.failed", { failed }) : "";
  const said = t("runs.progress", { over, total });
  return (
    <div className={classes.steps} title={[said, failures].filter(Boolean).join(", ")}>
      <span>{said}</span>
      <progress value={over} max={total} aria-hidden="true" data-fails={failed > 0 || undefined} />
    </div>
  );
}
