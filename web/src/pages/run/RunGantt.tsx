import { useQuery } from "@tanstack/react-query";
import { useMemo } from "react";
import { GanttView } from "@/components/gantt/GanttView";
import { useNow } from "@/components/status/useNow";
import { ganttOf, needsOf } from "@/models/gantt";
import { isOver, type Run } from "@/models/runs";
import { runLineage } from "@/services/runs";

interface Shown {
  workspace: string;
  run: Run;
  task: string;
  onSelect: (name: string) => void;
}

export function RunGantt({ workspace, run, task, onSelect }: Shown) {
  const isEnded = isOver(run.status);
  const now = useNow(!isEnded);
  const lineage = useQuery(runLineage(workspace, run.run, isEnded));
  const gantt = useMemo(
    () => ganttOf(run, needsOf(lineage.data?.steps ?? []), now),
    [run, lineage.data, now],
  );
  return <GanttView gantt={gantt} selected={task} onSelect={onSelect} />;
}
