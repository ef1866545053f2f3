/** Two runs side by side: by default only what differs. */

import { Checkbox, Table, Title } from "@mantine/core";
import { useQuery } from "@tanstack/react-query";
import { useParams } from "@tanstack/react-router";
import { useMemo, useState } from "react";
import { PlaceLink } from "@/components/PlaceLink";
import { Empty, Failed, Loading } from "@/components/states";
import { StatusMark } from "@/components/status/StatusMark";
import { ago } from "@/models/ago";
import {
  type Comparison,
  compared,
  durations,
  type Row,
  type Section,
  type Side,
} from "@/models/compare";
import { durationOf } from "@/models/duration";
import { read } from "@/models/pipeline/text";
import { isOver, type Run } from "@/models/runs";
import { runLineage, runSource, runView } from "@/services/runs";
import { useStrings } from "@/strings";
import classes from "./Compare.module.css";

const SECTIONS: Section[] = ["parameters", "versions", "metrics", "steps", "outputs"];

export function ComparePage() {
  const { workspace, before, after } = useParams({ from: "/w/$workspace/compare/$before/$after" });
  const [left, right] = [useSide(workspace, before), useSide(workspace, after)];
  const error = left.error ?? right.error;
  if (error) return <Failed error={error} />;
  if (!left.side || !right.side) return <Loading />;
  return <Both workspace={workspace} before={left.side} after={right.side} />;
}

/** All that is compared of a run. */
function useSide(workspace: string, name: string): { side: Side | null; error: unknown } {
  const run = useQuery(runView(workspace, name));
  const lineage = useQuery(runLineage(workspace, name, isOver(run.data?.status ?? "")));
  const source = useQuery({ ...runSource(workspace, name), retry: false });
  const side = useMemo(() => {
    if (!run.data || !lineage.data || source.isPending) return null;
    return {
      run: run.data,
      lineage: lineage.data,
      // What was run need not be kept for ever; the rest is compared all the same.
      pipeline: source.data ? read(source.data.text).pipeline : null,
      given: source.data?.parameters ?? {},
    };
  }, [run.data, lineage.data, source.data, source.isPending]);
  return { side, error: run.error ?? lineage.error };
}

interface Two {
  workspace: string;
  before: Side;
  after: Side;
}

function Both({ workspace, before, after }: Two) {
  const t = useStrings();
  const [showsAll, setShowsAll] = useState(false);
  const found = useMemo(() => compared(before, after), [before, after]);
  const shown = SECTIONS.filter((section) => rowsOf(found, section, showsAll).length > 0);
  return (
    <div className={classes.page}>
      <div className={classes.head}>
        <Title order={1} size="h4">
          {t("compare.title")}
        </Title>
        <Checkbox
          size="xs"
          label={t("compare.all")}
          checked={showsAll}
          onChange={(event) => setShowsAll(event.currentTarget.checked)}
        />
      </div>
      <Table fz="sm" verticalSpacing={5} className={classes.table} stickyHeader>
        <Table.Thead>
          <Table.Tr>
            <Table.Th scope="col">{t("runs.column.what")}</Table.Th>
            <Table.Th scope="col">
              <OneRun workspace={workspace} run={before.run} />
            </Table.Th>
            <Table.Th scope="col">
              <OneRun workspace={workspace} run={after.run} />
            </Table.Th>
          </Table.Tr>
        </Table.Thead>
        {shown.map((section) => (
          <Rows
            key={section}
            section={section}
            found={found}
            showsAll={showsAll}
            sides={[before, after]}
          />
        ))}
      </Table>
      {!shown.length && <Empty title={t("compare.same")} />}
    </div>
  );
}

const rowsOf = (found: Comparison, section: Section, showsAll: boolean) =>
  found[section].filter((row) => showsAll || row.differs || section === "steps");

function OneRun({ workspace, run }: { workspace: string; run: Run }) {
  const t = useStrings();
  return (
    <div>
      <PlaceLink
        to="/w/$workspace/runs/$run"
        params={{ workspace, run: run.run }}
        fw={600}
        size="sm"
      >
        {run.name || run.definition}
      </PlaceLink>
      <div className={classes.about}>
        <StatusMark status={run.status} size={12} /> ·{" "}
        {ago(run.created, Date.now() / 1000, t.language)} · {durationOf(run.seconds)}
      </div>
    </div>
  );
}

interface SectionRows {
  section: Section;
  found: Comparison;
  showsAll: boolean;
  sides: [Side, Side];
}

function Rows({ section, found, showsAll, sides }: SectionRows) {
  const t = useStrings();
  const [before, after] = useMemo(() => sides.map(durations), [sides]);
  return (
    <Table.Tbody>
      <Table.Tr className={classes.section}>
        <Table.Th colSpan={3} scope="rowgroup">
          {t(`compare.${section}`)}
        </Table.Th>
      </Table.Tr>
      {rowsOf(found, section, showsAll).map((row) => (
        <Table.Tr key={row.name} data-differs={row.differs || undefined}>
          <Table.Th scope="row">{row.name || t("compare.row.definition")}</Table.Th>
          <Table.Td>
            <Value row={row} side="before" section={section} seconds={before?.get(row.name)} />
          </Table.Td>
          <Table.Td>
            <Value row={row} side="after" section={section} seconds={after?.get(row.name)} />
          </Table.Td>
        </Table.Tr>
      ))}
    </Table.Tbody>
  );
}

interface OneValue {
  row: Row;
  side: "before" | "after";
  section: Section;
  seconds: number | undefined;
}

function Value({ row, side, section, seconds }: OneValue) {
  const t = useStrings();
  const value = row[side];
  if (value === undefined) return <span className={classes.absent}>{t("compare.absent")}</span>;
  if (section === "steps")
    return (
      <>
        <StatusMark status={value} size={12} />
        {seconds !== undefined && <span className={classes.aside}> {durationOf(seconds)}</span>}
      </>
    );
  if (section === "metrics")
    return (
      <>
        {Number(value).toLocaleString(t.language, { maximumSignificantDigits: 6 })}
        {side === "after" && <Growth growth={row.growth} />}
      </>
    );
  return <span className={section === "outputs" ? classes.mono : undefined}>{value}</span>;
}

function Growth({ growth }: { growth: number | null }) {
  const t = useStrings();
  if (growth === null) return null;
  const percent = Math.abs(growth).toLocaleString(t.language, {
    style: "percent",
    maximumSignificantDigits: 2,
  });
  return (
    <span className={classes.aside}>
      {" "}
      {t(growth < 0 ? "compare.less" : "compare.more", { percent })}
    </span>
  );
}
