/** One chart, drawn by ECharts; heavy, so only loaded where a chart is shown. */
import { useComputedColorScheme } from "@mantine/core";
import { BarChart, BoxplotChart, HeatmapChart, LineChart, ScatterChart } from "echarts/charts";
import {
  DataZoomInsideComponent,
  GridComponent,
  LegendScrollComponent,
  TooltipComponent,
  VisualMapContinuousComponent,
} from "echarts/components";
import { init, use } from "echarts/core";
import { CanvasRenderer } from "echarts/renderers";
import { useEffect, useRef } from "react";
import { heightOf, LOOKS, optionOf } from "@/models/chart";
import type { Chart } from "@/models/report";

use([
  BarChart,
  BoxplotChart,
  HeatmapChart,
  LineChart,
  ScatterChart,
  GridComponent,
  TooltipComponent,
  LegendScrollComponent,
  DataZoomInsideComponent,
  VisualMapContinuousComponent,
  CanvasRenderer,
]);

export function ChartCanvas({ chart }: { chart: Chart }) {
  const host = useRef<HTMLDivElement>(null);
  const scheme = useComputedColorScheme("light");
  useEffect(() => {
    if (!host.current) return;
    const drawn = init(host.current);
    drawn.setOption(optionOf(chart, LOOKS[scheme]));
    const watch = new ResizeObserver(() => drawn.resize());
    watch.observe(host.current);
    return () => {
      watch.disconnect();
      drawn.dispose();
    };
  }, [chart, scheme]);
  return <div ref={host} role="img" aria-label={chart.title} style={{ height: heightOf(chart) }} />;
}
