import { durationOf } from "@/models/duration";
import { type Point, roundUp, thinned } from "@/models/usage";
import classes from "./UsageChart.module.css";

interface Chart {
  label: string;
  points: Point[];
  /** How a value is written. */
  written: (value: number) => string;
}

const WIDTH = 640;
const HEIGHT = 120;
const MOST = 320;

/** One line over time, small enough to stand beside others. */
export function UsageChart({ label, points, written }: Chart) {
  const shown = thinned(points, MOST);
  const end = Math.max(1e-9, points.at(-1)?.at ?? 0);
  const peak = points.reduce((most, point) => Math.max(most, point.value), 0);
  const top = roundUp(peak);
  const place = ({ at, value }: Point) =>
    `${((at / end) * WIDTH).toFixed(1)},${(HEIGHT - (value / top) * HEIGHT).toFixed(1)}`;
  const line = shown.map(place).join(" ");
  const first = ((shown[0]?.at ?? 0) / end) * WIDTH;
  return (
    <figure className={classes.chart}>
      <figcaption>
        <strong>{label}</strong>
        <span>{written(peak)}</span>
      </figcaption>
      <div className={classes.plot}>
        <span className={classes.top}>{written(top)}</span>
        <svg
          viewBox={`0 0 ${WIDTH} ${HEIGHT}`}
          preserveAspectRatio="none"
          role="img"
          aria-label={`${label}: ${written(peak)}`}
        >
          <path
            className={classes.grid}
            d={`M0 0H${WIDTH}M0 ${HEIGHT / 2}H${WIDTH}M0 ${HEIGHT}H${WIDTH}`}
          />
          <polygon
            className={classes.area}
            points={`${first},${HEIGHT} ${line} ${WIDTH},${HEIGHT}`}
          />
          <polyline className={classes.line} points={line} />
        </svg>
      </div>
      <div className={classes.axis}>
        <span>0 s</span>
        <span>{durationOf(end)}</span>
      </div>
    </figure>
  );
}
