/** Backfills as they are planned, begun, looked at and changed. */
import { infiniteQueryOptions, queryOptions } from "@tanstack/react-query";
import { api, asked, type Schemas } from "./api";
import { PACE } from "./instances";
import { queries } from "./queries";

export type Backfill = Schemas["BackfillView"];
export type BackfillDetail = Schemas["BackfillShown"];
export type BackfillWish = Schemas["BackfillsCreateBody"];
export type Planned = Schemas["PlannedView"];
export type PlanPreview = Schemas["BackfillPreview"];

const key = (workspace: string, ...more: string[]) => ["backfills", workspace, ...more];

export const backfillList = (workspace: string) =>
  infiniteQueryOptions({
    queryKey: key(workspace, "pages"),
    queryFn: ({ pageParam }) =>
      asked(
        api.GET("/api/v1/workspaces/{workspace}/backfills", {
          params: { path: { workspace }, query: { limit: 50, after: pageParam } },
        }),
      ),
    initialPageParam: "",
    getNextPageParam: (page) => page.next ?? undefined,
    refetchInterval: PACE,
  });

export const backfill = (workspace: string, id: string) =>
  queryOptions({
    queryKey: key(workspace, "one", id),
    queryFn: () =>
      asked(
        api.GET("/api/v1/workspaces/{workspace}/backfills/{backfill}", {
          params: { path: { workspace, backfill: id } },
        }),
      ),
    refetchInterval: PACE,
  });

/** What a backfill would do, a page of its cycles at a time. */
export const backfillPlan = (workspace: string, wish: BackfillWish) =>
  infiniteQueryOptions({
    queryKey: key(workspace, "plan", JSON.stringify(wish)),
    queryFn: ({ pageParam, signal }) =>
      asked(
        api.POST("/api/v1/workspaces/{workspace}/backfills/preview", {
          params: { path: { workspace } },
          body: { ...wish, limit: 100, after: pageParam },
          signal,
        }),
      ),
    initialPageParam: "",
    getNextPageParam: (page) => page.next ?? undefined,
    gcTime: 30_000,
    retry: false,
  });

export async function createBackfill(workspace: string, wish: BackfillWish) {
  const made = await asked(
    api.POST("/api/v1/workspaces/{workspace}/backfills", {
      params: { path: { workspace } },
      body: wish,
    }),
  );
  await forget(workspace);
  return made;
}

export async function changeBackfill(
  workspace: string,
  id: string,
  change: { status?: "running" | "paused" | "cancelled"; parallel?: number },
) {
  await asked(
    api.PATCH("/api/v1/workspaces/{workspace}/backfills/{backfill}", {
      params: { path: { workspace, backfill: id } },
      body: { status: null, parallel: null, ...change },
    }),
  );
  await forget(workspace);
}

async function forget(workspace: string) {
  await Promise.all(
    ["backfills", "instances"].map((noun) =>
      queries.invalidateQueries({ queryKey: [noun, workspace] }),
    ),
  );
}
