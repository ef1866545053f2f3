import { ownName } from "@/models/schedules/plan";
import { worded } from "@/models/worded";
import type { BackfillDetail } from "@/services/backfills";
import { useStrings } from "@/strings";
import classes from "../schedules.module.css";

interface Range {
  first: string;
  last: string;
}

interface Document {
  ranges?: Range[];
  order?: "asc" | "desc";
  redo?: "missing" | "failed" | "all";
  since?: string;
  until?: string;
  exclude?: string[];
  parameters?: Record<string, unknown>;
}

/** What somebody asked for when a backfill began. */
export function Asked({ workspace, said }: { workspace: string; said: BackfillDetail }) {
  const t = useStrings();
  const asked = said.document as Document;
  const { order = "asc", redo = "missing" } = asked;
  const rows: [string, string][] = [
    [t("backfill.ranges"), (asked.ranges ?? []).map(rangeText).join(", ")],
    [
      t("backfill.column.schedule"),
      said.schedules.map((each) => ownName(workspace, each)).join(", "),
    ],
    [t("backfill.order"), t(`backfill.order.${order}`)],
    [t("backfill.redo"), t(`backfill.redo.${redo}`)],
    [t("backfill.since"), asked.since ?? ""],
    [t("backfill.until"), asked.until ?? ""],
    [
      t("backfill.exclude"),
      (asked.exclude ?? []).map((each) => ownName(workspace, each)).join(", "),
    ],
    [t("backfill.override"), worded(asked.parameters)],
    [
      t("backfill.preview.left.short"),
      said.left_out.map((each) => ownName(workspace, each)).join(", "),
    ],
    [t("backfill.column.by"), said.creator],
  ];
  return (
    <dl className={classes.facts}>
      {rows.map(
        ([name, value]) =>
          value && (
            <div key={name} className={classes.pair}>
              <dt>{name}</dt>
              <dd>{value}</dd>
            </div>
          ),
      )}
    </dl>
  );
}

const rangeText = ({ first, last }: Range) => (first === last ? first : `${first} – ${last}`);
