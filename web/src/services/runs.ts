/** Runs as they are asked for, looked at, and ended. */
import { infiniteQueryOptions, queryOptions } from "@tanstack/react-query";
import type { Run } from "@/models/runs";
import { api, asked, type Schemas } from "./api";
import { queries } from "./queries";

export interface RunFilter {
  status?: "queued" | "running" | "succeeded" | "failed" | "cancelled";
  name?: string;
  creator?: string;
  tag?: string;
  trials?: boolean;
}

export const runsKey = (workspace: string) => ["runs", workspace] as const;
export const runKey = (workspace: string, run: string) => ["run", workspace, run] as const;

export const runPages = (workspace: string, filter: RunFilter) =>
  infiniteQueryOptions({
    queryKey: [...runsKey(workspace), filter],
    queryFn: ({ pageParam }) =>
      asked(
        api.GET("/api/v1/workspaces/{workspace}/runs", {
          params: { path: { workspace }, query: { ...filter, limit: 100, after: pageParam } },
        }),
      ),
    initialPageParam: "",
    getNextPageParam: (page) => page.next ?? undefined,
  });

export const runView = (workspace: string, run: string) =>
  queryOptions({
    queryKey: runKey(workspace, run),
    queryFn: (): Promise<Run> =>
      asked(
        api.GET("/api/v1/workspaces/{workspace}/runs/{run}", {
          params: { path: { workspace, run } },
        }),
      ),
  });

export const runSource = (workspace: string, run: string) =>
  queryOptions({
    queryKey: ["run-source", workspace, run],
    queryFn: () =>
      asked(
        api.GET("/api/v1/workspaces/{workspace}/runs/{run}/source", {
          params: { path: { workspace, run } },
        }),
      ),
    staleTime: 60_000,
  });

export const runLineage = (workspace: string, run: string, isOver: boolean) =>
  queryOptions({
    queryKey: ["run-lineage", workspace, run, isOver],
    queryFn: () =>
      asked(
        api.GET("/api/v1/workspaces/{workspace}/runs/{run}/lineage", {
          params: { path: { workspace, run } },
        }),
      ),
  });

/** A step is asked for anew when its status is another. */
export const stepWhy = (workspace: string, run: string, step: string, status: string) =>
  queryOptions({
    queryKey: ["step-why", workspace, run, step, status],
    queryFn: () =>
      asked(
        api.GET("/api/v1/workspaces/{workspace}/runs/{run}/steps/{step}/why", {
          params: { path: { workspace, run, step } },
        }),
      ),
  });

export const stepUsage = (workspace: string, run: string, step: string, replica: string) =>
  queryOptions({
    queryKey: ["step-usage", workspace, run, step, replica],
    queryFn: () =>
      asked(
        api.GET("/api/v1/workspaces/{workspace}/runs/{run}/steps/{step}/usage", {
          params: { path: { workspace, run, step }, query: { replica } },
        }),
      ),
  });

export const stepMetrics = (workspace: string, run: string, step: string, status: string) =>
  queryOptions({
    queryKey: ["step-metrics", workspace, run, step, status],
    queryFn: () =>
      asked(
        api.GET("/api/v1/workspaces/{workspace}/runs/{run}/steps/{step}/metrics", {
          params: { path: { workspace, run, step } },
        }),
      ),
  });

export const stepCommand = (
  workspace: string,
  run: string,
  step: string,
  attempt: string,
  replica: string,
) =>
  queryOptions({
    queryKey: ["step-command", workspace, run, step, attempt, replica],
    queryFn: () =>
      asked(
        api.GET("/api/v1/workspaces/{workspace}/runs/{run}/steps/{step}/command", {
          params: { path: { workspace, run, step }, query: { attempt, replica } },
        }),
      ),
    // What was started is started: it is asked for once.
    staleTime: Number.POSITIVE_INFINITY,
    retry: false,
  });

const at = (workspace: string, run: string) => ({ params: { path: { workspace, run } } });

export function cancelRun(workspace: string, run: string) {
  return asked(
    api.POST("/api/v1/workspaces/{workspace}/runs/{run}/cancel", {
      ...at(workspace, run),
      body: {},
    }),
  );
}

export function resumeRun(workspace: string, run: string) {
  return asked(
    api.POST("/api/v1/workspaces/{workspace}/runs/{run}/resume", {
      ...at(workspace, run),
      body: {},
    }),
  );
}

export async function deleteRun(workspace: string, run: string) {
  await asked(api.DELETE("/api/v1/workspaces/{workspace}/runs/{run}", at(workspace, run)));
  queries.removeQueries({ queryKey: runKey(workspace, run) });
  await queries.invalidateQueries({ queryKey: runsKey(workspace) });
}

export async function changeRun(
  workspace: string,
  run: string,
  body: Partial<Schemas["RunsChangeBody"]>,
) {
  const changed = await asked(
    api.PATCH("/api/v1/workspaces/{workspace}/runs/{run}", {
      ...at(workspace, run),
      body: { ...body },
    }),
  );
  queries.setQueryData(runKey(workspace, run), changed);
}

/** A draft with what a run was made of; its name, which nothing else has. */
export async function clonedDraft(workspace: string, run: string, name: string): Promise<string> {
  const { text, bundle } = await queries.ensureQueryData(runSource(workspace, run));
  await asked(
    api.PUT("/api/v1/workspaces/{workspace}/drafts/{name}", {
      params: { path: { workspace, name } },
      body: { text, bundle, revision: 0 },
    }),
  );
  await queries.invalidateQueries({ queryKey: ["drafts", workspace] });
  return name;
}

/** Asks for the same once more; the run keeps the text, so no draft is left.
 *
 * From a step on, that one and all that follow are done, whatever is known of them.
 */
export async function runAgain(workspace: string, run: Run, first: string): Promise<string> {
  const source = await queries.ensureQueryData(runSource(workspace, run.run));
  const name = await clonedDraft(workspace, run.run, `again-${run.run}-${Date.now().toString(36)}`);
  try {
    const { inputs, parameters } = source;
    const answer = await asked(
      api.POST("/api/v1/workspaces/{workspace}/runs", {
        params: { path: { workspace } },
        body: {
          draft: name,
          inputs,
          parameters,
          first,
          force: first ? [""] : [],
          name: run.name,
          tags: run.tags,
        },
      }),
    );
    return answer.run;
  } finally {
    await api.DELETE("/api/v1/workspaces/{workspace}/drafts/{name}", {
      params: { path: { workspace, name } },
    });
  }
}
