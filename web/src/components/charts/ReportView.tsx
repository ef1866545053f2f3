import { Text, Title } from "@mantine/core";
import { lazy, Suspense } from "react";
import { Loading } from "@/components/states";
import { heightOf } from "@/models/chart";
import { isChart, type Report, type Section, type Words } from "@/models/report";
import classes from "./ReportView.module.css";

const ChartCanvas = lazy(() =>
  import("./ChartCanvas").then(({ ChartCanvas }) => ({ default: ChartCanvas })),
);

/** A report's sections: charts, figures, tables and words. */
export function ReportView({ report }: { report: Report }) {
  return (
    <div className={classes.report}>
      {report.title && (
        <Title order={3} size="h5" className={classes.whole}>
          {report.title}
        </Title>
      )}
      {report.sections.map((section, at) => (
        <section
          // biome-ignore lint/suspicious/noArrayIndexKey: a report does not change, titles repeat
          key={at}
          className={`${classes.section} ${section.kind === "metrics" ? classes.whole : ""}`}
          aria-label={section.title}
        >
          {section.title && <h4 className={classes.title}>{section.title}</h4>}
          <Body section={section} />
          {section.note && (
            <Text size="xs" c="dimmed" mt={4}>
              {section.note}
            </Text>
          )}
        </section>
      ))}
    </div>
  );
}

function Body({ section }: { section: Section }) {
  if (!isChart(section)) return <WordsView section={section} />;
  return (
    <Suspense
      fallback={
        <div style={{ height: heightOf(section) }}>
          <Loading />
        </div>
      }
    >
      <ChartCanvas chart={section} />
    </Suspense>
  );
}

function WordsView({ section }: { section: Words }) {
  if (section.kind === "metrics")
    return (
      <dl className={classes.metrics}>
        {Object.entries(section.values).map(([name, value]) => (
          <div key={name}>
            <dt>{name}</dt>
            <dd>{figure(value)}</dd>
          </div>
        ))}
      </dl>
    );
  if (section.kind === "text")
    return (
      <>
        {section.text.split(/\n{2,}/).map((paragraph) => (
          <Text key={paragraph} size="sm" mb={6}>
            {paragraph}
          </Text>
        ))}
      </>
    );
  return (
    <div className={classes.scroll}>
      <table className={classes.table}>
        <thead>
          <tr>
            {section.columns.map((column) => (
              <th key={column}>{column}</th>
            ))}
          </tr>
        </thead>
        <tbody>
          {section.rows.map((row, at) => (
            // biome-ignore lint/suspicious/noArrayIndexKey: rows have no other name
            <tr key={at}>
              {row.map((cell, column) => (
                // biome-ignore lint/suspicious/noArrayIndexKey: nor have cells
                <td key={column} data-number={typeof cell === "number" || undefined}>
                  {figure(cell)}
                </td>
              ))}
            </tr>
          ))}
        </tbody>
      </table>
    </div>
  );
}

/** A number with as many places as are read; the rest of it is noise to people. */
function figure(value: unknown): string {
  if (value === null || value === undefined) return "–";
  if (typeof value !== "number" || Number.isInteger(value)) return String(value);
  return String(Number(value.toPrecision(5)));
}
