import { Table, Text } from "@mantine/core";
import { useStrings } from "@/strings";
import classes from "../RunPage.module.css";
import type { OfStep } from "../TaskTabs";

const DIGITS = { maximumSignificantDigits: 6 };

/** What a step has measured. */
export function Metrics({ step }: OfStep) {
  const t = useStrings();
  const found = Object.entries(step.metrics);
  if (!found.length)
    return (
      <Text size="sm" c="dimmed">
        {t("run.metrics.none")}
      </Text>
    );
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
