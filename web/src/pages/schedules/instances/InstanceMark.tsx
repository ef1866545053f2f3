import { StatusMark } from "@/components/status/StatusMark";
import { useStrings } from "@/strings";
import { Mark } from "../Mark";
import classes from "../schedules.module.css";

interface Props {
  status: string;
  is_dry?: boolean;
  is_frozen?: boolean;
}

/** Those that no run has are drawn as what is queued. */
const OWN = ["waiting", "starting"] as const;

/** How an instance is: its status by colour, shape and word, and what is unlike others about it. */
export function InstanceMark({ status, is_dry, is_frozen }: Props) {
  const t = useStrings();
  const own = OWN.find((each) => each === status);
  return (
    <span className={classes.mark}>
      {own ? (
        <Mark status="queued">{t(`instance.status.${own}`)}</Mark>
      ) : (
        <StatusMark status={status} />
      )}
      {is_dry && <small className={classes.dim}>{t("instance.dry")}</small>}
      {is_frozen && <small className={classes.dim}>{t("instance.frozen")}</small>}
    </span>
  );
}
