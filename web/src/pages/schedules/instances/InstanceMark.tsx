import { StatusMark } from "@/components/status/StatusMark";
import { useStrings } from "@/strings";
import classes from "../schedules.module.css";

interface Props {
  status: string;
  is_dry?: boolean;
  is_frozen?: boolean;
}

/** Statuses of a run that are drawn as those of an instance are. */
const DRAWN: Record<string, string> = { waiting: "queued", starting: "queued" };
const OWN = ["waiting", "starting"] as const;

/** How an instance is: its status by colour, shape and word, and what is unlike others about it. */
export function InstanceMark({ status, is_dry, is_frozen }: Props) {
  const t = useStrings();
  const own = OWN.find((each) => each === status);
  return (
    <span className={classes.mark}>
      {own ? (
        <>
          <span aria-hidden="true" className={classes.mark}>
            <StatusMark status={DRAWN[own] ?? own} isWordy={false} />
          </span>
          {t(`instance.status.${own}`)}
        </>
      ) : (
        <StatusMark status={status} />
      )}
      {is_dry && <small className={classes.dim}>{t("instance.dry")}</small>}
      {is_frozen && <small className={classes.dim}>{t("instance.frozen")}</small>}
    </span>
  );
}
