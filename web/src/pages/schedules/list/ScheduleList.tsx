import { Table, Text, TextInput } from "@mantine/core";
import { useDebouncedValue } from "@mantine/hooks";
import { keepPreviousData, useInfiniteQuery } from "@tanstack/react-query";
import { useState } from "react";
import { More } from "@/components/More";
import { PlaceLink } from "@/components/PlaceLink";
import { Empty, Failed, Loading } from "@/components/states";
import { recurs } from "@/models/schedules/words";
import { type ScheduleRow, scheduleList } from "@/services/schedules";
import { useStrings } from "@/strings";
import classes from "../schedules.module.css";
import { InForce } from "./InForce";
import { NewScheduleLink } from "./NewScheduleLink";
import { NextTimes } from "./NextTimes";
import { RowActions } from "./RowActions";
import { StateSwitch } from "./StateSwitch";

/** What recurs in the workspace: how often, as whom, when next, and in which version. */
export function ScheduleList({ workspace }: { workspace: string }) {
  const t = useStrings();
  const [words, setWords] = useState("");
  const [search] = useDebouncedValue(words.trim(), 200);
  const query = useInfiniteQuery({
    ...scheduleList(workspace, search),
    placeholderData: keepPreviousData,
  });
  const rows = query.data?.pages.flatMap((page) => page.items) ?? [];
  return (
    <>
      <div className={classes.tools}>
        <TextInput
          type="search"
          size="xs"
          w={280}
          aria-label={t("schedules.search")}
          placeholder={t("schedules.search")}
          value={words}
          onChange={(event) => setWords(event.currentTarget.value)}
        />
      </div>
      <div className={classes.scroll}>
        {query.isPending && <Loading />}
        {query.isError && !query.data && (
          <Failed error={query.error} reset={() => void query.refetch()} />
        )}
        {query.data && !rows.length && <Nothing workspace={workspace} isSearch={Boolean(search)} />}
        {rows.length > 0 && (
          <div className={classes.inside}>
            <Rows workspace={workspace} rows={rows} />
            <More query={query} />
          </div>
        )}
      </div>
    </>
  );
}

function Nothing({ workspace, isSearch }: { workspace: string; isSearch: boolean }) {
  const t = useStrings();
  if (isSearch) return <Empty title={t("schedules.nothing")}>{t("schedules.nothing.about")}</Empty>;
  return (
    <Empty title={t("schedules.none")} action={<NewScheduleLink workspace={workspace} />}>
      {t("schedules.none.about")}
    </Empty>
  );
}

function Rows({ workspace, rows }: { workspace: string; rows: ScheduleRow[] }) {
  const t = useStrings();
  return (
    <Table highlightOnHover verticalSpacing={8} className={classes.table}>
      <Table.Thead>
        <Table.Tr>
          <Table.Th className={classes.first}>{t("schedules.column.name")}</Table.Th>
          <Table.Th w={130}>{t("schedules.column.state")}</Table.Th>
          <Table.Th>{t("schedules.column.words")}</Table.Th>
          <Table.Th w={190}>{t("schedules.column.next")}</Table.Th>
          <Table.Th w={110}>{t("schedules.column.owner")}</Table.Th>
          <Table.Th w={150}>{t("schedules.column.version")}</Table.Th>
          <Table.Th w={44} />
        </Table.Tr>
      </Table.Thead>
      <Table.Tbody>
        {rows.map((row) => (
          <Table.Tr key={row.name}>
            <Table.Td className={classes.title}>
              <PlaceLink
                to="/w/$workspace/schedules/$schedule"
                params={{ workspace, schedule: row.name }}
                size="sm"
                fw={600}
              >
                {row.name}
              </PlaceLink>
              <Text size="xs" c="dimmed">
                {row.pipeline}
              </Text>
            </Table.Td>
            <Table.Td>
              <StateSwitch
                workspace={workspace}
                name={row.name}
                creator={row.creator}
                state={row.in_force?.state}
              />
            </Table.Td>
            <Table.Td>
              <Text size="sm">{recurs(row.words, t.language)}</Text>
            </Table.Td>
            <Table.Td>
              {row.in_force && <NextTimes name={row.name} cycles={row.next} zone={row.timezone} />}
            </Table.Td>
            <Table.Td>
              <Text size="sm" className={classes.title}>
                {row.run_as}
              </Text>
            </Table.Td>
            <Table.Td>
              <InForce workspace={workspace} row={row} />
            </Table.Td>
            <Table.Td>
              <RowActions workspace={workspace} row={row} />
            </Table.Td>
          </Table.Tr>
        ))}
      </Table.Tbody>
    </Table>
  );
}
