import { Table, Text } from "@mantine/core";
import { useInfiniteQuery } from "@tanstack/react-query";
import { More } from "@/components/More";
import { PlaceLink } from "@/components/PlaceLink";
import { Empty, Failed, Loading } from "@/components/states";
import { moment } from "@/models/ago";
import { type Alert, alertList } from "@/services/alerts";
import { useStrings } from "@/strings";
import { Mark } from "../Mark";
import classes from "../schedules.module.css";

/** What was told of the workspace's schedules, to whom, and what came of it. */
export function Told({ workspace }: { workspace: string }) {
  const t = useStrings();
  const query = useInfiniteQuery(alertList(workspace));
  const rows = query.data?.pages.flatMap((page) => page.items) ?? [];
  return (
    <div className={classes.scroll}>
      {query.isPending && <Loading />}
      {query.isError && !query.data && (
        <Failed error={query.error} reset={() => void query.refetch()} />
      )}
      {query.data && !rows.length && (
        <Empty title={t("alerts.none")}>{t("alerts.none.about")}</Empty>
      )}
      {rows.length > 0 && (
        <div className={classes.inside}>
          <Rows workspace={workspace} rows={rows} />
          <More query={query} />
        </div>
      )}
    </div>
  );
}

/** How each status is drawn. */
const MARKS = { sent: "succeeded", failed: "failed", due: "queued" } as const;

function Rows({ workspace, rows }: { workspace: string; rows: Alert[] }) {
  const t = useStrings();
  return (
    <Table verticalSpacing={8}>
      <Table.Thead>
        <Table.Tr>
          <Table.Th w={190}>{t("alerts.tried")}</Table.Th>
          <Table.Th w={170}>{t("alerts.status")}</Table.Th>
          <Table.Th>{t("schedules.column.name")}</Table.Th>
          <Table.Th>{t("alerts.what")}</Table.Th>
          <Table.Th>{t("alerts.to")}</Table.Th>
        </Table.Tr>
      </Table.Thead>
      <Table.Tbody>
        {rows.map((row) => (
          <Table.Tr key={row.id}>
            <Table.Td className={classes.number}>
              {moment(row.tried || row.due, t.language)}
            </Table.Td>
            <Table.Td>
              <Mark status={MARKS[row.status]}>
                <Text span size="sm">
                  {t(`alerts.status.${row.status}`)}
                </Text>
              </Mark>
            </Table.Td>
            <Table.Td className={classes.title}>
              <PlaceLink
                to="/w/$workspace/schedules/$schedule"
                params={{ workspace, schedule: row.schedule }}
                size="sm"
              >
                {row.schedule}
              </PlaceLink>
            </Table.Td>
            <Table.Td>
              <Text size="sm">{t.known(`schedules.alert.${row.moment}`, row.moment)}</Text>
              {row.instance && (
                <PlaceLink
                  to="/w/$workspace/instances/$instance"
                  params={{ workspace, instance: row.instance }}
                  size="xs"
                >
                  {t("alerts.instance")}
                </PlaceLink>
              )}
            </Table.Td>
            <Table.Td className={classes.title}>
              {row.address}
              {row.fault && (
                <Text size="xs" c="dimmed">
                  {row.fault}
                </Text>
              )}
            </Table.Td>
          </Table.Tr>
        ))}
      </Table.Tbody>
    </Table>
  );
}
