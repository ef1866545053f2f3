/** Which of the server's faults belong to which field of a form. */
import type { Schemas } from "@/services/api";

export type Fault = Schemas["FaultView"];

/** What is wrong at a path and, unless it is of a row as such, within it. */
export function faultAt(faults: Fault[], path: string, isWhole = false): string {
  const within = `${path}.`;
  return faults
    .filter((fault) => fault.path === path || (!isWhole && fault.path.startsWith(within)))
    .filter((fault) => fault.severity === "error")
    .map((fault) => fault.message)
    .join("; ");
}

export const isError = (fault: Fault) => fault.severity === "error";
