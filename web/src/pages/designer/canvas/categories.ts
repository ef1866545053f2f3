/** The kinds of built-in components, in the order in which data goes through them. */
import type { Speak } from "@/strings";

export const CATEGORIES = [
  "source",
  "preprocess",
  "features",
  "statistics",
  "classify",
  "regress",
  "cluster",
  "predict",
  "evaluate",
  "anomaly",
  "series",
  "text",
  "graph",
] as const;

export function categoryName(t: Speak, name: string): string {
  const known = CATEGORIES.find((each) => each === name);
  return known ? t(`library.category.${known}`) : name;
}
