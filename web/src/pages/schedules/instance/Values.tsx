import { Alert, Table, Text } from "@mantine/core";
import { worded } from "@/models/worded";
import type { InstanceDetail } from "@/services/instances";
import { useStrings } from "@/strings";
import classes from "../schedules.module.css";

/** What the expressions of an instance come to. */
export function Values({ said }: { said: InstanceDetail }) {
  const t = useStrings();
  const parts = [
    ["dates", said.values.scheduling_parameters],
    ["parameters", said.values.parameters],
    ["inputs", said.values.inputs],
  ] as const;
  const filled = parts.filter(([, values]) => Object.keys(values).length > 0);
  return (
    <>
      {said.faults.map((fault) => (
        <Alert key={fault} color="red" mb="xs">
          {fault}
        </Alert>
      ))}
      {!filled.length && <Text size="sm">{t("instance.values.none")}</Text>}
      {filled.map(([part, values]) => (
        <Table key={part} verticalSpacing={3} mb="sm">
          <Table.Thead>
            <Table.Tr>
              <Table.Th w="45%">{t(`instance.values.${part}`)}</Table.Th>
              <Table.Th>{t("instance.values.value")}</Table.Th>
            </Table.Tr>
          </Table.Thead>
          <Table.Tbody>
            {Object.entries(values).map(([name, value]) => (
              <Table.Tr key={name}>
                <Table.Td className={classes.title}>{name}</Table.Td>
                <Table.Td className={classes.code}>{worded(value)}</Table.Td>
              </Table.Tr>
            ))}
          </Table.Tbody>
        </Table>
      ))}
    </>
  );
}
