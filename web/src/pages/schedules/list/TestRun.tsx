import { Alert, Button, Group, Select, Stack, Table, Text, TextInput, Title } from "@mantine/core";
import { useInfiniteQuery, useMutation, useQuery } from "@tanstack/react-query";
import { useNavigate, useSearch } from "@tanstack/react-router";
import { useState } from "react";
import { Failed, Loading } from "@/components/states";
import { isDate, moved, today } from "@/models/schedules/dates";
import { onceADay } from "@/models/schedules/recurrence";
import { readSchedule, writeSchedule } from "@/models/schedules/text";
import { instancesOf } from "@/services/instances";
import { pipelineSaid } from "@/services/pipelines";
import {
  type ScheduleView,
  schedule,
  schedulePreview,
  scheduleVersion,
  scheduleVersions,
  testSchedule,
} from "@/services/schedules";
import { useStrings } from "@/strings";
import { InstanceList } from "../instances/InstanceList";
import classes from "../schedules.module.css";
import { PickSchedule } from "./PickSchedule";

/** Runs a schedule once for a business date, and shows first what its expressions come to. */
export function TestRun({ workspace }: { workspace: string }) {
  const t = useStrings();
  const { schedule: name = "" } = useSearch({ from: "/w/$workspace/schedules" });
  const navigate = useNavigate();
  return (
    <div className={classes.scroll}>
      <Stack className={classes.inside} pt="md" maw={900}>
        <Text size="sm">{t("test.about")}</Text>
        <PickSchedule
          workspace={workspace}
          label={t("test.schedule")}
          width={320}
          value={name}
          onChange={(schedule) =>
            void navigate({
              to: ".",
              search: { tab: "test", ...(schedule && { schedule }) },
              replace: true,
            })
          }
        />
        {name && <OfSchedule key={name} workspace={workspace} name={name} />}
      </Stack>
    </div>
  );
}

function OfSchedule({ workspace, name }: { workspace: string; name: string }) {
  const t = useStrings();
  const query = useQuery(schedule(workspace, name));
  if (query.isPending) return <Loading />;
  if (query.isError) return <Failed error={query.error} reset={() => void query.refetch()} />;
  if (!query.data.in_force) return <Alert variant="default">{t("test.undeployed")}</Alert>;
  return (
    <>
      <Wish workspace={workspace} said={query.data} current={query.data.in_force.version} />
      <Recent workspace={workspace} name={name} />
    </>
  );
}

interface WishProps {
  workspace: string;
  said: ScheduleView;
  current: string;
}

function Wish({ workspace, said, current }: WishProps) {
  const t = useStrings();
  const navigate = useNavigate();
  const [bizdate, setBizdate] = useState(() => moved(today(), -1));
  const [at, setAt] = useState("");
  const [version, setVersion] = useState("");
  const versions = useInfiniteQuery(scheduleVersions(workspace, said.name));
  const starting = useMutation({
    mutationFn: () => testSchedule(workspace, said.name, { bizdate, at, version }),
    onSuccess: (instance) =>
      navigate({ to: "/w/$workspace/instances/$instance", params: { workspace, instance } }),
  });
  const others = versions.data?.pages.flatMap((page) => page.items.map((row) => row.version)) ?? [];
  return (
    <form
      onSubmit={(event) => {
        event.preventDefault();
        starting.mutate();
      }}
    >
      <Stack>
        <Group align="flex-start">
          <TextInput
            type="date"
            size="xs"
            w={170}
            label={t("test.bizdate")}
            value={bizdate}
            onChange={(event) => setBizdate(event.currentTarget.value)}
          />
          <TextInput
            type="time"
            size="xs"
            w={190}
            label={t("test.at")}
            inputWrapperOrder={["label", "input", "description"]}
            description={t("test.at.about")}
            value={at}
            onChange={(event) => setAt(event.currentTarget.value)}
          />
          <Select
            size="xs"
            w={220}
            label={t("test.version")}
            allowDeselect={false}
            data={[
              { value: "", label: t("test.version.current", { version: current }) },
              ...others.filter((each) => each !== current),
            ]}
            value={version}
            onChange={(chosen) => setVersion(chosen ?? "")}
          />
        </Group>
        <Values {...{ workspace, said, bizdate, at }} version={version || current} />
        {starting.error && (
          <Alert color="red" role="alert">
            {starting.error.message}
          </Alert>
        )}
        <Group>
          <Button type="submit" disabled={!isDate(bizdate)} loading={starting.isPending}>
            {t("test.start")}
          </Button>
        </Group>
      </Stack>
    </form>
  );
}

interface ValuesProps extends Pick<WishProps, "workspace" | "said"> {
  version: string;
  bizdate: string;
  at: string;
}

/** Each scheduling parameter, its expression, and what that is on the business date. */
function Values({ workspace, said, version, bizdate, at }: ValuesProps) {
  const t = useStrings();
  const shown = useQuery(scheduleVersion(workspace, said.name, version));
  const file = String(shown.data?.document.text ?? "");
  const { fields } = readSchedule(file);
  const text = fields ? writeSchedule(onceADay(fields, at), file) : "";
  const preview = useQuery({
    ...schedulePreview(workspace, text, 1, bizdate),
    enabled: Boolean(text) && isDate(bizdate),
  });
  const [cycle] = preview.data?.cycles ?? [];
  const isThatDay = cycle?.bizdate === bizdate;
  const values = Object.entries(cycle?.values ?? {});
  const [pipeline = "", pinned = ""] = (shown.data?.pipeline ?? "").split("@");
  const runs = useQuery(pipelineSaid(workspace, pipeline, pinned));
  const own = (shown.data?.schedule.scheduling_parameters ?? {}) as Record<string, string>;
  const theirs = (runs.data?.definition.scheduling_parameters ?? {}) as Record<string, string>;
  const expressions = { ...theirs, ...own };
  if (preview.error) return <Alert color="red">{preview.error.message}</Alert>;
  if (!cycle) return null;
  return (
    <section>
      <Title order={2} size="h6" mb={4}>
        {t("test.values")}
      </Title>
      {!isThatDay && (
        <Text size="xs" c="dimmed">
          {t("test.values.next", { date: cycle.bizdate })}
        </Text>
      )}
      {!values.length && <Text size="sm">{t("test.values.none")}</Text>}
      {values.length > 0 && (
        <Table verticalSpacing={4}>
          <Table.Thead>
            <Table.Tr>
              <Table.Th>{t("instance.values.dates")}</Table.Th>
              <Table.Th>{t("test.expression")}</Table.Th>
              <Table.Th>{t("instance.values.value")}</Table.Th>
            </Table.Tr>
          </Table.Thead>
          <Table.Tbody>
            {values.map(([name, value]) => (
              <Table.Tr key={name}>
                <Table.Td>{name}</Table.Td>
                <Table.Td className={classes.code}>{expressions[name]}</Table.Td>
                <Table.Td className={classes.code}>{value}</Table.Td>
              </Table.Tr>
            ))}
          </Table.Tbody>
        </Table>
      )}
    </section>
  );
}

function Recent({ workspace, name }: { workspace: string; name: string }) {
  const t = useStrings();
  const query = useInfiniteQuery(instancesOf(workspace, { schedule: name, kind: "test" }));
  const rows = query.data?.pages.flatMap((page) => page.items) ?? [];
  return (
    <section>
      <Title order={2} size="h6" mb={4}>
        {t("test.recent", { name })}
      </Title>
      {rows.length ? (
        <InstanceList workspace={workspace} rows={rows} />
      ) : (
        <Text size="sm">{t("test.recent.none")}</Text>
      )}
    </section>
  );
}
