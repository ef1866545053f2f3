import { useNavigate, useSearch } from "@tanstack/react-router";
import { useCallback } from "react";

export const RUN = "/w/$workspace/runs/$run";
export const VIEWS = ["list", "graph", "gantt"] as const;
export type View = (typeof VIEWS)[number];

/** What of a run is looked at, as the address bar has it. */
export interface Address {
  view: View;
  /** Undefined before somebody has chosen; "" is the run itself. */
  task: string | undefined;
  tab: string;
}

export function useAddress(): [Address, (change: Partial<Address>) => void] {
  const search = useSearch({ from: RUN });
  const navigate = useNavigate({ from: RUN });
  const go = useCallback(
    (change: Partial<Address>) =>
      void navigate({
        to: ".",
        search: (before) => ({ ...before, ...change }),
        replace: true,
      }),
    [navigate],
  );
  const view = VIEWS.find((each) => each === search.view) ?? "list";
  return [{ view, task: search.task, tab: search.tab ?? "" }, go];
}
