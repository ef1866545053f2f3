import type { KeyboardEvent, PointerEvent } from "react";
import classes from "./Frame.module.css";
import { LIMITS } from "./sizes";

interface DividerProps {
  part: keyof typeof LIMITS;
  size: number;
  label: string;
  onChange: (size: number) => void;
}

const STEP = 24;

/** The line between two parts, dragged or moved by the arrow keys. */
export function Divider({ part, size, label, onChange }: DividerProps) {
  const [least, most] = LIMITS[part];
  const isLying = part === "drawer";
  // The rail grows to the right; panel and drawer grow away from where they stand.
  const sign = part === "rail" ? 1 : -1;
  const set = (next: number) => onChange(Math.round(Math.min(most, Math.max(least, next))));
  const grab = (event: PointerEvent<HTMLElement>) => {
    const from = isLying ? event.clientY : event.clientX;
    const target = event.currentTarget;
    target.setPointerCapture(event.pointerId);
    const drag = (moved: globalThis.PointerEvent) =>
      set(size + sign * ((isLying ? moved.clientY : moved.clientX) - from));
    const drop = () => {
      target.removeEventListener("pointermove", drag);
      target.removeEventListener("pointerup", drop);
      target.removeEventListener("pointercancel", drop);
    };
    target.addEventListener("pointermove", drag);
    target.addEventListener("pointerup", drop);
    target.addEventListener("pointercancel", drop);
  };
  const press = (event: KeyboardEvent) => {
    const [less, more] = isLying ? ["ArrowUp", "ArrowDown"] : ["ArrowLeft", "ArrowRight"];
    if (event.key !== less && event.key !== more) return;
    event.preventDefault();
    event.stopPropagation();
    set(size + sign * (event.key === more ? STEP : -STEP));
  };
  return (
    // biome-ignore lint/a11y/useSemanticElements: a separator that is moved is no <hr>
    <div
      role="separator"
      tabIndex={0}
      aria-label={label}
      aria-orientation={isLying ? "horizontal" : "vertical"}
      aria-valuenow={size}
      aria-valuemin={least}
      aria-valuemax={most}
      className={classes.divider}
      data-part={part}
      onPointerDown={grab}
      onKeyDown={press}
    />
  );
}
