import { StatusMark } from "@/components/status/StatusMark";
import type { Backfill } from "@/services/backfills";
import { useStrings } from "@/strings";
import classes from "../schedules.module.css";

/** How a backfill is, by colour, shape and word. */
export function BackfillMark({ status }: { status: Backfill["status"] }) {
  const t = useStrings();
  if (status !== "paused") return <StatusMark status={status} />;
  return (
    <span className={classes.mark}>
      <span aria-hidden="true" className={classes.mark}>
        <StatusMark status="pending" isWordy={false} />
      </span>
      {t("backfill.status.paused")}
    </span>
  );
}
