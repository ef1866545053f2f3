/** Where in a text a reader of YAML found its fault. */

export interface Placed {
  /** From 1; 0 if nothing is said of it. */
  line: number;
  message: string;
}

/** A message of `yaml`, which ends with the line itself, as a sentence with its place. */
export function placed(fault: string): Placed {
  const [first = ""] = fault.split("\n");
  const at = first.match(/ at line (\d+), column \d+:?$/);
  return { line: Number(at?.[1] ?? 0), message: first.replace(/:$/, "") };
}
