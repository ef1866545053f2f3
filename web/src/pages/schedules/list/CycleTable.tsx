import { Table, Text } from "@mantine/core";
import type { CycleView } from "@/services/schedules";
import { useStrings } from "@/strings";
import classes from "../schedules.module.css";
import { CycleTime } from "./NextTimes";

/** Cycles to come, with what the scheduling parameters will be in each. */
export function CycleTable({ cycles }: { cycles: CycleView[] }) {
  const t = useStrings();
  const names = Object.keys(cycles[0]?.values ?? {});
  return (
    // biome-ignore lint/a11y/noNoninteractiveTabindex: it is scrolled by the keyboard
    <section className={classes.cycles} tabIndex={0} aria-label={t("schedules.next")}>
      <Table verticalSpacing={4} fz="xs">
        <Table.Thead>
          <Table.Tr>
            <Table.Th>{t("schedules.next.time")}</Table.Th>
            <Table.Th>{t("schedules.next.business")}</Table.Th>
            {names.map((name) => (
              <Table.Th key={name} className={classes.number}>
                {name}
              </Table.Th>
            ))}
          </Table.Tr>
        </Table.Thead>
        <Table.Tbody>
          {cycles.map((cycle) => (
            <Table.Tr key={`${cycle.instant} ${cycle.fold}`}>
              <Table.Td className={classes.number}>
                <CycleTime cycle={cycle} />
              </Table.Td>
              <Table.Td className={classes.number}>{cycle.bizdate}</Table.Td>
              {names.map((name) => (
                <Table.Td key={name} className={classes.number}>
                  <Text span className={classes.code}>
                    {cycle.values[name]}
                  </Text>
                </Table.Td>
              ))}
            </Table.Tr>
          ))}
        </Table.Tbody>
      </Table>
    </section>
  );
}
