/** What nodes may be: the built-in components, and those of the workspace. */
import { queryOptions } from "@tanstack/react-query";
import type { Face } from "@/models/ports";
import { api, asked, every } from "@/services/api";

const AT_ONCE = 200;

/** All that can be put on a canvas. */
export const palette = (workspace: string) =>
  queryOptions({
    queryKey: ["palette", workspace],
    queryFn: () => every((after) => page(workspace, "", after)),
    staleTime: 60_000,
  });

/** What the server finds by all that it knows of a component. */
export const paletteSearch = (workspace: string, search: string) =>
  queryOptions({
    queryKey: ["palette", workspace, search],
    queryFn: async () => (await page(workspace, search, "")).items,
    staleTime: 60_000,
    enabled: search.length > 1,
  });

const page = (workspace: string, search: string, after: string) =>
  asked(
    api.GET("/api/v1/workspaces/{workspace}/palette", {
      params: { path: { workspace }, query: { search, limit: AT_ONCE, after } },
    }),
  ) as Promise<{ items: Face[]; next: string | null }>;
