import { Badge, Button, Group, Stack, Table, Title } from "@mantine/core";
import { useInfiniteQuery, useQuery } from "@tanstack/react-query";
import { useState } from "react";
import { More } from "@/components/More";
import { Failed, Loading } from "@/components/states";
import { Time } from "@/components/Time";
import { useMay } from "@/services/access";
import { type ScheduleView, scheduleDiff, scheduleVersions } from "@/services/schedules";
import { useStrings } from "@/strings";
import classes from "../schedules.module.css";
import { DeployDialog } from "./DeployDialog";
import { DifferenceTable } from "./DifferenceTable";

/** All versions of a schedule: which is in force, in what others differ, and the way back. */
export function Versions({ workspace, said }: { workspace: string; said: ScheduleView }) {
  const t = useStrings();
  const may = useMay(workspace).write(said.creator);
  const query = useInfiniteQuery(scheduleVersions(workspace, said.name));
  const [deployed, deploy] = useState<string>();
  const [compared, compare] = useState<string>();
  if (query.isPending) return <Loading />;
  if (query.isError) return <Failed error={query.error} reset={() => void query.refetch()} />;
  const rows = query.data.pages.flatMap((page) => page.items);
  const current = said.in_force?.version;
  const place = (version: string) => rows.findIndex((row) => row.version === version);
  const isOlder = (version: string) => current !== undefined && place(version) > place(current);
  return (
    <Stack p="md" maw={1100}>
      <Table verticalSpacing={6}>
        <Table.Thead>
          <Table.Tr>
            <Table.Th>{t("schedules.column.version")}</Table.Th>
            <Table.Th>{t("schedules.version.registered")}</Table.Th>
            <Table.Th>{t("schedules.version.by")}</Table.Th>
            <Table.Th />
          </Table.Tr>
        </Table.Thead>
        <Table.Tbody>
          {rows.map(({ version, registered, author }) => (
            <Table.Tr key={version}>
              <Table.Td>
                <Group gap="xs">
                  {version}
                  {version === current && (
                    <Badge variant="light" tt="none">
                      {t("schedules.version.current")}
                    </Badge>
                  )}
                </Group>
              </Table.Td>
              <Table.Td>
                <Time at={registered} />
              </Table.Td>
              <Table.Td>{author}</Table.Td>
              <Table.Td>
                <RowButtons
                  {...{ version, current, may, deploy, compare }}
                  isOlder={isOlder(version)}
                />
              </Table.Td>
            </Table.Tr>
          ))}
        </Table.Tbody>
      </Table>
      <More query={query} />
      {compared && current && (
        <Differences workspace={workspace} name={said.name} before={current} after={compared} />
      )}
      {deployed && (
        <DeployDialog
          workspace={workspace}
          name={said.name}
          version={deployed}
          onClose={() => deploy(undefined)}
        />
      )}
    </Stack>
  );
}

interface ButtonsProps {
  version: string;
  /** The version that is in force, if any is. */
  current: string | undefined;
  may: boolean;
  isOlder: boolean;
  deploy: (version: string) => void;
  compare: (version: string) => void;
}

function RowButtons({ version, current, may, isOlder, deploy, compare }: ButtonsProps) {
  const t = useStrings();
  return (
    <Group gap="xs" justify="flex-end">
      {current && version !== current && (
        <Button size="compact-sm" variant="subtle" onClick={() => compare(version)}>
          {t("schedules.version.compare")}
        </Button>
      )}
      {may && version !== current && (
        <Button size="compact-sm" variant="default" onClick={() => deploy(version)}>
          {t(isOlder ? "schedules.deploy.back" : "schedules.deploy.newer", {
            version,
          })}
        </Button>
      )}
    </Group>
  );
}

interface DifferencesProps {
  workspace: string;
  name: string;
  before: string;
  after: string;
}

function Differences({ workspace, name, before, after }: DifferencesProps) {
  const t = useStrings();
  const query = useQuery(scheduleDiff(workspace, name, before, after));
  if (query.isPending) return <Loading />;
  if (query.isError) return <Failed error={query.error} />;
  const { differences } = query.data;
  return (
    <section className={classes.part}>
      <Title order={2} size="h5" mb="xs">
        {t("schedules.differences", { before, after })}
      </Title>
      {differences.length ? (
        <DifferenceTable before={before} after={after} differences={differences} />
      ) : (
        t("schedules.differences.none")
      )}
    </section>
  );
}
