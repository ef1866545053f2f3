import { Badge, Table, Text } from "@mantine/core";
import { PlaceLink } from "@/components/PlaceLink";
import { StatusMark } from "@/components/status/StatusMark";
import { durationOf } from "@/models/duration";
import { tableOf } from "@/models/trials";
import { useStrings } from "@/strings";
import classes from "../RunPage.module.css";
import type { OfStep } from "../TaskTabs";

const DIGITS = { maximumSignificantDigits: 6 };

/** What a sweep tried and measured; the best trial is marked, and each leads to its run. */
export function Trials({ workspace, step }: OfStep) {
  const t = useStrings();
  if (!step.sweep?.trials.length)
    return (
      <Text size="sm" c="dimmed">
        {t("run.trials.none")}
      </Text>
    );
  const { metric, goal } = step.sweep;
  const { parameters, metrics, trials, best } = tableOf(step.sweep);
  return (
    <>
      <Text size="sm" mb="xs">
        {t(goal === "maximize" ? "run.trials.maximize" : "run.trials.minimize", { metric })}
      </Text>
      <Table fz="sm" verticalSpacing={4} stickyHeader>
        <Table.Thead>
          <Table.Tr>
            <Table.Th>{t("run.trial")}</Table.Th>
            <Table.Th>{t("run.status")}</Table.Th>
            {parameters.map((name) => (
              <Table.Th key={name}>{name}</Table.Th>
            ))}
            {metrics.map((name) => (
              <Table.Th key={name} className={classes.number}>
                {name}
              </Table.Th>
            ))}
            <Table.Th className={classes.number}>{t("run.duration")}</Table.Th>
          </Table.Tr>
        </Table.Thead>
        <Table.Tbody>
          {trials.map((trial) => (
            <Table.Tr key={trial.run} fw={trial.trial === best ? 600 : undefined}>
              <Table.Td>
                <PlaceLink
                  to="/w/$workspace/runs/$run"
                  params={{ workspace, run: trial.run }}
                  size="sm"
                >
                  {t("run.trial.number", { number: trial.trial })}
                </PlaceLink>
                {trial.trial === best && (
                  <Badge ml="xs" size="sm" variant="light" tt="none">
                    {t("run.trial.best")}
                  </Badge>
                )}
              </Table.Td>
              <Table.Td>
                <StatusMark status={trial.status === "stopped" ? "cancelled" : trial.status} />
              </Table.Td>
              {parameters.map((name) => (
                <Table.Td key={name}>{trial.values[name]}</Table.Td>
              ))}
              {metrics.map((name) => (
                <Table.Td key={name} className={classes.number}>
                  {trial.metrics[name]?.toLocaleString(t.language, DIGITS)}
                </Table.Td>
              ))}
              <Table.Td className={classes.number}>{durationOf(trial.seconds)}</Table.Td>
            </Table.Tr>
          ))}
        </Table.Tbody>
      </Table>
    </>
  );
}
