/** What steps left at their ports: files, and the beginning of them. */
import { queryOptions } from "@tanstack/react-query";
import { api, asked, Problem, type Schemas } from "./api";

export type Preview = Schemas["Preview"];

export interface Port {
  workspace: string;
  run: string;
  step: string;
  port: string;
}

/** An output with its first files; null if the step left nothing at that port. */
export const artifactOf = (at: Port) =>
  queryOptions({
    queryKey: ["artifact", at],
    queryFn: () =>
      orNothing(
        asked(
          api.GET("/api/v1/workspaces/{workspace}/runs/{run}/artifacts/{step}/{port}", {
            params: { path: { ...at }, query: { limit: 200 } },
          }),
        ),
      ),
    staleTime: Number.POSITIVE_INFINITY,
    retry: false,
  });

/** The beginning of a file of an output: of `path`, or of what tells of it best; null for nothing. */
export const previewOf = (at: Port, path: string) =>
  queryOptions({
    queryKey: ["preview", at, path],
    queryFn: () =>
      orNothing(
        asked(
          api.GET("/api/v1/workspaces/{workspace}/runs/{run}/artifacts/{step}/{port}/preview", {
            params: { path: { ...at }, query: path ? { path } : {} },
          }),
        ),
      ),
    staleTime: Number.POSITIVE_INFINITY,
    retry: false,
  });

/** The outputs of a run's steps. */
export const artifactsOf = (workspace: string, run: string) =>
  queryOptions({
    queryKey: ["artifacts", workspace, run],
    queryFn: async () => {
      const { items } = await asked(
        api.GET("/api/v1/workspaces/{workspace}/runs/{run}/artifacts", {
          params: { path: { workspace, run }, query: { limit: 200 } },
        }),
      );
      return items;
    },
  });

/** Where the browser gets a file as it is. */
export function fileUrl({ workspace, run, step, port }: Port, path: string): string {
  const parts = [workspace, "runs", run, "artifacts", step, port].map(encodeURIComponent);
  const query = path ? `?path=${encodeURIComponent(path)}` : "";
  const [place, ...rest] = parts;
  return `/api/v1/workspaces/${place}/${rest.join("/")}/file${query}`;
}

async function orNothing<T>(answer: Promise<T>): Promise<T | null> {
  try {
    return await answer;
  } catch (error) {
    if (error instanceof Problem && error.status === 404) return null;
    throw error;
  }
}
