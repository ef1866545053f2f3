import { StatusMark } from "@/components/status/StatusMark";
import type { Backfill } from "@/services/backfills";
import { useStrings } from "@/strings";
import { Mark } from "../Mark";

/** How a backfill is, by colour, shape and word. */
export function BackfillMark({ status }: { status: Backfill["status"] }) {
  const t = useStrings();
  if (status !== "paused") return <StatusMark status={status} />;
  return <Mark status="pending">{t("backfill.status.paused")}</Mark>;
}
