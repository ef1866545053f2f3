import { Text } from "@mantine/core";
import { progressOf } from "@/models/schedules/backfills";
import type { Backfill } from "@/services/backfills";
import { useStrings } from "@/strings";
import classes from "../schedules.module.css";

/** How many of a backfill's instances are done, and how many have failed. */
export function Progress({ row }: { row: Backfill }) {
  const t = useStrings();
  const { done, failed, going, total } = progressOf(row);
  const isTold = Object.keys(row.counts).length > 0 || row.status === "succeeded";
  const said = isTold ? t("backfill.progress", { done, total }) : t.count("backfill.total", total);
  const width = (count: number) => ({ width: `${total ? (100 * count) / total : 0}%` });
  return (
    <div>
      <Text size="sm" className={classes.number}>
        {said}
        {failed > 0 && `, ${t("backfill.progress.failed", { failed })}`}
      </Text>
      {isTold && (
        <div className={classes.bar} aria-hidden="true">
          <span data-part="done" style={width(done)} />
          <span data-part="failed" style={width(failed)} />
          <span data-part="going" style={width(going)} />
        </div>
      )}
    </div>
  );
}
