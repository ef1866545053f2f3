import { Table, Text } from "@mantine/core";
import { useQuery } from "@tanstack/react-query";
import { MetricChart } from "@/components/usage/MetricChart";
import { stepMetrics } from "@/services/runs";
import { useStrings } from "@/strings";
import classes from "../RunPage.module.css";
import type { OfStep } from "../TaskTabs";

const DIGITS = { maximumSignificantDigits: 6 };

const SOON = 5_000;

/** What a step has measured: the last values, and how they came to that. */
export function Metrics({ workspace, run, step }: OfStep) {
  const t = useStrings();
  const found = Object.entries(step.metrics);
  const { data } = useQuery({
    ...stepMetrics(workspace, run.run, step.node, step.status),
    enabled: step.attempts > 0,
    refetchInterval: step.status === "running" ? SOON : false,
    retry: false,
  });
  const charts = data?.items.filter(({ count }) => count > 1) ?? [];
  if (!found.length && !charts.length)
    return (
      <Text size="sm" c="dimmed">
        {t("run.metrics.none")}
      </Text>
    );
  return (
    <>
      {found.length > 0 && <Last found={found} />}
      {charts.map((series) => (
        <MetricChart key={series.name} series={series} />
      ))}
    </>
  );
}

function Last({ found }: { found: [string, number][] }) {
  const t = useStrings();
  return (
    <Table fz="sm" verticalSpacing={4} maw={480}>
      <Table.Thead>
        <Table.Tr>
          <Table.Th>{t("run.metric")}</Table.Th>
          <Table.Th className={classes.number}>{t("run.value")}</Table.Th>
        </Table.Tr>
      </Table.Thead>
      <Table.Tbody>
        {found.map(([name, value]) => (
          <Table.Tr key={name}>
            <Table.Td>{name}</Table.Td>
            <Table.Td className={classes.number}>
              {value.toLocaleString(t.language, DIGITS)}
            </Table.Td>
          </Table.Tr>
        ))}
      </Table.Tbody>
    </Table>
  );
}
