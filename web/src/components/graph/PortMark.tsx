/** The mark of a port's type, told by colour and by shape. */
import type { CSSProperties } from "react";
import { SHAPES } from "@/models/ports";
import styles from "./ports.module.css";

const ALIKE: Record<string, string> = { checkpoint: "model" };

/** What an element needs to look like a port of a type. */
export function markOf(type: string) {
  return {
    className: styles.mark,
    "data-shape": SHAPES[type] ?? "ring",
    style: { "--mark": colourOf(type) } as CSSProperties,
  };
}

export function colourOf(type: string): string {
  return `var(--port-${ALIKE[type] ?? type}, var(--port-any))`;
}

interface Props {
  type: string;
  /** In pixels. */
  size?: number;
  /** What is said instead of the type; `""` where the type stands beside it. */
  label?: string;
}

export function PortMark({ type, size = 12, label = type }: Props) {
  const mark = markOf(type);
  return (
    <span
      {...mark}
      style={{ ...mark.style, "--size": `${size}px` } as CSSProperties}
      {...(label ? { role: "img", "aria-label": label, title: label } : { "aria-hidden": true })}
    />
  );
}
