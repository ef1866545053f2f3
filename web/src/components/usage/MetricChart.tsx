import { lineOf, type Series } from "@/models/metrics";
import { useStrings } from "@/strings";
import classes from "./UsageChart.module.css";

const WIDTH = 640;
const HEIGHT = 120;
const DIGITS = { maximumSignificantDigits: 5 };

/** How a metric went, value by value. */
export function MetricChart({ series }: { series: Series }) {
  const t = useStrings();
  const { points, low, high, last } = lineOf(series, WIDTH, HEIGHT);
  const written = (value: number) => value.toLocaleString(t.language, DIGITS);
  const said = t("run.metric.last", { value: written(last) });
  return (
    <figure className={classes.chart}>
      <figcaption>
        <strong>{series.name}</strong>
        <span>{said}</span>
      </figcaption>
      <div className={classes.plot}>
        <span className={classes.top}>{written(high)}</span>
        <svg
          viewBox={`0 0 ${WIDTH} ${HEIGHT}`}
          preserveAspectRatio="none"
          role="img"
          aria-label={`${series.name}: ${written(low)} – ${written(high)}, ${said}`}
        >
          <path
            className={classes.grid}
            d={`M0 0H${WIDTH}M0 ${HEIGHT / 2}H${WIDTH}M0 ${HEIGHT}H${WIDTH}`}
          />
          <polyline className={classes.line} points={points} />
        </svg>
      </div>
      <div className={classes.axis}>
        <span>{written(low)}</span>
        <span>{t.count("run.metric.values", series.count)}</span>
      </div>
    </figure>
  );
}
