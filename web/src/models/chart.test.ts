import { describe, expect, it } from "vitest";
import { heightOf, LOOKS, optionOf } from "./chart";
import { type Chart, isChart, readReport } from "./report";

const titled = { title: "t", note: "", x_label: "x", y_label: "y" };
const charts: Chart[] = [
  {
    kind: "line",
    ...titled,
    series: [
      { name: "a", x: ["2020-01-01", "2020-01-02"], y: [1, null], low: [0, null], high: [2, null] },
      { name: "chance", x: ["2020-01-01"], y: [1], is_reference: true },
    ],
  },
  { kind: "scatter", ...titled, series: [{ name: "a", x: [1], y: [2] }] },
  { kind: "bar", ...titled, categories: ["a", "b"], series: [{ name: "s", y: [1, 2] }] },
  { kind: "histogram", ...titled, edges: [0, 1, 2], series: [{ name: "s", counts: [3, 4] }] },
  {
    kind: "box",
    ...titled,
    boxes: [{ name: "a", low: 0, q1: 1, median: 2, q3: 3, high: 4, outliers: [9] }],
  },
  { kind: "heatmap", ...titled, x_labels: ["a"], y_labels: ["b"], values: [[-1]] },
];

describe("charts", () => {
  it.each(charts.map((chart) => [chart.kind, chart] as const))("%s is drawn", (_, chart) => {
    const option = optionOf(chart, LOOKS.dark);
    expect(option.xAxis).toBeDefined();
    expect((option.series as unknown[]).length).toBeGreaterThan(0);
    expect(heightOf(chart)).toBeGreaterThan(0);
  });

  it("a band is two lines below its own, and a reference is dashed", () => {
    const [line] = charts;
    const { series, xAxis } = optionOf(line as Chart, LOOKS.light) as {
      series: { stack?: string; lineStyle: { type?: string } }[];
      xAxis: { type: string };
    };
    expect(series.map(({ stack }) => stack)).toEqual(["band-a", "band-a", undefined, undefined]);
    expect(series.at(-1)?.lineStyle.type).toBe("dashed");
    expect(xAxis.type).toBe("time");
  });

  it("many bars lie", () => {
    const categories = Array.from({ length: 30 }, (_, at) => `category ${at}`);
    const chart: Chart = {
      kind: "bar",
      ...titled,
      categories,
      series: [{ name: "s", y: categories.map(() => 1) }],
    };
    expect((optionOf(chart, LOOKS.light).yAxis as { data: string[] }).data).toHaveLength(30);
    expect(heightOf(chart)).toBeGreaterThan(280);
  });
});

it("a report is read, and what is none is not", () => {
  const text = JSON.stringify({
    format: "millwork/report/1",
    title: "T",
    sections: [
      { kind: "metrics", title: "m", note: "", values: { auc: 0.9 } },
      { kind: "hologram", title: "?" },
      { kind: "line", title: "broken" },
      charts[2],
    ],
  });
  const report = readReport(text);
  expect(report?.sections.map((section) => [section.kind, isChart(section)])).toEqual([
    ["metrics", false],
    ["bar", true],
  ]);
  expect([readReport("{}"), readReport("no JSON"), readReport("null")]).toEqual([null, null, null]);
});
