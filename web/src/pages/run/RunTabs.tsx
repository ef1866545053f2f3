import { Anchor, Text } from "@mantine/core";
import { type ReactNode, useMemo } from "react";
import { StatusMark } from "@/components/status/StatusMark";
import { commitsOf, parametersOf } from "@/models/origin";
import { counts, madeBy, type Run } from "@/models/runs";
import { useStrings } from "@/strings";
import classes from "./RunPage.module.css";

/** What is known of the run as a whole. */
export function RunTabs({ run, onShow }: { run: Run; onShow: (step: string) => void }) {
  const t = useStrings();
  const how = useMemo(() => Object.entries(counts(run.steps)), [run.steps]);
  const parameters = parametersOf(run.facts);
  const commits = commitsOf(run.facts);
  const metrics = run.steps.flatMap((step) =>
    Object.entries(step.metrics).map(([name, value]) => ({ step: step.node, name, value })),
  );
  return (
    <div className={classes.panel}>
      <div className={classes.line} style={{ marginBottom: 16 }}>
        {how.map(([status, count]) => (
          <span key={status} className={classes.fact}>
            <StatusMark status={status} /> {count}
          </span>
        ))}
      </div>
      {run.notes && (
        <Text size="sm" mb="md" style={{ whiteSpace: "pre-wrap" }}>
          {run.notes}
        </Text>
      )}
      <Pairs title={t("run.parameters")} pairs={parameters} />
      <Pairs
        title={t("run.metrics")}
        pairs={metrics
          .slice(0, 60)
          .map(({ step, name, value }) => [
            `${step} · ${name}`,
            value.toLocaleString(t.language, { maximumSignificantDigits: 6 }),
          ])}
      />
      <Pairs
        title={t("run.code-of")}
        pairs={commits.map(({ commit, isDirty, names }) => [
          `${commit.slice(0, 10)}${isDirty ? ` ${t("run.dirty")}` : ""}`,
          names.join(", "),
        ])}
      />
      <Pairs
        title={t("run.how")}
        pairs={[
          [t("run.engine"), String(run.facts.engine ?? "")],
          [t("run.parallel"), String(run.facts.parallel ?? "")],
          [t("run.priority"), String(run.priority)],
        ]}
      />
      <Pairs
        title={t("run.outputs")}
        pairs={madeBy(run).map(({ name, step, port }) => [
          name,
          <Anchor key={name} component="button" onClick={() => onShow(step)}>
            {`${step} · ${port}`}
          </Anchor>,
        ])}
      />
    </div>
  );
}

function Pairs({ title, pairs }: { title: string; pairs: [string, ReactNode][] }) {
  if (!pairs.length) return null;
  return (
    <section>
      <h2 className={classes.heading}>{title}</h2>
      <dl className={classes.pairs}>
        {pairs.map(([name, value]) => (
          <div key={name} style={{ display: "contents" }}>
            <dt>{name}</dt>
            <dd>{value}</dd>
          </div>
        ))}
      </dl>
    </section>
  );
}
