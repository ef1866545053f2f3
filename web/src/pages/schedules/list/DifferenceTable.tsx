import { Table, Text } from "@mantine/core";
import { worded } from "@/models/worded";
import type { Deployment } from "@/services/schedules";
import { useStrings } from "@/strings";
import classes from "../schedules.module.css";

interface Props {
  before: string;
  after: string;
  differences: Deployment["differences"];
}

/** In what two versions differ, field by field. */
export function DifferenceTable({ before, after, differences }: Props) {
  const t = useStrings();
  return (
    <Table verticalSpacing={4} layout="fixed">
      <Table.Thead>
        <Table.Tr>
          <Table.Th w="34%">{t("schedules.differences.where")}</Table.Th>
          <Table.Th>{before}</Table.Th>
          <Table.Th>{after}</Table.Th>
        </Table.Tr>
      </Table.Thead>
      <Table.Tbody>
        {differences.map((each) => (
          <Table.Tr key={each.path}>
            <Table.Td>
              <Text span className={classes.code}>
                {each.path}
              </Text>
            </Table.Td>
            <Table.Td className={classes.removed}>{worded(each.before)}</Table.Td>
            <Table.Td className={classes.title}>{worded(each.after)}</Table.Td>
          </Table.Tr>
        ))}
      </Table.Tbody>
    </Table>
  );
}
