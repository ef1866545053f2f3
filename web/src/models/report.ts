/** Reports (`millwork/report/1`): what they hold, and each chart as ECharts wants it. */

export interface Series {
  name: string;
  x?: (number | string)[];
  y?: (number | null)[];
  low?: (number | null)[];
  high?: (number | null)[];
  counts?: (number | null)[];
  is_reference?: boolean;
}

export interface Box {
  name: string;
  low: number | null;
  q1: number | null;
  median: number | null;
  q3: number | null;
  high: number | null;
  outliers?: (number | null)[];
}

type Cell = string | number | boolean | null;

interface Titled {
  title: string;
  note: string;
}

interface Labelled {
  x_label: string;
  y_label: string;
}

export type Words =
  | ({ kind: "metrics"; values: Record<string, Cell> } & Titled)
  | ({ kind: "text"; text: string } & Titled)
  | ({ kind: "table"; columns: string[]; rows: Cell[][] } & Titled);

export type Chart =
  | ({ kind: "line" | "scatter"; series: Series[] } & Titled & Labelled)
  | ({ kind: "bar"; categories: string[]; series: Series[] } & Titled & Labelled)
  | ({ kind: "histogram"; x_label: string; edges: number[]; series: Series[] } & Titled)
  | ({ kind: "box"; y_label: string; boxes: Box[] } & Titled)
  | ({
      kind: "heatmap";
      x_labels: string[];
      y_labels: string[];
      values: (number | null)[][];
    } & Titled &
      Partial<Labelled>);

export type Section = Words | Chart;

export interface Report {
  title: string;
  sections: Section[];
}

const WORDS = ["metrics", "text", "table"];
const NEEDED: Record<Section["kind"], string[]> = {
  metrics: ["values"],
  text: ["text"],
  table: ["columns", "rows"],
  line: ["series"],
  scatter: ["series"],
  bar: ["categories", "series"],
  histogram: ["edges", "series"],
  box: ["boxes"],
  heatmap: ["x_labels", "y_labels", "values"],
};

export const isChart = (section: Section): section is Chart => !WORDS.includes(section.kind);

/** The report in a text; null for what is none. Sections of unknown kinds are left out. */
export function readReport(text: string): Report | null {
  try {
    const content = JSON.parse(text) as { format?: unknown; title?: unknown; sections?: unknown };
    if (content?.format !== "millwork/report/1" || !Array.isArray(content.sections)) return null;
    return { title: String(content.title ?? ""), sections: content.sections.filter(isSection) };
  } catch {
    return null;
  }
}

function isSection(section: unknown): section is Section {
  if (typeof section !== "object" || section === null) return false;
  const fields = section as Record<string, unknown>;
  const needed = NEEDED[fields.kind as Section["kind"]];
  return needed?.every((name) => typeof fields[name] === "object" || name === "text") ?? false;
}
