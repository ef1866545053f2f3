/** Code that is kept in Git: registered as a source, and read from there. */
import { queryOptions } from "@tanstack/react-query";
import { type GitPlace, refOf } from "@/models/gitSource";
import { api, asked } from "./api";

/** The connections to repositories, by name. */
export const gitConnections = (workspace: string) =>
  queryOptions({
    queryKey: ["connections", workspace, "git"],
    queryFn: async ({ signal }) => {
      const page = await asked(
        api.GET("/api/v1/workspaces/{workspace}/connections", {
          params: { path: { workspace }, query: { limit: 200 } },
          signal,
        }),
      );
      return page.items.filter(({ type }) => type === "git").map(({ name }) => name);
    },
  });

/** Registers the repository as a source of code, and reads a component's file and code from it.
 *
 * Nothing is registered from which they cannot be read: a failed try leaves nothing.
 */
export async function takeFromGit(workspace: string, place: GitPlace) {
  const { name, git, connection, file, path } = place;
  const source = await asked(
    api.POST("/api/v1/workspaces/{workspace}/codes", {
      params: { path: { workspace } },
      body: {
        name,
        repository: git,
        ...refOf(place.ref),
        mount_path: "",
        connection,
        labels: null,
        description: "",
        version: null,
        visibility: null,
        path: file,
        folder: path,
      },
    }),
  );
  return asked(
    api.POST("/api/v1/workspaces/{workspace}/codes/{name}/versions/{version}/take", {
      params: { path: { workspace, name: source.name, version: source.version } },
      body: { path: file, folder: path },
    }),
  );
}
