/** One instance: how it is, what it waits for and why, what it has done, and what may be done to it. */
import { Alert, Button, Table, Text, Title } from "@mantine/core";
import { notifications } from "@mantine/notifications";
import { useMutation, useQuery } from "@tanstack/react-query";
import { useParams } from "@tanstack/react-router";
import type { ReactNode } from "react";
import { PlaceLink } from "@/components/PlaceLink";
import { Failed, Loading } from "@/components/states";
import { StatusMark } from "@/components/status/StatusMark";
import { Time } from "@/components/Time";
import { clockOf, titleOf } from "@/models/schedules/instances";
import {
  type InstanceDetail,
  instance,
  type Kind,
  operate,
  type WaitedFor,
} from "@/services/instances";
import { useStrings } from "@/strings";
import { InstanceLog } from "./instance/InstanceLog";
import { MiniGraph } from "./instance/MiniGraph";
import { Values } from "./instance/Values";
import { InstanceMark } from "./instances/InstanceMark";
import { OperateBar } from "./instances/OperateBar";
import { needName, reasonText } from "./instances/reasons";
import { Mark } from "./Mark";
import classes from "./schedules.module.css";

export function InstancePage() {
  const { workspace, instance: id } = useParams({ from: "/w/$workspace/instances/$instance" });
  const query = useQuery(instance(workspace, id));
  if (query.isPending) return <Loading />;
  if (query.isError && !query.data)
    return <Failed error={query.error} reset={() => void query.refetch()} />;
  return query.data ? <Shown workspace={workspace} said={query.data} /> : null;
}

interface Props {
  workspace: string;
  said: InstanceDetail;
}

function Shown({ workspace, said }: Props) {
  return (
    <div className={classes.page}>
      <Head workspace={workspace} said={said} />
      <div className={classes.scroll}>
        <div className={classes.columns}>
          <div className={classes.part}>
            <Why said={said} />
            <WaitsFor workspace={workspace} said={said} />
            <Part title="instance.graph">
              <MiniGraph workspace={workspace} instance={said.id} />
            </Part>
            <Part title="instance.runs">
              <Runs workspace={workspace} said={said} />
            </Part>
          </div>
          <div className={classes.part}>
            <Part title="instance.values">
              <Values said={said} />
            </Part>
            <Part title="instance.log">
              <InstanceLog workspace={workspace} instance={said.id} />
            </Part>
          </div>
        </div>
      </div>
    </div>
  );
}

interface PartProps {
  title: "instance.graph" | "instance.runs" | "instance.values" | "instance.log" | "instance.waits";
  children: ReactNode;
}

function Part({ title, children }: PartProps) {
  const t = useStrings();
  return (
    <section className={classes.section}>
      <Title order={2} size="h6" mb={6}>
        {t(title)}
      </Title>
      {children}
    </section>
  );
}

function Head({ workspace, said }: Props) {
  const t = useStrings();
  const facts = [
    said.timezone,
    t(`instance.kind.${said.kind as Kind}`),
    t("instance.version", { version: said.version }),
    said.uses && said.uses !== said.version && t("instance.uses", { version: said.uses }),
    said.fold > 0 && t("instance.fold", { time: clockOf(said.cyctime) }),
  ].filter(Boolean);
  return (
    <header className={classes.top}>
      <nav className={classes.line} aria-label={t("instance.places")}>
        <PlaceLink
          to="/w/$workspace/schedules"
          params={{ workspace }}
          search={{ tab: "instances", text: said.schedule }}
          size="sm"
        >
          {t("instance.back")}
        </PlaceLink>
        <PlaceLink
          to="/w/$workspace/schedules/$schedule"
          params={{ workspace, schedule: said.schedule }}
          size="sm"
        >
          {said.schedule}
        </PlaceLink>
        {said.kind === "backfill" && (
          <PlaceLink
            to="/w/$workspace/backfills/$backfill"
            params={{ workspace, backfill: said.origin }}
            size="sm"
          >
            {t("instance.origin.backfill")}
          </PlaceLink>
        )}
      </nav>
      <div className={classes.line}>
        <InstanceMark {...said} />
        <Title order={1} size="h4">
          {titleOf(said)}
        </Title>
      </div>
      <Text size="sm" c="dimmed">
        {facts.join(" · ")}
      </Text>
      {said.cause && (
        <Text size="sm" c={said.status === "failed" ? "var(--status-failed)" : undefined}>
          {reasonText(said.cause, t)}
        </Text>
      )}
      <OperateBar
        refusals={said.actions}
        act={(wish) => operate(workspace, { ...wish, instances: [said.id] })}
      />
    </header>
  );
}

