import type { ReactNode } from "react";
import { StatusMark } from "@/components/status/StatusMark";
import classes from "./schedules.module.css";

/** The mark of a run's status beside a word that no run has. */
export function Mark({ status, children }: { status: string; children: ReactNode }) {
  return (
    <span className={classes.mark}>
      <span aria-hidden="true" className={classes.mark}>
        <StatusMark status={status} isWordy={false} />
      </span>
      {children}
    </span>
  );
}
