import { Table, Text, Title } from "@mantine/core";
import type { InfiniteData, UseInfiniteQueryResult } from "@tanstack/react-query";
import { More } from "@/components/More";
import { Loading } from "@/components/states";
import { clockOf } from "@/models/schedules/instances";
import { ownName } from "@/models/schedules/plan";
import type { Planned, PlanPreview } from "@/services/backfills";
import { useStrings } from "@/strings";
import sheet from "../schedules.module.css";
import classes from "./plan.module.css";

interface Props {
  workspace: string;
  query: UseInfiniteQueryResult<InfiniteData<PlanPreview>>;
  isAsked: boolean;
}

/** The cycles of a backfill in their turn: what there is of each, and what is done now. */
export function PlanTable({ workspace, query, isAsked }: Props) {
  const t = useStrings();
  const [first] = query.data?.pages ?? [];
  const items = query.data?.pages.flatMap((page) => page.items) ?? [];
  const isMixed = (first?.schedules.length ?? 0) > 1;
  return (
    <>
      <Title order={2} size="h6">
        {t("backfill.preview")}
      </Title>
      {!isAsked && <Text size="sm">{t("backfill.preview.pick")}</Text>}
      {isAsked && query.isPending && <Loading />}
      {isAsked && first && !query.isError && (
        <>
          <Text size="sm" role="status">
            {t("backfill.preview.count", {
              chosen: first.chosen.toLocaleString(t.language),
              total: first.total.toLocaleString(t.language),
              dry: first.dry.toLocaleString(t.language),
            })}
          </Text>
          {first.left_out.length > 0 && (
            <Text size="sm" c="dimmed">
              {t("backfill.preview.left", {
                names: first.left_out.map((each) => ownName(workspace, each)).join(", "),
              })}
            </Text>
          )}
          {/* biome-ignore lint/a11y/noNoninteractiveTabindex: it is scrolled by the keyboard */}
          <section className={classes.table} tabIndex={0} aria-label={t("backfill.preview")}>
            <Rows items={items} isMixed={isMixed} />
            <More query={query} />
          </section>
        </>
      )}
    </>
  );
}

function Rows({ items, isMixed }: { items: Planned[]; isMixed: boolean }) {
  const t = useStrings();
  return (
    <Table verticalSpacing={3} stickyHeader>
      <Table.Thead>
        <Table.Tr>
          <Table.Th w={60}>{t("backfill.turn")}</Table.Th>
          {isMixed && <Table.Th>{t("backfill.schedule")}</Table.Th>}
          <Table.Th>{t("schedules.next.business")}</Table.Th>
          <Table.Th>{t("schedules.next.time")}</Table.Th>
          <Table.Th>{t("backfill.state")}</Table.Th>
          <Table.Th>{t("backfill.does")}</Table.Th>
        </Table.Tr>
      </Table.Thead>
      <Table.Tbody>
        {items.map((each) => (
          <Table.Tr key={each.turn} className={each.is_chosen ? undefined : classes.off}>
            <Table.Td>{each.turn + 1}</Table.Td>
            {isMixed && <Table.Td className={sheet.title}>{each.schedule}</Table.Td>}
            <Table.Td className={sheet.number}>{each.bizdate}</Table.Td>
            <Table.Td className={sheet.number}>
              {each.cyctime.slice(0, 10)} {clockOf(each.cyctime)}
            </Table.Td>
            <Table.Td>{t(`backfill.state.${each.state}`)}</Table.Td>
            <Table.Td>
              {t(`backfill.does.${each.is_chosen ? (each.is_dry ? "dry" : "run") : "none"}`)}
            </Table.Td>
          </Table.Tr>
        ))}
      </Table.Tbody>
    </Table>
  );
}