function Why({ said }: { said: InstanceDetail }) {
  const t = useStrings();
  if (!said.causes.length) return null;
  return (
    <Alert variant="light" mb="lg" title={t("instance.why")} py="xs">
      <ul className={classes.list}>
        {said.causes.map((cause) => (
          <li key={JSON.stringify(cause)}>{reasonText(cause, t)}</li>
        ))}
      </ul>
    </Alert>
  );
}

function WaitsFor({ workspace, said }: Props) {
  const t = useStrings();
  const removing = useMutation({
    mutationFn: (dependency: string) =>
      operate(workspace, { action: "unneed", dependency, instances: [said.id] }),
    onSuccess: ({ refused: [refused] }) =>
      refused && notifications.show({ color: "yellow", message: refused.reason }),
    onError: (error) => notifications.show({ color: "red", message: error.message }),
  });
  const files = said.files.map(
    ({ name, uri, is_removed }): WaitedFor => ({
      name,
      workspace: "",
      schedule: "",
      is_met: said.status !== "waiting",
      is_removed,
      why: "",
      cause: is_removed ? null : { code: "said", values: { text: uri } },
      instances: [],
    }),
  );
  const needs = [...said.waits_for, ...files];
  const isOpen = said.status === "waiting" && !said.actions.unneed;
  return (
    <Part title="instance.waits">
      {!needs.length && <Text size="sm">{t("instance.waits.none")}</Text>}
      {needs.length > 0 && (
        <Table verticalSpacing={4}>
          <Table.Tbody>
            {needs.map((need) => (
              <Table.Tr key={`${need.workspace} ${need.schedule} ${need.name}`}>
                <Table.Td w={110}>
                  <Met need={need} />
                </Table.Td>
                <Table.Td>
                  <NeedText workspace={workspace} need={need} />
                </Table.Td>
                <Table.Td ta="right">
                  {isOpen && !need.is_removed && (
                    <Button
                      size="compact-xs"
                      variant="default"
                      aria-label={t("instance.waits.remove", { name: need.name })}
                      loading={removing.isPending && removing.variables === need.name}
                      onClick={() => removing.mutate(need.name)}
                    >
                      {t("instance.waits.remove.do")}
                    </Button>
                  )}
                </Table.Td>
              </Table.Tr>
            ))}
          </Table.Tbody>
        </Table>
      )}
    </Part>
  );
}

function Met({ need }: { need: WaitedFor }) {
  const t = useStrings();
  const state = need.is_removed ? "removed" : need.is_met ? "met" : "open";
  const mark = { removed: "skipped", met: "succeeded", open: "queued" }[state];
  return (
    <Mark status={mark}>
      <Text span size="sm">
        {t(`instance.waits.${state}`)}
      </Text>
    </Mark>
  );
}

function NeedText({ workspace, need }: { workspace: string; need: WaitedFor }) {
  const t = useStrings();
  return (
    <>
      <Text size="sm" fw={600} className={need.is_removed ? classes.removed : classes.title}>
        {needName(need.name, t)}
      </Text>
      {need.cause && !need.is_removed && !need.instances.length && (
        <Text size="sm" c="dimmed" className={classes.title}>
          {reasonText(need.cause, t)}
        </Text>
      )}
      {need.instances.slice(0, 12).map((row) => (
        <div key={row.id} className={classes.line}>
          <InstanceMark {...row} />
          <PlaceLink
            to="/w/$workspace/instances/$instance"
            params={{ workspace: need.workspace || workspace, instance: row.id }}
            size="sm"
          >
            {titleOf(row)}
          </PlaceLink>
        </div>
      ))}
    </>
  );
}

function Runs({ workspace, said }: Props) {
  const t = useStrings();
  if (!said.runs.length) return <Text size="sm">{t("instance.runs.none")}</Text>;
  return (
    <Table verticalSpacing={4}>
      <Table.Tbody>
        {said.runs.map(({ run, version, asked, status }, at) => (
          <Table.Tr key={run}>
            <Table.Td>
              {status ? (
                <PlaceLink to="/w/$workspace/runs/$run" params={{ workspace, run }} size="sm">
                  {t("instance.run", { number: said.runs.length - at })}
                </PlaceLink>
              ) : (
                <Text size="sm">{t("instance.run", { number: said.runs.length - at })}</Text>
              )}
            </Table.Td>
            <Table.Td>{status ? <StatusMark status={status} /> : t("instance.run.gone")}</Table.Td>
            <Table.Td>{t("instance.version", { version })}</Table.Td>
            <Table.Td>
              <Time at={asked} />
            </Table.Td>
          </Table.Tr>
        ))}
      </Table.Tbody>
    </Table>
  );
}
