/** Pipelines as they are being made and as they were published, and what one begins with. */
import { infiniteQueryOptions, queryOptions } from "@tanstack/react-query";
import { addNode } from "@/models/pipeline/edit";
import { blank, freshName, type Pipeline } from "@/models/pipeline/model";
import { read, write } from "@/models/pipeline/text";
import { api, asked, Problem, type Schemas } from "./api";
import { queries } from "./queries";

export type DraftRow = Schemas["DraftRow"];
export type Published = Schemas["AssetView"];

/** The label of a published pipeline that others may begin with. */
export const TEMPLATE = "template";

export const drafts = (workspace: string, text: string) =>
  infiniteQueryOptions({
    queryKey: ["drafts", workspace, "pages", text],
    queryFn: ({ pageParam }) =>
      asked(
        api.GET("/api/v1/workspaces/{workspace}/drafts", {
          params: { path: { workspace }, query: { text, limit: 50, after: pageParam } },
        }),
      ),
    initialPageParam: "",
    getNextPageParam: (page) => page.next ?? undefined,
  });

export const published = (workspace: string, text: string, label = "") =>
  infiniteQueryOptions({
    queryKey: ["pipelines", workspace, "pages", text, label],
    queryFn: ({ pageParam }) =>
      asked(
        api.GET("/api/v1/workspaces/{workspace}/pipelines", {
          params: { path: { workspace }, query: { text, label, limit: 50, after: pageParam } },
        }),
      ),
    initialPageParam: "",
    getNextPageParam: (page) => page.next ?? undefined,
  });

/** A pipeline as it was published: a version of it, or the latest. */
export const pipelineSaid = (workspace: string, name: string, version: string) =>
  queryOptions({
    queryKey: ["pipelines", workspace, name, version || "latest"],
    queryFn: () =>
      asked(
        version
          ? api.GET("/api/v1/workspaces/{workspace}/pipelines/{name}/versions/{version}", {
              params: { path: { workspace, name, version } },
            })
          : api.GET("/api/v1/workspaces/{workspace}/pipelines/{name}", {
              params: { path: { workspace, name } },
            }),
      ),
    enabled: name !== "",
  });

export const templates = queryOptions({
  queryKey: ["templates"],
  queryFn: () => asked(api.GET("/api/v1/templates")),
  staleTime: Number.POSITIVE_INFINITY,
});

/** The text of a template that Millwork has built in. */
export async function templateText(name: string): Promise<string> {
  const shown = await asked(api.GET("/api/v1/templates/{name}", { params: { path: { name } } }));
  return shown.text;
}

/** A text, and the snapshot of code that belongs to it. */
export interface Source {
  text: string;
  bundle: string;
}

export async function draftSource(workspace: string, name: string): Promise<Source> {
  return asked(
    api.GET("/api/v1/workspaces/{workspace}/drafts/{name}", {
      params: { path: { workspace, name } },
    }),
  );
}

export async function publishedSource(workspace: string, name: string): Promise<Source> {
  const { document } = await asked(
    api.GET("/api/v1/workspaces/{workspace}/pipelines/{name}", {
      params: { path: { workspace, name } },
    }),
  );
  const { text, bundle } = document as unknown as Source;
  return { text, bundle };
}

/** A new draft of that name; Problem 409 if there is one already. */
export async function createDraft(workspace: string, name: string, { text, bundle }: Source) {
  const made = await asked(
    api.PUT("/api/v1/workspaces/{workspace}/drafts/{name}", {
      params: { path: { workspace, name } },
      body: { text, bundle, revision: 0, visibility: null },
    }),
  );
  await forget(workspace);
  return made.name;
}

/** A new draft of that name, or of the first like it that is free: `flights-2`. */
export async function createDraftLike(workspace: string, name: string, source: Source) {
  for (let count = 1; ; count++) {
    try {
      return await createDraft(workspace, count === 1 ? name : `${name}-${count}`, source);
    } catch (error) {
      if (!(error instanceof Problem && error.status === 409 && count < 100)) throw error;
    }
  }
}

/** The draft in which a published pipeline goes on: the one that is it still, or a new one. */
export async function openPublished(workspace: string, name: string): Promise<string> {
  const source = await publishedSource(workspace, name);
  const there = await draftSource(workspace, name).catch((error: unknown) => {
    if (error instanceof Problem && error.status === 404) return null;
    throw error;
  });
  if (there?.text === source.text) return name;
  return createDraftLike(workspace, name, source);
}

/** Calls a draft something else, and its pipeline too if that was called as the draft was. */
export async function renameDraft(workspace: string, name: string, to: string) {
  const { text, bundle } = await draftSource(workspace, name);
  await createDraft(workspace, to, { text: renamed(text, name, to), bundle });
  await deleteDraft(workspace, name);
}

function renamed(text: string, name: string, to: string): string {
  const { pipeline } = read(text);
  if (pipeline?.name !== name) return text;
  return write({ ...pipeline, name: to } satisfies Pipeline, text);
}

export async function deleteDraft(workspace: string, name: string) {
  await asked(
    api.DELETE("/api/v1/workspaces/{workspace}/drafts/{name}", {
      params: { path: { workspace, name } },
    }),
  );
  await forget(workspace);
}

async function forget(workspace: string) {
  await Promise.all(
    ["drafts", "pipelines", "palette"].map((key) =>
      queries.invalidateQueries({ queryKey: [key, workspace] }),
    ),
  );
}

/** A new draft with one node: the component that somebody wants to work with. */
export function openComponent(workspace: string, name: string, reference: string) {
  const begun = addNode(
    freshName(blank(name), name),
    { component: reference },
    [0, 0],
  )(blank(name));
  return createDraftLike(workspace, name, { text: write(begun), bundle: "" });
}
