/** The pipeline that is on the canvas: what it is, what is known of it, and what was done to it. */
import { createContext, useContext } from "react";
import { createStore, type StoreApi, useStore } from "zustand";
import { begin, type History, record, redo, undo } from "@/models/history";
import type { Change, Pipeline } from "@/models/pipeline/model";
import type { Face } from "@/models/ports";
import type { Schemas } from "@/services/api";

export type Plan = Schemas["PlanView"];
export type Saving = "saved" | "changed" | "saving" | "conflict" | "failed";

/** What somebody else has saved meanwhile. */
export interface Conflict {
  author: string;
  changed: number;
  revision: number;
  text: string;
}

/** A step of the run that the canvas follows. */
export interface StepState {
  status: string;
  reason: string;
  seconds: number | null;
  isReused: boolean;
  attempts: number;
  /** Of an earlier run: the one that is shown was of other nodes. */
  isPast?: boolean;
}

type Known =
  | "plan"
  | "saving"
  | "revision"
  | "run"
  | "steps"
  | "past"
  | "rows"
  | "text"
  | "conflict"
  | "failure"
  | "runStatus"
  | "runReason"
  | "ran";

export interface Designer {
  workspace: string;
  draft: string;
  bundle: string;
  revision: number;
  saving: Saving;
  /** The file's text as it was last read or saved: its comments outlive changes. */
  text: string;
  conflict: Conflict | null;
  /** Why saving failed, in words. */
  failure: string;
  history: History<Pipeline>;
  /** The nodes that are chosen; the last one is what the panel shows. */
  selected: string[];
  /** What nodes may be, by the reference that a node's `component` says. */
  faces: Record<string, Face>;
  /** What the server last knew of the text: columns and faults by node; null before it was asked. */
  plan: Plan | null;
  /** The run that is shown on the nodes, and its steps by node. */
  run: string;
  steps: Record<string, StepState>;
  /** How nodes stood in runs before it. */
  past: Record<string, StepState>;
  /** How many rows the tables have that it left, by node and port. */
  rows: Record<string, Record<string, number>>;
  /** The status of that run and its reason, "" while there is none. */
  runStatus: string;
  runReason: string;
  /** The pipeline that was run, by which it is known which results are of what stands here no more. */
  ran: Pipeline | null;
  edit: (label: string, change: Change, burst?: string) => void;
  undo: () => void;
  redo: () => void;
  select: (names: string[]) => void;
  learn: (faces: Face[]) => void;
  set: (some: Partial<Pick<Designer, Known>>) => void;
  /** Begins anew with another pipeline, such as what somebody else has saved. */
  replace: (pipeline: Pipeline, text: string, revision: number) => void;
  tell: (steps: Record<string, StepState>) => void;
}

export type DesignerStore = StoreApi<Designer>;

export interface Opened {
  workspace: string;
  draft: string;
  bundle: string;
  revision: number;
  pipeline: Pipeline;
  text?: string;
  clock?: () => number;
}

export function openDesigner(opened: Opened): DesignerStore {
  const { pipeline, text = "", clock = Date.now, ...rest } = opened;
  return createStore<Designer>((set) => ({
    ...rest,
    saving: "saved",
    text,
    conflict: null,
    failure: "",
    history: begin(pipeline),
    selected: [],
    faces: {},
    plan: null,
    run: "",
    steps: {},
    past: {},
    rows: {},
    runStatus: "",
    runReason: "",
    ran: null,
    edit: (label, change, burst = "") =>
      set((now) => {
        const next = change(now.history.now);
        if (next === now.history.now) return now;
        const selected = now.selected.filter((name) => name in next.nodes);
        const history = record(now.history, label, next, burst, clock());
        return { history, selected, saving: "changed" };
      }),
    undo: () => set((now) => returned(now, undo(now.history))),
    redo: () => set((now) => returned(now, redo(now.history))),
    select: (selected) => set({ selected }),
    learn: (faces) =>
      set((now) => ({
        faces: { ...now.faces, ...Object.fromEntries(faces.map((face) => [face.reference, face])) },
      })),
    set: (some) => set(some),
    replace: (next, text, revision) =>
      set({ history: begin(next), selected: [], text, revision, saving: "saved", conflict: null }),
    tell: (steps) => set((now) => ({ steps: { ...now.steps, ...steps } })),
  }));
}

function returned(now: Designer, history: History<Pipeline>): Partial<Designer> {
  if (history.now === now.history.now) return {};
  const selected = now.selected.filter((name) => name in history.now.nodes);
  return { history, selected, saving: "changed" };
}

export const DesignerContext = createContext<DesignerStore | null>(null);

/** A part of what the canvas shows; drawn again only if that part changes. */
export function useDesigner<T>(part: (designer: Designer) => T): T {
  return useStore(useDesignerStore(), part);
}

export function useDesignerStore(): DesignerStore {
  const store = useContext(DesignerContext);
  if (!store) throw new Error("there is no designer around this");
  return store;
}

/** The component of a node, as far as it is known. */
export function faceOf(designer: Designer, name: string): Face | undefined {
  const component = designer.history.now.nodes[name]?.component;
  if (component === undefined) return undefined;
  return designer.plan?.nodes[name]?.face ?? designer.faces[component];
}
