/** What nodes may be: the built-in components, and those of the workspace. */
import { queryOptions } from "@tanstack/react-query";
import type { Face } from "@/models/ports";
import { api, asked } from "@/services/api";

const AT_ONCE = 200;

/** All that can be put on a canvas. */
export const palette = (workspace: string) =>
  queryOptions({
    queryKey: ["palette", workspace],
    queryFn: () => every(workspace),
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

async function every(workspace: string): Promise<Face[]> {
  const found: Face[] = [];
  for (let after: string | null = ""; after !== null; ) {
    const { items, next }: { items: Face[]; next: string | null } = await page(
      workspace,
      "",
      after,
    );
    found.push(...items);
    after = next;
  }
  return found;
}

const page = (workspace: string, search: string, after: string) =>
  asked(
    api.GET("/api/v1/workspaces/{workspace}/palette", {
      params: { path: { workspace }, query: { search, limit: AT_ONCE, after } },
    }),
  ) as Promise<{ items: Face[]; next: string | null }>;
