import { useQuery } from "@tanstack/react-query";
import { useEffect, useMemo, useState } from "react";
import { createStore, type StoreApi } from "zustand";
import { Graph } from "@/components/graph/Graph";
import { Empty, Failed, Loading } from "@/components/states";
import type { NodeStatus, Statuses } from "@/models/graph";
import { loadLayout, placesOf } from "@/models/layout";
import { read } from "@/models/pipeline/text";
import type { Face } from "@/models/ports";
import { type Run, statusOf } from "@/models/runs";
import { type Scene, sceneOf, type Words } from "@/models/scene";
import { tally, tasksOf } from "@/models/tasks";
import type { Schemas } from "@/services/api";
import { runSource } from "@/services/runs";
import { type Speak, useStrings } from "@/strings";

const layouter = { queryKey: ["layout"], queryFn: loadLayout };

interface Shown {
  workspace: string;
  run: Run;
  task: string;
  onSelect: (name: string) => void;
}

/** What was run as it stands on a canvas, each node as its step stands. */
export function RunGraph({ workspace, run, task, onSelect }: Shown) {
  const t = useStrings();
  const source = useQuery(runSource(workspace, run.run));
  const { data: canDraw } = useQuery(layouter);
  const drawn = useMemo(
    () => (source.data && canDraw ? drawnOf(source.data, t) : null),
    [source.data, canDraw, t],
  );
  const statuses = useStatuses(run, t);
  const selected = useMemo(() => [nodeOf(task)], [task]);
  if (source.error) return <Failed error={source.error} reset={() => void source.refetch()} />;
  if (!source.data || !canDraw) return <Loading />;
  if (!drawn) return <Empty title={t("run.graph.none")} />;
  return (
    <Graph
      label={t("run.graph.label")}
      nodes={drawn.nodes}
      wires={drawn.wires}
      {...(drawn.notes ? { notes: drawn.notes } : {})}
      statuses={statuses}
      selected={selected}
      onSelect={([name]) => name !== undefined && onSelect(stepOf(name, run))}
      kept={`run:${run.run}`}
    />
  );
}

/** A step within another pipeline is one node where the text was written anew. */
const nodeOf = (step: string) => step.replace(/\[.*$/, "").replaceAll(".", "--");

function stepOf(node: string, run: Run): string {
  const name = node.replaceAll("--", ".");
  return run.steps.some((step) => step.node === node) ? node : name;
}

interface Drawn extends Scene {
  notes: ReturnType<typeof notesOf>;
}

type Source = Schemas["RunSource"];
type Read = NonNullable<ReturnType<typeof read>["pipeline"]>;
const notesOf = (pipeline: Read) => pipeline.notes;

function drawnOf(source: Source, t: Speak): Drawn | null {
  const { pipeline } = read(source.text);
  if (!pipeline) return null;
  const faces: Record<string, Face> = source.faces;
  const words: Words = {
    missingInput: (name) => name,
    missingParameter: (name) => name,
    unknown: () => "",
    input: (type) => t("run.graph.input", { type }),
    parameter: (type) => t("run.graph.parameter", { type }),
  };
  const places = placesOf(pipeline);
  const faceOf = (name: string) => faces[name] ?? faces[name.replaceAll("--", ".")];
  return { ...sceneOf(pipeline, { faceOf, places, words }), notes: notesOf(pipeline) };
}

type Known = Record<string, NodeStatus>;

function useStatuses(run: Run, t: Speak): Statuses {
  const [store] = useState<StoreApi<Known>>(() => createStore<Known>(() => ({})));
  useEffect(() => {
    const before = store.getState();
    const now = statusesOf(run, t);
    // What did not change stays the same object, so that its node is not drawn again.
    for (const [name, status] of Object.entries(now)) {
      const known = before[name];
      if (known && JSON.stringify(known) === JSON.stringify(status)) now[name] = known;
    }
    store.setState(now, true);
  }, [store, run, t]);
  return useMemo(
    () => ({ subscribe: store.subscribe, of: (name) => store.getState()[name] }),
    [store],
  );
}

function statusesOf(run: Run, t: Speak): Known {
  const found: Known = {};
  for (const task of tasksOf(run.steps)) {
    const { done, total, failed } = tally(task.parts);
    const fails = failed ? `, ${t("run.tally.failed", { failed })}` : "";
    found[task.name] = {
      status: task.status,
      reason: task.step?.reason ?? "",
      seconds: task.step?.seconds ?? null,
      ...(total ? { tally: t("run.tally", { done, total }) + fails } : {}),
    };
    for (const part of task.parts)
      found[nodeOf(part.node)] ??= { status: statusOf(part), seconds: part.seconds };
  }
  return found;
}
