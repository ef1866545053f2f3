/** What a reference to a registered version says: `model:greeter@0.1.0`. */

const KINDS = ["component", "pipeline", "model", "dataset", "schedule"] as const;

export interface Asset {
  kind: (typeof KINDS)[number];
  name: string;
  version: string;
}

/** Null for a reference to what has no page. */
export function assetOf(reference: string): Asset | null {
  const colon = reference.indexOf(":");
  const kind = KINDS.find((each) => each === reference.slice(0, colon));
  const { name, version } = named(reference.slice(colon + 1));
  return kind && name && version ? { kind, name, version } : null;
}

/** NAME or NAME@VERSION, as it stands in the address of a page. */
export function named(words: string): { name: string; version: string } {
  const at = words.lastIndexOf("@");
  if (at < 1) return { name: at < 0 ? words : "", version: "" };
  return { name: words.slice(0, at), version: words.slice(at + 1) };
}
