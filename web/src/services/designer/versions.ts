/** Published versions of the pipeline that a draft's text names. */
import { queryOptions } from "@tanstack/react-query";
import type { Pipeline } from "@/models/pipeline/model";
import { read } from "@/models/pipeline/text";
import { api, asked, Problem, type Schemas } from "@/services/api";
import { queries } from "@/services/queries";
import type { Saver } from "./draft";
import type { DesignerStore } from "./store";

export type Version = Schemas["VersionRow"];

export const versionsOf = (workspace: string, name: string) =>
  queryOptions({
    queryKey: ["pipelines", workspace, "versions", name],
    queryFn: async (): Promise<Version[]> => {
      try {
        const path = { workspace, name };
        const query = { limit: 200 };
        const { items } = await asked(
          api.GET("/api/v1/workspaces/{workspace}/pipelines/{name}/versions", {
            params: { path, query },
          }),
        );
        return items;
      } catch (error) {
        // A pipeline that was never published has no versions: that is no failure.
        if (error instanceof Problem && error.status === 404) return [];
        throw error;
      }
    },
  });

/** A version as it was published; null for a text that is no pipeline. */
export async function versionText(
  workspace: string,
  name: string,
  version: string,
): Promise<string> {
  const { document } = await asked(
    api.GET("/api/v1/workspaces/{workspace}/pipelines/{name}/versions/{version}", {
      params: { path: { workspace, name, version } },
    }),
  );
  return String((document as Record<string, unknown>).text ?? "");
}

export const versionPipeline = (workspace: string, name: string, version: string) =>
  queryOptions({
    queryKey: ["pipelines", workspace, "version", name, version],
    queryFn: async (): Promise<Pipeline | null> =>
      read(await versionText(workspace, name, version)).pipeline,
    staleTime: Number.POSITIVE_INFINITY,
  });

/** Saves and registers what is on the canvas; what the server says to be careful about. */
export async function publish(
  store: DesignerStore,
  saver: Saver,
  labels: Record<string, string>,
): Promise<Schemas["PublishedView"]> {
  if (!(await saver.flush())) throw new Error(store.getState().failure);
  const { workspace, draft, revision } = store.getState();
  const made = await asked(
    api.POST("/api/v1/workspaces/{workspace}/drafts/{name}/publish", {
      params: { path: { workspace, name: draft } },
      body: { revision, ...(Object.keys(labels).length && { labels }) },
    }),
  );
  await queries.invalidateQueries({ queryKey: ["pipelines", workspace] });
  await queries.invalidateQueries({ queryKey: ["palette", workspace] });
  return made;
}
