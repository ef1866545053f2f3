/** What the workspace can be made of: components of any source, one of them, and its versions. */
import { infiniteQueryOptions, queryOptions } from "@tanstack/react-query";
import { api, asked, type Schemas } from "./api";
import { queries } from "./queries";

export type Face = Schemas["Face"];
export type Version = Schemas["PublishedView"];
export type Checked = Schemas["CheckedView"];

/** Pages of what fits the words, the built-in ones first. */
export const palette = (workspace: string, search: string) =>
  infiniteQueryOptions({
    queryKey: ["palette", workspace, "pages", search],
    queryFn: ({ pageParam, signal }) =>
      asked(
        api.GET("/api/v1/workspaces/{workspace}/palette", {
          params: { path: { workspace }, query: { search, limit: 200, after: pageParam } },
          signal,
        }),
      ),
    initialPageParam: "",
    getNextPageParam: (page) => page.next ?? undefined,
  });

export const face = (workspace: string, reference: string) =>
  queryOptions({
    queryKey: ["palette", workspace, "one", reference],
    queryFn: () =>
      asked(
        api.GET("/api/v1/workspaces/{workspace}/palette/{reference}", {
          params: { path: { workspace, reference } },
        }),
      ),
  });

/** What a workspace registers has the same verbs, whatever it is. */
const PLACES = {
  component: "/api/v1/workspaces/{workspace}/components/{name}",
  pipeline: "/api/v1/workspaces/{workspace}/pipelines/{name}",
  model: "/api/v1/workspaces/{workspace}/models/{name}",
  dataset: "/api/v1/workspaces/{workspace}/datasets/{name}",
} as const;

/** Something registered: which, where, and what it is called. */
export interface Thing {
  workspace: string;
  kind: keyof typeof PLACES;
  name: string;
}

const key = ({ workspace, kind, name }: Thing) => [`${kind}s`, workspace, name];

/** A version as it was registered: its text, its labels, who made it. */
export const registered = (thing: Thing & { kind: Face["kind"] }, version: string) =>
  queryOptions({
    queryKey: [...key(thing), version],
    queryFn: () =>
      asked(
        api.GET(`${PLACES[thing.kind]}/versions/{version}`, {
          params: { path: { workspace: thing.workspace, name: thing.name, version } },
        }),
      ),
  });

export const versions = (thing: Thing) =>
  infiniteQueryOptions({
    queryKey: [...key(thing), "versions"],
    queryFn: ({ pageParam }) =>
      asked(
        api.GET(`${PLACES[thing.kind]}/versions`, {
          params: {
            path: { workspace: thing.workspace, name: thing.name },
            query: { limit: 50, after: pageParam },
          },
        }),
      ),
    initialPageParam: "",
    getNextPageParam: (page) => page.next ?? undefined,
  });

export const differences = (thing: Thing, before: string, after: string) =>
  queryOptions({
    queryKey: [...key(thing), "diff", before, after],
    queryFn: () =>
      asked(
        api.GET(`${PLACES[thing.kind]}/diff`, {
          params: {
            path: { workspace: thing.workspace, name: thing.name },
            query: { before, after },
          },
        }),
      ),
  });

/** What is wrong with a text, and what it would look like on a canvas. */
export const checked = (workspace: string, text: string) =>
  queryOptions({
    queryKey: ["components", workspace, "check", text],
    queryFn: ({ signal }) =>
      asked(
        api.POST("/api/v1/workspaces/{workspace}/components/check", {
          params: { path: { workspace } },
          body: { text },
          signal,
        }),
      ),
    gcTime: 30_000,
  });

/** Forgets what is known of all that is registered, for something of it has changed. */
async function forget(workspace: string) {
  await Promise.all(
    ["palette", "components", "pipelines", "models", "datasets"].map((key) =>
      queries.invalidateQueries({ queryKey: [key, workspace] }),
    ),
  );
}

export async function createComponent(
  workspace: string,
  body: Schemas["ComponentsCreateBody"],
): Promise<Schemas["PublishedView"]> {
  const made = await asked(
    api.POST("/api/v1/workspaces/{workspace}/components", {
      params: { path: { workspace } },
      body,
    }),
  );
  await forget(workspace);
  return made;
}

export async function deleteThing(thing: Thing) {
  const { workspace, kind, name } = thing;
  await asked(api.DELETE(PLACES[kind], { params: { path: { workspace, name } } }));
  // Its own page may still be open: what is gone is not asked for again.
  queries.removeQueries({ queryKey: key(thing) });
  queries.removeQueries({ queryKey: ["palette", workspace, "one"] });
  await forget(workspace);
}

/** Changes what is said of something; what is not named stays as it is. */
export async function changeThing(
  thing: Thing,
  said: { description: string; labels: Record<string, string> },
) {
  const { workspace, kind, name } = thing;
  await asked(
    api.PATCH(PLACES[kind], {
      params: { path: { workspace, name } },
      body: { ...said, visibility: null },
    }),
  );
  await forget(workspace);
}

/** Says why a version is not to be used any more; an empty reason takes that back. */
export async function deprecate(thing: Thing, version: string, reason: string) {
  await asked(
    api.POST(`${PLACES[thing.kind]}/versions/{version}/deprecate`, {
      params: { path: { workspace: thing.workspace, name: thing.name, version } },
      body: { reason },
    }),
  );
  await forget(thing.workspace);
}

export function createRun(workspace: string, body: Schemas["RunsCreateBody"]) {
  return asked(
    api.POST("/api/v1/workspaces/{workspace}/runs", { params: { path: { workspace } }, body }),
  );
}
