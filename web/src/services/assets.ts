/** Registered models and datasets: what a version is, and what was made of it. */
import { queryOptions } from "@tanstack/react-query";
import type { Asset } from "@/models/asset";
import { api, asked } from "./api";

const at = (workspace: string, { name, version }: Asset) => ({
  params: { path: { workspace, name, version } },
});

export const assetVersion = (workspace: string, asset: Asset) =>
  queryOptions({
    queryKey: ["asset", workspace, asset],
    queryFn: () =>
      asked(
        asset.kind === "model"
          ? api.GET(
              "/api/v1/workspaces/{workspace}/models/{name}/versions/{version}",
              at(workspace, asset),
            )
          : api.GET(
              "/api/v1/workspaces/{workspace}/datasets/{name}/versions/{version}",
              at(workspace, asset),
            ),
      ),
    retry: false,
  });

export const assetLineage = (workspace: string, asset: Asset) =>
  queryOptions({
    queryKey: ["asset-lineage", workspace, asset],
    queryFn: () =>
      asked(
        asset.kind === "model"
          ? api.GET(
              "/api/v1/workspaces/{workspace}/models/{name}/versions/{version}/lineage",
              at(workspace, asset),
            )
          : api.GET(
              "/api/v1/workspaces/{workspace}/datasets/{name}/versions/{version}/lineage",
              at(workspace, asset),
            ),
      ),
    retry: false,
  });
