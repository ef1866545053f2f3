import { Table, Text } from "@mantine/core";
import { PlaceLink } from "@/components/PlaceLink";
import { moment } from "@/models/ago";
import { clockOf } from "@/models/schedules/instances";
import type { Instance } from "@/services/instances";
import { useStrings } from "@/strings";
import classes from "../schedules.module.css";
import { InstanceMark } from "./InstanceMark";
import { reasonText } from "./reasons";

interface Props {
  workspace: string;
  rows: Instance[];
  /** Whether they are of more than one schedule. */
  isMixed?: boolean;
}

/** Instances one below the other; each leads to its page. */
export function InstanceList({ workspace, rows, isMixed }: Props) {
  const t = useStrings();
  return (
    <Table verticalSpacing={4}>
      <Table.Thead>
        <Table.Tr>
          {isMixed && <Table.Th>{t("instance.schedule")}</Table.Th>}
          <Table.Th w={170}>{t("schedules.next.business")}</Table.Th>
          <Table.Th w={165}>{t("instances.status")}</Table.Th>
          <Table.Th>{t("instances.reason")}</Table.Th>
          <Table.Th w={190}>{t("instances.ended")}</Table.Th>
        </Table.Tr>
      </Table.Thead>
      <Table.Tbody>
        {rows.map((row) => (
          <Table.Tr key={row.id}>
            {isMixed && <Table.Td>{row.schedule}</Table.Td>}
            <Table.Td className={classes.number}>
              <PlaceLink
                to="/w/$workspace/instances/$instance"
                params={{ workspace, instance: row.id }}
                size="sm"
                fw={600}
              >
                {row.bizdate} · {clockOf(row.cyctime)}
              </PlaceLink>
            </Table.Td>
            <Table.Td>
              <InstanceMark {...row} />
            </Table.Td>
            <Table.Td>
              <Text size="sm" c="dimmed" lineClamp={4}>
                {row.cause && reasonText(row.cause, t)}
              </Text>
            </Table.Td>
            <Table.Td className={classes.number}>
              {row.ended ? moment(row.ended, t.language) : ""}
            </Table.Td>
          </Table.Tr>
        ))}
      </Table.Tbody>
    </Table>
  );
}
