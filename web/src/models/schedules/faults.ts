/** Which of the server's faults belong to which field of a schedule's form. */
import type { Fault } from "../faults";

/** What is wrong at a path and within it; with `isWhole` of the thing itself alone. */
export function faultOf(faults: Fault[], path: string, isWhole = false): string {
  return faults
    .filter((fault) => fault.severity === "error")
    .filter(
      ({ path: at }) =>
        at === path || (!isWhole && (at.startsWith(`${path}.`) || at.startsWith(`${path}[`))),
    )
    .map((fault) => fault.message)
    .join("; ");
}

/** What is still to be filled in: no reproach until somebody wants to go on. */
export const isMissing = (fault: Fault) => fault.message.startsWith("missing");
