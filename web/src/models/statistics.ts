/** Small statistics of a column, as a line of words and as a row of bars. */
import type { Schemas } from "@/services/api";

export type Preview = Schemas["Preview"];
export type Statistics = Preview["statistics"][string];

/** A histogram as an SVG path of bars in a box of that size; "" if there is nothing to draw. */
export function sparkline(histogram: readonly number[], width: number, height: number): string {
  const most = Math.max(0, ...histogram);
  if (!most) return "";
  const each = width / histogram.length;
  const gap = Math.min(1, each * 0.15);
  return histogram
    .map((count, at) => {
      // What is there at all is seen, however few there are of it.
      const tall = count ? Math.max(1, (count / most) * height) : 0;
      const [left, right] = [at * each + gap / 2, (at + 1) * each - gap / 2];
      return tall ? `M${left} ${height}V${height - tall}H${right}V${height}Z` : "";
    })
    .join("");
}

/** A number for people: five digits are enough to tell columns apart. */
export function rounded(value: number, language: string): string {
  return value.toLocaleString(language, { maximumSignificantDigits: 5 });
}

/** The cell as a number for people, if it is one; else its beginning. */
export function shortCell(cell: string | null, language: string): string {
  if (cell === null) return "";
  const number = Number(cell);
  if (cell.trim() && Number.isFinite(number)) return rounded(number, language);
  return cell.length > 24 ? `${cell.slice(0, 23)}…` : cell;
}
