import { Button, Select, Switch, Text, TextInput } from "@mantine/core";
import { useDebouncedCallback } from "@mantine/hooks";
import { keepPreviousData, useInfiniteQuery } from "@tanstack/react-query";
import { useNavigate, useSearch } from "@tanstack/react-router";
import { useState } from "react";
import { Empty, Failed, Loading } from "@/components/states";
import { days, isDate, moved, today } from "@/models/schedules/dates";
import { type GridFilter, instanceGrid } from "@/services/instances";
import { useStrings } from "@/strings";
import classes from "../schedules.module.css";
import { type Chosen, countOf, operateChosen } from "./chosen";
import { DayDialog } from "./DayDialog";
import { Grid } from "./Grid";
import grid from "./grid.module.css";
import { Legend } from "./Legend";
import { OperateBar } from "./OperateBar";

const SPANS = ["7", "14", "31", "62"];
const KINDS = ["recurring", "backfill", "triggered", "test"] as const;

/** Schedules by business dates: what of each there is, and what can be done with it. */
export function Instances({ workspace }: { workspace: string }) {
  const t = useStrings();
  const { filter, days: count, change } = useFilter();
  const [isChoosing, setChoosing] = useState(false);
  const [chosen, choose] = useState<Chosen>(new Map());
  const [opened, open] = useState<{ schedule: string; bizdate: string }>();
  const query = useInfiniteQuery({
    ...instanceGrid(workspace, filter),
    placeholderData: keepPreviousData,
  });
  const rows = query.data?.pages.flatMap((page) => page.items) ?? [];
  return (
    <>
      <div className={classes.tools}>
        <Filters {...{ filter, count, change }} />
        <Switch
          size="sm"
          pb={6}
          label={t("instances.choose")}
          checked={isChoosing}
          onChange={(event) => {
            setChoosing(event.currentTarget.checked);
            choose(new Map());
          }}
        />
      </div>
      {isChoosing && <Bar {...{ workspace, chosen, choose }} kind={filter.kind} />}
      {query.isPending && <Loading />}
      {query.isError && !query.data && (
        <Failed error={query.error} reset={() => void query.refetch()} />
      )}
      {query.data && !rows.length && (
        <Empty title={t(filter.text ? "schedules.nothing" : "instances.none")}>
          {t(filter.text ? "schedules.nothing.about" : "instances.none.about")}
        </Empty>
      )}
      {rows.length > 0 && (
        <>
          <Grid
            workspace={workspace}
            rows={rows}
            days={days(filter.first, filter.last)}
            isChoosing={isChoosing}
            chosen={chosen}
            onChoose={choose}
            onOpenDay={(schedule, bizdate) => open({ schedule, bizdate })}
            hasMore={query.hasNextPage}
            isReading={query.isFetchingNextPage}
            onMore={() => void query.fetchNextPage()}
          />
          <Legend />
        </>
      )}
      {opened && (
        <DayDialog
          workspace={workspace}
          {...opened}
          kind={filter.kind}
          onClose={() => open(undefined)}
        />
      )}
    </>
  );
}

interface BarProps {
  workspace: string;
  kind: GridFilter["kind"];
  chosen: Chosen;
  choose: (chosen: Chosen) => void;
}

/** How many are chosen, and what can be done with them. */
function Bar({ workspace, kind, chosen, choose }: BarProps) {
  const t = useStrings();
  return (
    <div className={grid.chosen}>
      <Text size="sm" role="status">
        {t.count("instances.chosen", countOf(chosen))}
      </Text>
      {chosen.size > 0 && (
        <OperateBar isMany act={(wish) => operateChosen(workspace, chosen, wish, kind)} />
      )}
      {chosen.size > 0 && (
        <Button size="compact-sm" variant="subtle" onClick={() => choose(new Map())}>
          {t("instances.clear")}
        </Button>
      )}
    </div>
  );
}

/** Which page of dates is looked at, as the address bar has it. */
function useFilter() {
  const search = useSearch({ from: "/w/$workspace/schedules" });
  const navigate = useNavigate();
  const count = SPANS.find((each) => each === search.days) ?? "31";
  const last = search.last && isDate(search.last) ? search.last : today();
  const kind = KINDS.find((each) => each === search.kind) ?? "";
  const filter: GridFilter = {
    first: moved(last, 1 - Number(count)),
    last,
    text: search.text ?? "",
    kind,
  };
  const change = (some: { last?: string; days?: string; text?: string; kind?: string }) =>
    void navigate({
      to: ".",
      search: (before: Record<string, unknown>) =>
        Object.fromEntries(Object.entries({ ...before, ...some }).filter(([, value]) => value)),
      replace: true,
    });
  return { filter, days: count, change };
}

interface FiltersProps {
  filter: GridFilter;
  count: string;
  change: (some: { last?: string; days?: string; text?: string; kind?: string }) => void;
}

function Filters({ filter, count, change }: FiltersProps) {
  const t = useStrings();
  const [words, setWords] = useState(filter.text);
  const ask = useDebouncedCallback((text: string) => change({ text }), 300);
  const span = Number(count);
  return (
    <>
      <TextInput
        type="search"
        size="xs"
        w={200}
        label={t("schedules.search")}
        value={words}
        onChange={(event) => {
          setWords(event.currentTarget.value);
          ask(event.currentTarget.value.trim());
        }}
      />
      <Select
        size="xs"
        w={140}
        label={t("instances.kind")}
        allowDeselect={false}
        data={[
          { value: "", label: t("instances.kind.any") },
          ...KINDS.map((kind) => ({ value: kind, label: t(`instance.kind.${kind}`) })),
        ]}
        value={filter.kind}
        onChange={(kind) => change({ kind: kind ?? "" })}
      />
      <Select
        size="xs"
        w={100}
        label={t("instances.days")}
        allowDeselect={false}
        data={SPANS.map((each) => ({
          value: each,
          label: t.count("instances.days.count", Number(each)),
        }))}
        value={count}
        onChange={(days) => change({ days: days ?? "" })}
      />
      <TextInput
        type="date"
        size="xs"
        w={140}
        label={t("instances.last")}
        value={filter.last}
        onChange={(event) =>
          isDate(event.currentTarget.value) && change({ last: event.currentTarget.value })
        }
      />
      <Button.Group>
        <Button
          size="xs"
          variant="default"
          onClick={() => change({ last: moved(filter.last, -span) })}
        >
          ‹ {t("instances.earlier")}
        </Button>
        <Button size="xs" variant="default" onClick={() => change({ last: "" })}>
          {t("instances.today")}
        </Button>
        <Button
          size="xs"
          variant="default"
          onClick={() => change({ last: moved(filter.last, span) })}
        >
          {t("instances.later")} ›
        </Button>
      </Button.Group>
    </>
  );
}
