/** A report's charts as ECharts' options: the same kinds and colours as the report's own page. */
import type { EChartsCoreOption } from "echarts/core";
import type { Box, Chart, Series } from "./report";

export interface Look {
  colours: string[];
  ink: string;
  faint: string;
  grid: string;
  high: string;
  low: string;
  paper: string;
}

export const LOOKS: Record<"light" | "dark", Look> = {
  light: {
    colours: [
      "#0072b2",
      "#d55e00",
      "#009e73",
      "#c4589b",
      "#7a5c00",
      "#3f97d1",
      "#5b2a86",
      "#767676",
    ],
    ink: "#1a1f27",
    faint: "#5a6472",
    grid: "#e6e9ee",
    high: "#08519c",
    low: "#a63a00",
    paper: "#ffffff",
  },
  dark: {
    colours: [
      "#4ea8e8",
      "#f08a3c",
      "#2fc79a",
      "#e58bc4",
      "#f5e27a",
      "#a9dcff",
      "#7f57cf",
      "#8f8f8f",
    ],
    ink: "#e8ebf0",
    faint: "#a3adba",
    grid: "#373a40",
    high: "#8cc4ff",
    low: "#ffa36b",
    paper: "#242424",
  },
};

type Option = EChartsCoreOption;
type Of<K extends Chart["kind"]> = Extract<Chart, { kind: K }>;

export function optionOf(chart: Chart, look: Look): Option {
  const option = drawn(chart, look);
  const series = (option.series ?? []) as { name?: string }[];
  const names = [...new Set(series.map(({ name }) => name).filter(Boolean))];
  return {
    color: look.colours,
    animationDuration: 200,
    textStyle: { color: look.ink },
    grid: { left: 12, right: 20, top: names.length > 1 ? 40 : 16, bottom: 28, containLabel: true },
    tooltip: tip(look, "item"),
    ...(names.length > 1 && {
      legend: { type: "scroll", top: 0, data: names, textStyle: { color: look.ink } },
    }),
    ...option,
  };
}

const tip = (look: Look, trigger: "item" | "axis") => ({
  trigger,
  // Names come from people's files: they are drawn, and never become HTML.
  renderMode: "richText",
  confine: true,
  backgroundColor: look.paper,
  borderColor: look.grid,
  textStyle: { color: look.ink },
});

function drawn(chart: Chart, look: Look): Option {
  switch (chart.kind) {
    case "line":
    case "scatter":
      return points(chart, look);
    case "bar":
      return bars(chart, look);
    case "histogram":
      return histogram(chart, look);
    case "box":
      return boxes(chart, look);
    case "heatmap":
      return heatmap(chart, look);
  }
}

function axis(look: Look, name: string, more: Record<string, unknown> = {}) {
  return {
    name,
    nameLocation: "middle",
    nameGap: 26,
    nameTextStyle: { color: look.faint },
    axisLabel: { color: look.faint, hideOverlap: true },
    axisLine: { lineStyle: { color: look.faint } },
    splitLine: { lineStyle: { color: look.grid } },
    ...more,
  };
}

const upright = (look: Look, name: string, more: Record<string, unknown> = {}) =>
  axis(look, name, { nameGap: 44, ...more });

function points(chart: Of<"line" | "scatter">, look: Look): Option {
  const isTime = chart.series.some(({ x }) => x?.some((each) => typeof each === "string"));
  const series = chart.series.flatMap((each, at) => pointsOf(chart.kind, each, at, look));
  return {
    xAxis: axis(look, chart.x_label, { type: isTime ? "time" : "value", scale: true }),
    yAxis: upright(look, chart.y_label, { type: "value", scale: true }),
    ...(chart.kind === "line" && {
      tooltip: tip(look, "axis"),
    }),
    dataZoom: [{ type: "inside", filterMode: "none" }],
    series,
  };
}

function pointsOf(kind: "line" | "scatter", each: Series, at: number, look: Look): Option[] {
  const { name, x = [], y = [], is_reference } = each;
  const pairs = (values: (number | null)[]) =>
    x.map((place, index) => [place, values[index] ?? null]);
  const colour = is_reference ? look.faint : look.colours[at % look.colours.length];
  if (kind === "scatter" && !is_reference)
    return [
      {
        type: "scatter",
        name,
        data: pairs(y),
        symbolSize: 6,
        itemStyle: { color: colour, opacity: 0.65 },
      },
    ];
  const line = {
    type: "line",
    name,
    data: pairs(y),
    showSymbol: !is_reference && x.length <= 30,
    symbolSize: 6,
    itemStyle: { color: colour },
    lineStyle: {
      color: colour,
      width: is_reference ? 1.5 : 2,
      type: is_reference ? "dashed" : "solid",
    },
  };
  return [...band(each, at, look), line];
}

/** A band is what lies between two lines that are stacked: the lower one is not seen. */
function band({ name, x = [], low, high }: Series, at: number, look: Look): Option[] {
  if (!low || !high) return [];
  const bare = {
    type: "line",
    stack: `band-${name}`,
    symbol: "none",
    silent: true,
    tooltip: { show: false },
  };
  const unseen = { lineStyle: { opacity: 0 } };
  const height = (index: number) => {
    const [a, b] = [low[index], high[index]];
    return a === null || b === null || a === undefined || b === undefined ? null : b - a;
  };
  return [
    {
      ...bare,
      ...unseen,
      stackStrategy: "all",
      data: x.map((place, index) => [place, low[index] ?? null]),
    },
    {
      ...bare,
      ...unseen,
      stackStrategy: "all",
      data: x.map((place, index) => [place, height(index)]),
      areaStyle: { color: look.colours[at % look.colours.length], opacity: 0.16 },
    },
  ];
}

