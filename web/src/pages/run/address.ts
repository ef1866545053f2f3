import { useNavigate, useSearch } from "@tanstack/react-router";
import { useCallback } from "react";

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
  const search: Record<string, unknown> = useSearch({ strict: false });
  const navigate = useNavigate();
  const go = useCallback(
    (change: Partial<Address>) =>
      void navigate({
        to: ".",
        search: (before: Record<string, unknown>) => ({ ...before, ...change }),
        replace: true,
      }),
    [navigate],
  );
  const view = VIEWS.find((each) => each === search.view) ?? "list";
  const task = typeof search.task === "string" ? search.task : undefined;
  const tab = typeof search.tab === "string" ? search.tab : "";
  return [{ view, task, tab }, go];
}
