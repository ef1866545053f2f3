/** The components that were used last, kept in the browser. */
const KEPT = "millwork.recent";
const MOST = 5;

export function recentFaces(): string[] {
  try {
    const said: unknown = JSON.parse(localStorage.getItem(KEPT) ?? "[]");
    return Array.isArray(said) ? said.filter((each) => typeof each === "string") : [];
  } catch {
    return [];
  }
}

export function rememberFace(reference: string) {
  const others = recentFaces().filter((each) => each !== reference);
  try {
    localStorage.setItem(KEPT, JSON.stringify([reference, ...others].slice(0, MOST)));
  } catch {
    // Without storage nothing is remembered, and all else works.
  }
}
