/** The steps of a run as tasks by status: items of a list and sub-pipelines are one task together. */
import { type Step, statusOf } from "./runs";

export interface Task {
  /** The step's name, or that of the pipeline or list that its parts belong to. */
  name: string;
  status: string;
  step: Step | null;
  parts: Step[];
}

export interface Group {
  status: string;
  tasks: Task[];
}

export type TaskRow =
  | { kind: "group"; status: string; count: number }
  | { kind: "task"; task: Task; isOpen: boolean }
  | { kind: "part"; step: Step; owner: string };

/** In this order groups are shown: what asks for somebody first. */
const ORDER = [
  "failed",
  "interrupted",
  "lost",
  "running",
  "queued",
  "pending",
  "succeeded",
  "reused",
  "skipped",
  "cancelled",
];

const rank = (status: string) => {
  const at = ORDER.indexOf(status);
  return at < 0 ? ORDER.length : at;
};

/** The node of the pipeline's own text that a step comes from. */
export const ownerOf = (name: string) => name.split(/[.[]/, 1)[0] ?? name;

export function tasksOf(steps: Step[]): Task[] {
  const tasks = new Map<string, Task>();
  for (const step of steps) {
    const name = ownerOf(step.node);
    const task = tasks.get(name) ?? { name, status: "", step: null, parts: [] };
    if (step.node === name) task.step = step;
    else task.parts.push(step);
    tasks.set(name, task);
  }
  for (const task of tasks.values()) task.status = taskStatus(task);
  return [...tasks.values()];
}

function taskStatus({ step, parts }: Task): string {
  if (step) return statusOf(step);
  const statuses = parts.map(statusOf);
  const worst = statuses.reduce((a, b) => (rank(a) <= rank(b) ? a : b), "cancelled");
  const isBegun = statuses.some((status) => status === "succeeded" || status === "reused");
  return worst === "pending" && isBegun ? "running" : worst;
}

export interface Tally {
  done: number;
  total: number;
  failed: number;
}

/** `37 of 40, 1 failed`. */
export function tally(parts: Step[]): Tally {
  const has = (status: string) => parts.filter((part) => part.status === status).length;
  return { done: has("succeeded"), total: parts.length, failed: has("failed") };
}

export function groupsOf(tasks: Task[]): Group[] {
  const groups = new Map<string, Task[]>();
  for (const task of tasks) {
    const group = groups.get(task.status);
    if (group) group.push(task);
    else groups.set(task.status, [task]);
  }
  return [...groups]
    .map(([status, of]) => ({ status, tasks: of }))
    .sort((a, b) => rank(a.status) - rank(b.status));
}

/** What a list shows: groups with their tasks, and the parts of those that are open or searched. */
export function rowsOf(tasks: Task[], open: Set<string>, words: string): TaskRow[] {
  const wanted = words.trim().toLowerCase();
  const fits = (name: string) => name.toLowerCase().includes(wanted);
  const shown = wanted
    ? tasks.filter((task) => fits(task.name) || task.parts.some((part) => fits(part.node)))
    : tasks;
  return groupsOf(shown).flatMap(({ status, tasks: of }) => [
    { kind: "group" as const, status, count: of.length },
    ...of.flatMap((task) => {
      const found = wanted ? task.parts.filter((part) => fits(part.node)) : [];
      const isOpen = open.has(task.name);
      const parts = isOpen ? (found.length ? found : task.parts) : found;
      return [
        { kind: "task" as const, task, isOpen: parts.length > 0 },
        ...parts.map((step) => ({ kind: "part" as const, step, owner: task.name })),
      ];
    }),
  ]);
}
