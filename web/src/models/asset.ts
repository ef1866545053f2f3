/** What a reference to a registered version says: `model:greeter@0.1.0`. */

export interface Asset {
  kind: "model" | "dataset";
  name: string;
  version: string;
}

/** Null for a reference to something else. */
export function assetOf(reference: string): Asset | null {
  const [kind, rest = ""] = reference.split(":", 2);
  const at = rest.lastIndexOf("@");
  if ((kind !== "model" && kind !== "dataset") || at < 1) return null;
  return { kind, name: rest.slice(0, at), version: rest.slice(at + 1) };
}
