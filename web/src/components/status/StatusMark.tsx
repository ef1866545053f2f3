import type { ReactNode } from "react";
import { type Key, useStrings } from "@/strings";
import classes from "./StatusMark.module.css";

/** How each status is drawn in a box of 16 by 16, so that it is told without its colour. */
const SHAPES: Record<string, ReactNode> = {
  queued: <path d="M5 3h6M5 13h6M5.5 3c0 3 5 7 5 10M10.5 3c0 3-5 7-5 10" />,
  pending: <circle cx="8" cy="8" r="5.25" strokeDasharray="2.2 2" />,
  running: <path d="M13.25 8A5.25 5.25 0 1 1 8 2.75" />,
  succeeded: <path d="M3 8.5l3.25 3.25L13 5" />,
  reused: (
    <path d="M12.9 6.5A5.2 5.2 0 0 0 3.4 5.6M3.2 2.8v3h3M3.1 9.5a5.2 5.2 0 0 0 9.5.9M12.8 13.2v-3h-3" />
  ),
  failed: <path d="M4 4l8 8M12 4l-8 8" />,
  cancelled: <rect x="4" y="4" width="8" height="8" rx="1" />,
  skipped: <path d="M3 4l5 4-5 4zM12 4v8" />,
  lost: <path d="M5.5 6a2.5 2.5 0 1 1 3.6 2.3c-.8.4-1.1.8-1.1 1.7M8 12.5v.4" />,
  interrupted: <path d="M8 2.5l6 10.5H2zM8 6.5v3M8 11.2v.3" />,
};
const KNOWN = new Set(Object.keys(SHAPES));

const known = (status: string) => (KNOWN.has(status) ? status : "pending");

/** The word of a status, which is never told by its colour alone. */
export function useStatusWord(): (status: string) => string {
  const t = useStrings();
  return (status) => (KNOWN.has(status) ? t(`status.${status}` as Key) : status);
}

interface Marked {
  status: string;
  /** Without it only the icon is drawn, and the word is its name. */
  isWordy?: boolean;
  size?: number;
}

/** A status by colour, icon and word. */
export function StatusMark({ status, isWordy = true, size = 14 }: Marked) {
  const wordOf = useStatusWord();
  const icon = (
    <svg
      viewBox="0 0 16 16"
      width={size}
      height={size}
      className={classes.icon}
      data-status={known(status)}
      aria-hidden="true"
    >
      {SHAPES[known(status)]}
    </svg>
  );
  if (!isWordy)
    return (
      <span role="img" aria-label={wordOf(status)} title={wordOf(status)} className={classes.alone}>
        {icon}
      </span>
    );
  return (
    <span className={classes.mark} style={{ color: `var(--status-${known(status)})` }}>
      {icon}
      {wordOf(status)}
    </span>
  );
}
