import { Button, Text } from "@mantine/core";
import { useState } from "react";
import { kindOf } from "@/models/fields";
import { type Preview, rounded, type Statistics, shortCell, sparkline } from "@/models/statistics";
import { useStrings } from "@/strings";
import classes from "./Preview.module.css";

const MOST_COLUMNS = 50;
const [WIDTH, HEIGHT] = [72, 18];

/** The first rows of a table below what is known of each column. */
export function TablePreview({ preview }: { preview: Preview }) {
  const t = useStrings();
  const [isAll, setAll] = useState(false);
  const columns = isAll ? preview.columns : preview.columns.slice(0, MOST_COLUMNS);
  const more = preview.columns.length - columns.length;
  const isNumber = columns.map((name) => kindOf(preview.types[name] ?? "") === "number");
  return (
    // biome-ignore lint/a11y/noNoninteractiveTabindex: what scrolls is reached by the keyboard too
    <section className={classes.scroll} tabIndex={0} aria-label={t("preview.table")}>
      <table className={classes.table}>
        <thead>
          <tr>
            <th className={classes.number} aria-label={t("preview.row")} />
            {columns.map((name) => (
              <th key={name}>
                <div className={classes.name}>{name}</div>
                <div className={classes.type}>{preview.types[name]}</div>
                <ColumnStatistics
                  statistics={preview.statistics[name]}
                  rows={preview.rows.length}
                />
              </th>
            ))}
            {more > 0 && (
              <th>
                <Button size="compact-xs" variant="default" onClick={() => setAll(true)}>
                  {t("preview.columns.more", { count: more })}
                </Button>
              </th>
            )}
          </tr>
        </thead>
        <tbody>
          {preview.rows.map((row, at) => (
            // biome-ignore lint/suspicious/noArrayIndexKey: rows have no other name
            <tr key={at}>
              <td className={classes.number}>{at + 1}</td>
              {columns.map((name, column) => (
                <td key={name} data-number={isNumber[column] || undefined} title={row[column]}>
                  {row[column] === "" ? <span className={classes.empty}>∅</span> : row[column]}
                </td>
              ))}
            </tr>
          ))}
        </tbody>
      </table>
      {!preview.rows.length && (
        <Text size="sm" c="dimmed" p="sm">
          {t("preview.empty")}
        </Text>
      )}
    </section>
  );
}

function ColumnStatistics({
  statistics,
  rows,
}: {
  statistics: Statistics | undefined;
  rows: number;
}) {
  const t = useStrings();
  if (!statistics || !rows) return null;
  const { missing, distinct, minimum, maximum, mean, histogram } = statistics;
  const path = sparkline(histogram, WIDTH, HEIGHT);
  const about = [
    mean !== null && t("preview.mean", { value: rounded(mean, t.language) }),
    t.count("preview.distinct", distinct),
    missing > 0 && t("preview.missing", { percent: Math.round((100 * missing) / rows) }),
  ].filter(Boolean);
  const ends = [minimum, maximum].map((end) => shortCell(end, t.language));
  return (
    <div className={classes.statistics} title={t("preview.statistics")}>
      <div className={classes.spark}>
        {path && (
          <svg viewBox={`0 0 ${WIDTH} ${HEIGHT}`} width={WIDTH} height={HEIGHT} aria-hidden="true">
            <path d={path} fill="currentColor" />
          </svg>
        )}
      </div>
      {minimum !== null && <div>{ends.join(" – ")}</div>}
      <div>{about.join(" · ")}</div>
    </div>
  );
}
