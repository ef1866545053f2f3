import type { ReactNode } from "react";
import type { SwitchState } from "@/services/schedules";
import { useStrings } from "@/strings";
import classes from "../schedules.module.css";

/** How each state is drawn in a box of 16 by 16, so that it is told without its colour. */
const SHAPES: Record<SwitchState, ReactNode> = {
  on: <path d="M5 3.2v9.6L12.6 8z" fill="currentColor" />,
  off: <rect x="4" y="4" width="8" height="8" rx="1" />,
  frozen: <path d="M8 2v12M2.8 5l10.4 6M13.2 5L2.8 11" />,
  skipping: <path d="M3 4l5 4-5 4zM12 4v8" />,
};

const COLOURS: Record<SwitchState, string> = {
  on: "var(--status-succeeded)",
  off: "var(--status-cancelled)",
  frozen: "var(--status-running)",
  skipping: "var(--port-value)",
};

/** A schedule's state by colour, shape and word. */
export function StateMark({ state }: { state: SwitchState }) {
  const t = useStrings();
  return (
    <span className={classes.mark} style={{ color: COLOURS[state], fontSize: 14 }}>
      <svg
        viewBox="0 0 16 16"
        width={14}
        height={14}
        fill="none"
        stroke="currentColor"
        strokeWidth={1.8}
        strokeLinecap="round"
        strokeLinejoin="round"
        aria-hidden="true"
      >
        {SHAPES[state]}
      </svg>
      {t(`schedules.state.${state}`)}
    </span>
  );
}