const UPRIGHT_MOST = 90;

/** Bars stand where their names have room, else they lie one below the other. */
function bars(chart: Of<"bar">, look: Look): Option {
  const letters = chart.categories.reduce((sum, name) => sum + name.length + 2, 0);
  const isLying = letters > UPRIGHT_MOST;
  const names = axis(look, isLying ? "" : chart.x_label, {
    type: "category",
    data: chart.categories,
    inverse: isLying,
    axisLabel: { color: look.faint, width: 180, overflow: "truncate" },
  });
  const values = isLying
    ? axis(look, chart.y_label, { type: "value" })
    : upright(look, chart.y_label, { type: "value" });
  const series = chart.series.map(({ name, y }) => ({
    type: "bar",
    name,
    data: y,
    barMaxWidth: 44,
  }));
  return isLying
    ? { xAxis: values, yAxis: names, series }
    : { xAxis: names, yAxis: values, series };
}

function histogram(chart: Of<"histogram">, look: Look): Option {
  const { edges } = chart;
  const from = edges
    .slice(0, -1)
    .map((edge, at) => `${short(edge)} – ${short(edges[at + 1] ?? edge)}`);
  return {
    xAxis: axis(look, chart.x_label, {
      type: "category",
      data: from,
      axisLabel: {
        color: look.faint,
        hideOverlap: true,
        formatter: (label: string) => label.split(" – ")[0],
      },
    }),
    yAxis: upright(look, "", { type: "value" }),
    series: chart.series.map(({ name, counts }) => ({
      type: "bar",
      name,
      data: counts,
      barGap: "-100%",
      barCategoryGap: "4%",
      itemStyle: { opacity: chart.series.length > 1 ? 0.5 : 1 },
    })),
  };
}

const short = (value: number): string => String(Number(value.toPrecision(4)));

function boxes(chart: Of<"box">, look: Look): Option {
  const five = ({ low, q1, median, q3, high }: Box) => [low, q1, median, q3, high];
  const outliers = chart.boxes.flatMap(({ outliers = [] }, at) =>
    outliers.map((value) => [at, value]),
  );
  const colour = look.colours[0];
  return {
    xAxis: axis(look, "", { type: "category", data: chart.boxes.map(({ name }) => name) }),
    yAxis: upright(look, chart.y_label, { type: "value", scale: true }),
    series: [
      {
        type: "boxplot",
        data: chart.boxes.map(five),
        itemStyle: { color: `${colour}48`, borderColor: colour },
      },
      {
        type: "scatter",
        data: outliers,
        symbolSize: 4,
        itemStyle: { color: colour, opacity: 0.5 },
      },
    ],
  };
}

const LABEL = 140;
const LETTER = 7;

/** How far an axis' name stands from it, so that it does not lie on the labels. */
const besides = (labels: string[]): number =>
  Math.min(LABEL, Math.max(0, ...labels.map((label) => label.length * LETTER))) + 16;

const CELLS_WITH_WORDS = 400;

function heatmap(chart: Of<"heatmap">, look: Look): Option {
  const { x_labels, y_labels, values } = chart;
  const cells = values.flatMap((row, y) => row.map((value, x) => [x, y, value]));
  const known = values.flat().filter((value): value is number => value !== null);
  const most = known.reduce((top, value) => Math.max(top, Math.abs(value)), 0) || 1;
  const isSigned = known.some((value) => value < 0);
  const names = { type: "category", splitLine: { show: false } };
  return {
    xAxis: axis(look, chart.x_label ?? "", { ...names, data: x_labels }),
    yAxis: upright(look, chart.y_label ?? "", {
      ...names,
      data: y_labels,
      inverse: true,
      nameGap: besides(y_labels),
      axisLabel: { color: look.faint, width: LABEL, overflow: "truncate" },
    }),
    visualMap: {
      min: isSigned ? -most : 0,
      max: most,
      show: false,
      inRange: { color: isSigned ? [look.low, look.paper, look.high] : [look.paper, look.high] },
    },
    series: [
      {
        type: "heatmap",
        data: cells,
        label: {
          show: cells.length <= CELLS_WITH_WORDS,
          color: look.ink,
          textBorderColor: look.paper,
          textBorderWidth: 2,
          formatter: ({ value }: { value: [number, number, number | null] }) =>
            value[2] === null ? "" : short(value[2]),
        },
        itemStyle: { borderColor: look.paper, borderWidth: 1 },
      },
    ],
  };
}

/** How high a chart is drawn, in pixels. */
export function heightOf(chart: Chart): number {
  if (chart.kind === "heatmap") return Math.min(640, 110 + chart.y_labels.length * 28);
  if (chart.kind !== "bar") return 280;
  const letters = chart.categories.reduce((sum, name) => sum + name.length + 2, 0);
  return letters > UPRIGHT_MOST ? Math.min(720, 70 + chart.categories.length * 22) : 280;
}
