import { Button, Table, Text } from "@mantine/core";
import { useInfiniteQuery } from "@tanstack/react-query";
import { useNavigate, useSearch } from "@tanstack/react-router";
import { lazy, Suspense } from "react";
import { More } from "@/components/More";
import { PlaceLink } from "@/components/PlaceLink";
import { Empty, Failed, Loading } from "@/components/states";
import { Time } from "@/components/Time";
import { type Backfill, backfillList } from "@/services/backfills";
import { useStrings } from "@/strings";
import classes from "../schedules.module.css";
import { BackfillActions } from "./BackfillActions";
import { BackfillMark } from "./BackfillMark";
import { Progress } from "./Progress";

const PlanDialog = lazy(() =>
  import("./PlanDialog").then(({ PlanDialog }) => ({ default: PlanDialog })),
);

/** The backfills of the workspace, how far each is, and a new one. */
export function Backfills({ workspace }: { workspace: string }) {
  const t = useStrings();
  const search = useSearch({ from: "/w/$workspace/schedules" });
  const navigate = useNavigate();
  const query = useInfiniteQuery(backfillList(workspace));
  const rows = query.data?.pages.flatMap((page) => page.items) ?? [];
  const plan = (isOpen: boolean) =>
    void navigate({
      to: ".",
      search: { tab: "backfills", ...(isOpen && { new: "1" }) },
      replace: true,
    });
  const begin = <Button onClick={() => plan(true)}>{t("backfills.new")}</Button>;
  return (
    <>
      {rows.length > 0 && (
        <div className={classes.tools}>
          <Button size="xs" onClick={() => plan(true)}>
            {t("backfills.new")}
          </Button>
        </div>
      )}
      <div className={classes.scroll}>
        {query.isPending && <Loading />}
        {query.isError && !query.data && (
          <Failed error={query.error} reset={() => void query.refetch()} />
        )}
        {query.data && !rows.length && (
          <Empty title={t("backfills.none")} action={begin}>
            {t("backfills.none.about")}
          </Empty>
        )}
        {rows.length > 0 && (
          <div className={classes.inside}>
            <Rows workspace={workspace} rows={rows} />
            <More query={query} />
          </div>
        )}
      </div>
      <Suspense>
        {search.new && (
          <PlanDialog
            workspace={workspace}
            schedule={search.schedule ?? ""}
            onClose={() => plan(false)}
          />
        )}
      </Suspense>
    </>
  );
}

function Rows({ workspace, rows }: { workspace: string; rows: Backfill[] }) {
  const t = useStrings();
  return (
    <Table highlightOnHover verticalSpacing={8}>
      <Table.Thead>
        <Table.Tr>
          <Table.Th>{t("backfill.column.name")}</Table.Th>
          <Table.Th w={120}>{t("backfill.column.status")}</Table.Th>
          <Table.Th w={220}>{t("backfill.column.progress")}</Table.Th>
          <Table.Th w={90}>{t("backfill.column.parallel")}</Table.Th>
          <Table.Th w={130}>{t("backfill.column.begun")}</Table.Th>
          <Table.Th w={110}>{t("backfill.column.by")}</Table.Th>
          <Table.Th w={170} />
        </Table.Tr>
      </Table.Thead>
      <Table.Tbody>
        {rows.map((row) => (
          <Table.Tr key={row.id}>
            <Table.Td className={classes.title}>
              <PlaceLink
                to="/w/$workspace/backfills/$backfill"
                params={{ workspace, backfill: row.id }}
                size="sm"
                fw={600}
              >
                {row.name}
              </PlaceLink>
              <Text size="xs" c="dimmed">
                {row.schedule}
              </Text>
            </Table.Td>
            <Table.Td>
              <BackfillMark status={row.status} />
            </Table.Td>
            <Table.Td>
              <Progress row={row} />
            </Table.Td>
            <Table.Td>{row.parallel}</Table.Td>
            <Table.Td>
              <Time at={row.created} />
            </Table.Td>
            <Table.Td className={classes.title}>{row.creator}</Table.Td>
            <Table.Td>
              <BackfillActions workspace={workspace} row={row} />
            </Table.Td>
          </Table.Tr>
        ))}
      </Table.Tbody>
    </Table>
  );
}
