/** What was told of schedules, and to whom. */
import { infiniteQueryOptions } from "@tanstack/react-query";
import { api, asked, type Schemas } from "./api";
import { PACE } from "./instances";

export type Alert = Schemas["AlertView"];

export const alertList = (workspace: string) =>
  infiniteQueryOptions({
    queryKey: ["alerts", workspace],
    queryFn: ({ pageParam }) =>
      asked(
        api.GET("/api/v1/workspaces/{workspace}/alerts", {
          params: { path: { workspace }, query: { limit: 50, after: pageParam } },
        }),
      ),
    initialPageParam: "",
    getNextPageParam: (page) => page.next ?? undefined,
    refetchInterval: PACE * 2,
  });
