/** A backfill while it is being planned, and what it asks of the server. */
import { isDate } from "./dates";

export interface Override {
  schedule: string;
  name: string;
  value: string;
}

export interface Plan {
  schedule: string;
  /** Business dates, both among them; a range without its last day is of one. */
  ranges: { first: string; last: string }[];
  order: "asc" | "desc";
  parallel: number;
  redo: "missing" | "failed" | "all";
  since: string;
  until: string;
  downstream: boolean;
  include: string[];
  exclude: string[];
  overrides: Override[];
  name: string;
}

export function planFor(schedule: string, yesterday: string): Plan {
  return {
    schedule,
    ranges: [{ first: yesterday, last: yesterday }],
    order: "asc",
    parallel: 1,
    redo: "missing",
    since: "",
    until: "",
    downstream: false,
    include: [],
    exclude: [],
    overrides: [],
    name: "",
  };
}

/** Whether the server can be asked: a schedule, and no range without its first day. */
export const isWhole = ({ schedule, ranges }: Plan) =>
  schedule !== "" && ranges.every(({ first, last }) => isDate(first) && (!last || isDate(last)));

export function wishOf(plan: Plan) {
  const { schedule, order, parallel, redo, since, until, include, exclude, name } = plan;
  return {
    schedule,
    order,
    parallel,
    redo,
    since,
    until,
    ranges: plan.ranges.map(({ first, last }) => ({ first, last: last || first })),
    // Those that are named take the place of all.
    downstream: plan.downstream && !include.length ? ("all" as const) : ("none" as const),
    include: plan.downstream ? include : [],
    exclude: plan.downstream ? exclude : [],
    parameters: valuesOf(plan.overrides),
    name: name.trim(),
  };
}

function valuesOf(overrides: Override[]): Record<string, Record<string, string>> {
  const found: Record<string, Record<string, string>> = {};
  for (const { schedule, name, value } of overrides)
    if (schedule && name.trim()) found[schedule] = { ...found[schedule], [name.trim()]: value };
  return found;
}

/** A schedule as the server names it, `workspace/name`, without the workspace that is looked at. */
export const ownName = (workspace: string, place: string) =>
  place.startsWith(`${workspace}/`) ? place.slice(workspace.length + 1) : place;
