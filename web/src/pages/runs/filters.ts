import { useNavigate, useSearch } from "@tanstack/react-router";
import { useCallback, useMemo } from "react";
import { RUN_STATUSES } from "@/models/runs";
import type { RunFilter } from "@/services/runs";

const text = (value: unknown) => (value === undefined || value === null ? "" : String(value));

/** What the list is filtered by, as the address bar has it. */
export function useFilter(): [RunFilter, (change: Partial<RunFilter>) => void] {
  const search: Record<string, unknown> = useSearch({ strict: false });
  const navigate = useNavigate();
  const filter = useMemo(() => filterOf(search), [search]);
  const change = useCallback(
    (some: Partial<RunFilter>) =>
      void navigate({
        to: ".",
        search: (before: Record<string, unknown>) => cleaned({ ...before, ...some }),
        replace: true,
      }),
    [navigate],
  );
  return [filter, change];
}

export function filterOf(search: Record<string, unknown>): RunFilter {
  const status = RUN_STATUSES.find((each) => each === search.status);
  const tag = text(search.tag);
  return {
    ...(status ? { status } : {}),
    ...(text(search.name) ? { name: text(search.name) } : {}),
    ...(text(search.creator) ? { creator: text(search.creator) } : {}),
    // Half a tag is no filter yet.
    ...(/^[^=]+=/.test(tag) ? { tag } : {}),
    ...(search.trials === true ? { trials: true } : {}),
  };
}

/** Without what filters nothing, so that addresses stay short. */
function cleaned(search: Record<string, unknown>): Record<string, unknown> {
  return Object.fromEntries(
    Object.entries(search).filter(([, value]) => value !== undefined && value !== "" && value),
  );
}
