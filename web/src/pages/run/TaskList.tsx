import { ActionIcon, TextInput } from "@mantine/core";
import { useVirtualizer } from "@tanstack/react-virtual";
import { useDeferredValue, useMemo, useRef, useState } from "react";
import { DownIcon, RightIcon } from "@/components/icons";
import { StatusMark, useStatusWord } from "@/components/status/StatusMark";
import { durationOf } from "@/models/duration";
import { type Run, type Step, statusOf } from "@/models/runs";
import { rowsOf, type Task, type TaskRow, tally, tasksOf } from "@/models/tasks";
import { useStrings } from "@/strings";
import classes from "./TaskList.module.css";

interface List {
  run: Run;
  task: string;
  onSelect: (name: string) => void;
}

const HEIGHT = 32;

/** The tasks of a run by status, of which only those that are looked at are drawn. */
export function TaskList({ run, task, onSelect }: List) {
  const t = useStrings();
  const [typed, setTyped] = useState("");
  const words = useDeferredValue(typed);
  const [open, setOpen] = useState<Set<string>>(new Set());
  const scroll = useRef<HTMLDivElement>(null);
  const tasks = useMemo(() => tasksOf(run.steps), [run.steps]);
  const rows = useMemo(() => rowsOf(tasks, open, words), [tasks, open, words]);
  const list = useVirtualizer({
    count: rows.length,
    getScrollElement: () => scroll.current,
    estimateSize: () => HEIGHT,
    overscan: 12,
  });
  const toggle = (name: string) =>
    setOpen((now) =>
      now.has(name) ? new Set([...now].filter((each) => each !== name)) : new Set([...now, name]),
    );
  return (
    <>
      <div className={classes.search}>
        <TextInput
          size="xs"
          type="search"
          placeholder={t("run.tasks.search")}
          aria-label={t("run.tasks.search")}
          value={typed}
          onChange={(event) => setTyped(event.currentTarget.value)}
        />
      </div>
      <button
        type="button"
        className={classes.row}
        aria-current={task === "" || undefined}
        onClick={() => onSelect("")}
      >
        <span className={classes.name}>{t("run.about")}</span>
      </button>
      <div
        className={classes.scroll}
        ref={scroll}
        role="toolbar"
        aria-orientation="vertical"
        aria-label={t("run.tasks")}
        onKeyDown={walk}
      >
        {!rows.length && <p className={classes.none}>{t("run.tasks.none")}</p>}
        <div style={{ height: list.getTotalSize(), position: "relative" }}>
          {list.getVirtualItems().map((item) => {
            const row = rows[item.index];
            return (
              row && (
                <div
                  key={keyOf(row)}
                  className={classes.place}
                  style={{ height: HEIGHT, transform: `translateY(${item.start}px)` }}
                >
                  <Row row={row} chosen={task} onSelect={onSelect} onToggle={toggle} />
                </div>
              )
            );
          })}
        </div>
      </div>
    </>
  );
}

const keyOf = (row: TaskRow) =>
  row.kind === "group"
    ? `=${row.status}`
    : row.kind === "task"
      ? row.task.name
      : `/${row.step.node}`;

/** Up and down go from one task to the next. */
function walk(event: React.KeyboardEvent<HTMLDivElement>) {
  const by = event.key === "ArrowDown" ? 1 : event.key === "ArrowUp" ? -1 : 0;
  if (!by) return;
  const all = [...event.currentTarget.querySelectorAll<HTMLElement>("button[data-task]")];
  const next = all[all.indexOf(document.activeElement as HTMLElement) + by];
  if (!next) return;
  event.preventDefault();
  next.focus();
  next.scrollIntoView({ block: "nearest" });
}

interface OneRow {
  row: TaskRow;
  chosen: string;
  onSelect: (name: string) => void;
  onToggle: (name: string) => void;
}

function Row({ row, chosen, onSelect, onToggle }: OneRow) {
  const wordOf = useStatusWord();
  if (row.kind === "group")
    return (
      <h3 className={classes.group}>
        {wordOf(row.status)} <span>{row.count}</span>
      </h3>
    );
  if (row.kind === "part")
    return (
      <button
        type="button"
        data-task
        className={`${classes.row} ${classes.part}`}
        aria-current={row.step.node === chosen || undefined}
        onClick={() => onSelect(row.step.node)}
      >
        <StatusMark status={statusOf(row.step)} isWordy={false} />
        <span className={classes.name}>
          {row.step.node.slice(row.owner.length).replace(/^\./, "")}
        </span>
        <Aside step={row.step} />
      </button>
    );
  return <TaskLine {...row} chosen={chosen} onSelect={onSelect} onToggle={onToggle} />;
}

interface Line {
  task: Task;
  isOpen: boolean;
  chosen: string;
  onSelect: (name: string) => void;
  onToggle: (name: string) => void;
}

function TaskLine({ task, isOpen, chosen, onSelect, onToggle }: Line) {
  const t = useStrings();
  const hasParts = task.parts.length > 0;
  // A sub-pipeline is no step: it opens and closes.
  const choose = () => (task.step ? onSelect(task.name) : onToggle(task.name));
  return (
    <div className={classes.line}>
      {hasParts && (
        <ActionIcon
          variant="subtle"
          color="gray"
          size="xs"
          className={classes.fold}
          aria-expanded={isOpen}
          aria-label={t(isOpen ? "run.tasks.close" : "run.tasks.open", { name: task.name })}
          onClick={() => onToggle(task.name)}
        >
          {isOpen ? <DownIcon size={12} /> : <RightIcon size={12} />}
        </ActionIcon>
      )}
      <button
        type="button"
        data-task
        className={classes.row}
        data-folds={hasParts || undefined}
        aria-current={task.name === chosen || undefined}
        onClick={choose}
      >
        <StatusMark status={task.status} isWordy={false} />
        <span className={classes.name}>{task.name}</span>
        {hasParts ? <Counter parts={task.parts} /> : task.step && <Aside step={task.step} />}
      </button>
    </div>
  );
}

function Counter({ parts }: { parts: Step[] }) {
  const t = useStrings();
  const { done, total, failed } = tally(parts);
  return (
    <span className={classes.aside}>
      {t("run.tally", { done, total })}
      {failed > 0 && <span className={classes.failed}> {t("run.tally.failed", { failed })}</span>}
    </span>
  );
}

function Aside({ step }: { step: Step }) {
  const t = useStrings();
  const tries = step.tries?.length ?? step.attempts;
  return (
    <span className={classes.aside}>
      {tries > 1 && `${t("run.tries", { count: tries })} · `}
      {step.seconds !== null && durationOf(step.seconds)}
    </span>
  );
}
