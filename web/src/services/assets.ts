/** Registered models and datasets: lists of them, what a version is, and what was made of it. */
import { infiniteQueryOptions, queryOptions } from "@tanstack/react-query";
import { api, asked, type Schemas } from "./api";
import { queries } from "./queries";

export type Kind = "model" | "dataset";
export type Version = Schemas["VersionView"];
export type Lineage = Schemas["AssetLineage"];
export type Stage = "Pending" | "Approved" | "Rejected";

/** Of which version is spoken; of none, it is the latest. */
export interface Asset {
  workspace: string;
  kind: Kind;
  name: string;
  version: string;
}

const PLACES = {
  model: "/api/v1/workspaces/{workspace}/models",
  dataset: "/api/v1/workspaces/{workspace}/datasets",
} as const;

/** Their keys begin as those of `library`, which forgets them when something has changed. */
const key = ({ kind, workspace, name, version }: Asset) => [`${kind}s`, workspace, name, version];

export const assets = (workspace: string, kind: Kind, text: string) =>
  infiniteQueryOptions({
    queryKey: [`${kind}s`, workspace, { text }],
    queryFn: ({ pageParam, signal }) =>
      asked(
        api.GET(PLACES[kind], {
          params: { path: { workspace }, query: { text, limit: 50, after: pageParam } },
          signal,
        }),
      ),
    initialPageParam: "",
    getNextPageParam: (page) => page.next ?? undefined,
  });

export const assetVersion = (asset: Asset) =>
  queryOptions({
    queryKey: key(asset),
    queryFn: () => {
      const { workspace, name, version } = asset;
      return version
        ? asked(
            api.GET(`${PLACES[asset.kind]}/{name}/versions/{version}`, {
              params: { path: { workspace, name, version } },
            }),
          )
        : asked(api.GET(`${PLACES[asset.kind]}/{name}`, { params: { path: { workspace, name } } }));
    },
    retry: false,
  });

export const assetLineage = (asset: Asset) =>
  queryOptions({
    queryKey: [...key(asset), "lineage"],
    queryFn: () => {
      const { workspace, name, version } = asset;
      return asked(
        api.GET(`${PLACES[asset.kind]}/{name}/versions/{version}/lineage`, {
          params: { path: { workspace, name, version } },
        }),
      );
    },
    retry: false,
  });

/** What lies at an address: one file, or the first files of a folder. */
export const dataAt = (workspace: string, uri: string) =>
  queryOptions({
    queryKey: ["data", workspace, uri],
    queryFn: () =>
      asked(
        api.GET("/api/v1/workspaces/{workspace}/data", {
          params: { path: { workspace }, query: { uri, limit: 200 } },
        }),
      ),
    retry: false,
  });

/** Says whether a version of a model may be used in production, and why. */
export async function setStage(asset: Asset, stage: Stage, comment: string) {
  const { workspace, name, version } = asset;
  await asked(
    api.POST("/api/v1/workspaces/{workspace}/models/{name}/versions/{version}/approve", {
      params: { path: { workspace, name, version } },
      body: { stage, comment },
    }),
  );
  await queries.invalidateQueries({ queryKey: ["models", workspace] });
}
