/** The runs of a workspace, newest first, as they are now. */

import { Button, Title } from "@mantine/core";
import { useInfiniteQuery } from "@tanstack/react-query";
import { useParams } from "@tanstack/react-router";
import { useMemo, useState } from "react";
import { PlaceLink } from "@/components/PlaceLink";
import { Empty, Failed, Loading } from "@/components/states";
import { useLiveRuns } from "@/services/live";
import { runPages } from "@/services/runs";
import { useStrings } from "@/strings";
import { Chosen } from "./Chosen";
import { Filters } from "./Filters";
import { useFilter } from "./filters";
import classes from "./Runs.module.css";
import { RunTable } from "./RunTable";

export function RunsPage() {
  const t = useStrings();
  const { workspace } = useParams({ from: "/w/$workspace/runs" });
  const [filter, change] = useFilter();
  const [chosen, setChosen] = useState<string[]>([]);
  useLiveRuns(workspace);
  const query = useInfiniteQuery(runPages(workspace, filter));
  const runs = useMemo(() => query.data?.pages.flatMap((page) => page.items) ?? [], [query.data]);
  const isFiltered = Object.keys(filter).length > 0;
  return (
    <div className={classes.page}>
      <div className={classes.head}>
        <Title order={1} size="h4">
          {t("runs.title")}
        </Title>
        <Filters filter={filter} onChange={change} />
      </div>
      {chosen.length > 0 && (
        <Chosen
          workspace={workspace}
          runs={runs.filter((run) => chosen.includes(run.run))}
          onDone={() => setChosen([])}
        />
      )}
      {query.isPending && <Loading />}
      {query.error && !query.data && (
        <Failed error={query.error} reset={() => void query.refetch()} />
      )}
      {query.data && !runs.length && (
        <Nothing
          workspace={workspace}
          isFiltered={isFiltered}
          onClear={() =>
            change({ status: undefined, name: "", creator: "", tag: "", trials: false })
          }
        />
      )}
      {runs.length > 0 && (
        <RunTable
          workspace={workspace}
          runs={runs}
          chosen={chosen}
          onChoose={setChosen}
          hasMore={query.hasNextPage}
          isReading={query.isFetchingNextPage}
          onMore={() => void query.fetchNextPage()}
        />
      )}
    </div>
  );
}

interface None {
  workspace: string;
  isFiltered: boolean;
  onClear: () => void;
}

function Nothing({ workspace, isFiltered, onClear }: None) {
  const t = useStrings();
  if (isFiltered)
    return (
      <Empty
        title={t("runs.nothing")}
        action={
          <Button variant="default" size="xs" onClick={onClear}>
            {t("runs.filter.clear")}
          </Button>
        }
      >
        {t("runs.nothing.about")}
      </Empty>
    );
  return (
    <Empty
      title={t("runs.none")}
      action={
        <PlaceLink to="/w/$workspace/pipelines" params={{ workspace }}>
          {t("runs.none.go")}
        </PlaceLink>
      }
    >
      {t("runs.none.about")}
    </Empty>
  );
}
