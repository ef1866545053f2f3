/** Instances of schedules as they are listed, looked at and operated. */
import { infiniteQueryOptions, queryOptions } from "@tanstack/react-query";
import { api, asked, type Schemas } from "./api";
import { queries } from "./queries";

export type Instance = Schemas["InstanceView"];
export type InstanceDetail = Schemas["InstancePageView"];
export type GridRow = Schemas["GridRow"];
export type GridCell = Schemas["GridCell"];
export type WaitedFor = Schemas["WaitedFor"];
export type InstanceGraph = Schemas["InstanceGraph"];
export type InstanceEvent = Schemas["InstanceEventView"];
export type Cause = Schemas["Cause"];
export type Operated = Schemas["Operated"];
export type Operation = Schemas["InstancesOperateBody"];
export type Kind = "recurring" | "backfill" | "test" | "triggered";

/** How often what may have changed is asked for anew, in milliseconds. */
export const PACE = 3_000;

const key = (workspace: string, ...more: string[]) => ["instances", workspace, ...more];

const at = (workspace: string, instance: string) => ({ params: { path: { workspace, instance } } });

export interface GridFilter {
  first: string;
  last: string;
  text: string;
  kind: "" | Kind;
}

export const instanceGrid = (workspace: string, filter: GridFilter) =>
  infiniteQueryOptions({
    queryKey: key(workspace, "grid", ...Object.values(filter)),
    queryFn: ({ pageParam }) =>
      asked(
        api.GET("/api/v1/workspaces/{workspace}/instances/grid", {
          params: { path: { workspace }, query: { ...filter, limit: 100, after: pageParam } },
        }),
      ),
    initialPageParam: "",
    getNextPageParam: (page) => page.next ?? undefined,
    refetchInterval: PACE * 2,
  });

/** The instances of one schedule on one civil day, or of a backfill or test (`origin`). */
export const instancesOf = (
  workspace: string,
  sought: { schedule?: string; origin?: string; first?: string; last?: string; kind?: Kind },
) =>
  infiniteQueryOptions({
    queryKey: key(workspace, "list", JSON.stringify(sought)),
    queryFn: ({ pageParam }) =>
      asked(
        api.GET("/api/v1/workspaces/{workspace}/instances", {
          params: {
            path: { workspace },
            query: {
              ...sought,
              sort: sought.first ? "scheduled" : "-scheduled",
              limit: 100,
              after: pageParam,
            },
          },
        }),
      ),
    initialPageParam: "",
    getNextPageParam: (page) => page.next ?? undefined,
    refetchInterval: PACE,
  });

export const instance = (workspace: string, id: string) =>
  queryOptions({
    queryKey: key(workspace, "one", id),
    queryFn: () =>
      asked(api.GET("/api/v1/workspaces/{workspace}/instances/{instance}", at(workspace, id))),
    refetchInterval: PACE,
  });

export const instanceGraph = (workspace: string, id: string) =>
  queryOptions({
    queryKey: key(workspace, "one", id, "graph"),
    queryFn: () =>
      asked(
        api.GET("/api/v1/workspaces/{workspace}/instances/{instance}/graph", {
          params: { path: { workspace, instance: id }, query: { depth: 2 } },
        }),
      ),
    refetchInterval: PACE,
  });

export const instanceEvents = (workspace: string, id: string) =>
  infiniteQueryOptions({
    queryKey: key(workspace, "one", id, "events"),
    queryFn: ({ pageParam }) =>
      asked(
        api.GET("/api/v1/workspaces/{workspace}/instances/{instance}/events", {
          params: { path: { workspace, instance: id }, query: { after: pageParam, limit: 200 } },
        }),
      ),
    initialPageParam: 0,
    getNextPageParam: (page) => page.next ?? undefined,
    refetchInterval: PACE,
  });

/** Does something to instances: what of it was done, and why the rest was not. */
export async function operate(workspace: string, wish: Partial<Operation>): Promise<Operated> {
  const answer = await asked(
    api.POST("/api/v1/workspaces/{workspace}/instances/operate", {
      params: { path: { workspace } },
      body: wish as Operation,
    }),
  );
  await queries.invalidateQueries({ queryKey: key(workspace) });
  await queries.invalidateQueries({ queryKey: ["backfills", workspace] });
  return answer;
}
