/** What is asked of the server once and kept for a while. */
import { QueryClient, queryOptions } from "@tanstack/react-query";
import { api, asked, Problem } from "./api";

export const queries = new QueryClient({
  defaultOptions: {
    queries: {
      staleTime: 5_000,
      refetchOnWindowFocus: false,
      // A request that was wrong stays wrong; a server that is away may come back.
      retry: (times, error) => times < 2 && !(error instanceof Problem && error.status >= 400),
    },
  },
});

export const me = queryOptions({
  queryKey: ["me"],
  queryFn: () => asked(api.GET("/api/v1/me")),
  staleTime: 60_000,
});

export const workspaces = queryOptions({
  queryKey: ["workspaces"],
  queryFn: () => asked(api.GET("/api/v1/workspaces")),
  staleTime: 60_000,
});
