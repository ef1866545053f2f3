/** Schedules as they are listed, made, put in force and switched. */
import { infiniteQueryOptions, queryOptions } from "@tanstack/react-query";
import { api, asked, Problem, type Schemas } from "./api";
import { queries } from "./queries";

export type ScheduleRow = Schemas["ScheduleRowView"];
export type ScheduleView = Schemas["ScheduleView"];
export type CycleView = Schemas["CycleView"];
export type Preview = Schemas["SchedulePreview"];
export type Deployment = Schemas["DeploymentView"];
export type SwitchState = Schemas["InForce"]["state"];

export const STATES: SwitchState[] = ["on", "skipping", "frozen", "off"];

const key = (workspace: string, ...more: string[]) => ["schedules", workspace, ...more];

const at = (workspace: string, name: string) => ({ params: { path: { workspace, name } } });

export const scheduleList = (workspace: string, text: string) =>
  infiniteQueryOptions({
    queryKey: key(workspace, "pages", text),
    queryFn: ({ pageParam }) =>
      asked(
        api.GET("/api/v1/workspaces/{workspace}/schedules", {
          params: { path: { workspace }, query: { text, limit: 50, after: pageParam } },
        }),
      ),
    initialPageParam: "",
    getNextPageParam: (page) => page.next ?? undefined,
  });

export const schedule = (workspace: string, name: string) =>
  queryOptions({
    queryKey: key(workspace, "one", name),
    queryFn: () =>
      asked(api.GET("/api/v1/workspaces/{workspace}/schedules/{name}", at(workspace, name))),
  });

export const scheduleVersion = (workspace: string, name: string, version: string) =>
  queryOptions({
    queryKey: key(workspace, "one", name, version),
    queryFn: () =>
      asked(
        api.GET("/api/v1/workspaces/{workspace}/schedules/{name}/versions/{version}", {
          params: { path: { workspace, name, version } },
        }),
      ),
  });

export const scheduleVersions = (workspace: string, name: string) =>
  infiniteQueryOptions({
    queryKey: key(workspace, "one", name, "versions"),
    queryFn: ({ pageParam }) =>
      asked(
        api.GET("/api/v1/workspaces/{workspace}/schedules/{name}/versions", {
          params: { path: { workspace, name }, query: { limit: 50, after: pageParam } },
        }),
      ),
    initialPageParam: "",
    getNextPageParam: (page) => page.next ?? undefined,
  });

/** The latest version that there is of a schedule, whichever is in force. */
export const latestVersion = (workspace: string, name: string) =>
  queryOptions({
    queryKey: key(workspace, "one", name, "latest"),
    queryFn: async () => {
      const page = await asked(
        api.GET("/api/v1/workspaces/{workspace}/schedules/{name}/versions", {
          params: { path: { workspace, name }, query: { limit: 1 } },
        }),
      );
      return page.items[0]?.latest ?? "";
    },
    staleTime: 60_000,
  });

export const scheduleDiff = (workspace: string, name: string, before: string, after: string) =>
  queryOptions({
    queryKey: key(workspace, "one", name, "diff", before, after),
    queryFn: () =>
      asked(
        api.GET("/api/v1/workspaces/{workspace}/schedules/{name}/diff", {
          params: { path: { workspace, name }, query: { before, after } },
        }),
      ),
  });

/** What a text would do; with a business date, from that day on. */
export const schedulePreview = (workspace: string, text: string, count: number, bizdate = "") =>
  queryOptions({
    queryKey: key(workspace, "preview", text, String(count), bizdate),
    queryFn: ({ signal }) => previewed(workspace, text, count, bizdate, signal),
    gcTime: 30_000,
  });

async function previewed(
  workspace: string,
  text: string,
  count: number,
  bizdate: string,
  signal: AbortSignal,
): Promise<Preview> {
  try {
    return await asked(
      api.POST("/api/v1/workspaces/{workspace}/schedules/preview", {
        params: { path: { workspace } },
        body: { text, count, bizdate },
        signal,
      }),
    );
  } catch (error) {
    // A text that cannot be read at all is refused; to whoever writes it that is a fault like others.
    if (!(error instanceof Problem) || error.status !== 400) throw error;
    const whole = { line: 0, column: 0, path: "", severity: "error", message: error.message };
    return { words: "", cycles: [], faults: error.faults.length ? error.faults : [whole] };
  }
}

/** What deploying would change; nothing is done. `to` is another workspace. */
export const deployPreview = (workspace: string, name: string, version: string, to: string) =>
  queryOptions({
    queryKey: key(workspace, "one", name, "deploy", version, to),
    queryFn: () =>
      asked(
        api.POST("/api/v1/workspaces/{workspace}/schedules/{name}/deploy", {
          ...at(workspace, name),
          body: { version, to, preview: true },
        }),
      ),
    staleTime: 0,
    retry: false,
  });

export async function createSchedule(workspace: string, text: string, version: string | null) {
  const made = await asked(
    api.POST("/api/v1/workspaces/{workspace}/schedules", {
      params: { path: { workspace } },
      body: { text, version, visibility: null, labels: null },
    }),
  );
  await forget(workspace);
  return made;
}

export async function deploySchedule(
  workspace: string,
  name: string,
  version: string,
  to: string,
): Promise<Deployment> {
  const done = await asked(
    api.POST("/api/v1/workspaces/{workspace}/schedules/{name}/deploy", {
      ...at(workspace, name),
      body: { version, to, preview: false },
    }),
  );
  await forget(workspace);
  if (to) await forget(to);
  return done;
}

export async function withdrawSchedule(workspace: string, name: string) {
  await asked(
    api.POST("/api/v1/workspaces/{workspace}/schedules/{name}/withdraw", {
      ...at(workspace, name),
      body: {},
    }),
  );
  await forget(workspace);
}

export async function switchSchedule(workspace: string, name: string, state: SwitchState) {
  await asked(
    api.POST("/api/v1/workspaces/{workspace}/schedules/{name}/switch", {
      ...at(workspace, name),
      body: { state },
    }),
  );
  await forget(workspace);
}

export async function deleteSchedule(workspace: string, name: string) {
  await asked(api.DELETE("/api/v1/workspaces/{workspace}/schedules/{name}", at(workspace, name)));
  // Its own page may still be open: what is gone is not asked for again.
  queries.removeQueries({ queryKey: key(workspace, "one", name) });
  await forget(workspace);
}

/** Starts a test run; the id of its instance. */
export async function testSchedule(
  workspace: string,
  name: string,
  wish: { bizdate: string; at: string; version: string },
): Promise<string> {
  const { instance } = await asked(
    api.POST("/api/v1/workspaces/{workspace}/schedules/{name}/test", {
      ...at(workspace, name),
      body: wish,
    }),
  );
  await queries.invalidateQueries({ queryKey: ["instances", workspace] });
  return instance;
}

/** Has an instance made now, as a trigger from outside does; its id. */
export async function triggerSchedule(workspace: string, name: string): Promise<string> {
  const { instance } = await asked(
    api.POST("/api/v1/workspaces/{workspace}/schedules/{name}/trigger", {
      ...at(workspace, name),
      body: { key: "", bizdate: "" },
    }),
  );
  await queries.invalidateQueries({ queryKey: ["instances", workspace] });
  return instance;
}

async function forget(workspace: string) {
  await Promise.all([
    queries.invalidateQueries({ queryKey: ["schedules", workspace] }),
    queries.invalidateQueries({ queryKey: ["instances", workspace] }),
  ]);
}
