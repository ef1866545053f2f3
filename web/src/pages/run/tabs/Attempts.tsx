import { Button, Table, Text } from "@mantine/core";
import { useState } from "react";
import { LogView } from "@/components/logs/LogView";
import { StatusMark } from "@/components/status/StatusMark";
import { moment } from "@/models/ago";
import { durationOf } from "@/models/duration";
import type { Attempt, Replica } from "@/models/runs";
import { useStrings } from "@/strings";
import classes from "../RunPage.module.css";
import type { OfStep } from "../TaskTabs";

/** The attempts at a step, the last first, each with its replicas and their starts. */
export function Attempts({ workspace, run, step }: OfStep) {
  const t = useStrings();
  const [log, setLog] = useState("");
  const tries = [...(step.tries ?? [])].reverse();
  if (!tries.length)
    return (
      <Text size="sm" c="dimmed">
        {t(step.status === "succeeded" ? "run.attempts.reused" : "run.attempts.none")}
      </Text>
    );
  return (
    <>
      {tries.map((attempt) => (
        <section key={attempt.attempt}>
          <Head attempt={attempt} />
          {attempt.replicas && <Replicas replicas={attempt.replicas} />}
          {!attempt.replicas && (
            <Button
              size="compact-xs"
              variant="default"
              my={6}
              aria-expanded={log === attempt.attempt}
              onClick={() => setLog((now) => (now === attempt.attempt ? "" : attempt.attempt))}
            >
              {t("run.attempts.log")}
            </Button>
          )}
          {log === attempt.attempt && (
            <div style={{ height: 320, marginBottom: 12 }}>
              <LogView
                workspace={workspace}
                run={run.run}
                step={step.node}
                process={attempt.attempt}
              />
            </div>
          )}
        </section>
      ))}
    </>
  );
}

function Head({ attempt }: { attempt: Attempt }) {
  const t = useStrings();
  const { launched, ended, code, reason, usage } = attempt;
  const host = typeof usage.host === "string" ? usage.host : "";
  return (
    <>
      <div className={classes.line}>
        <strong>{t("run.attempt", { number: attempt.number })}</strong>
        <StatusMark status={attempt.status} />
        <Text size="sm" c="dimmed">
          {launched !== null && moment(launched, t.language)}
          {launched !== null && ended !== null && ` · ${durationOf(ended - launched)}`}
          {code !== null && ` · ${t("run.code", { code })}`}
          {host && ` · ${host}`}
        </Text>
      </div>
      {reason && reason !== `exit code ${code}` && <Text size="sm">{reason}</Text>}
    </>
  );
}

function Replicas({ replicas }: { replicas: Replica[] }) {
  const t = useStrings();
  return (
    <Table my="xs" verticalSpacing={4} fz="sm" className={classes.table}>
      <Table.Thead>
        <Table.Tr>
          <Table.Th>{t("run.replica")}</Table.Th>
          <Table.Th>{t("run.start")}</Table.Th>
          <Table.Th>{t("run.status")}</Table.Th>
          <Table.Th className={classes.number}>{t("run.duration")}</Table.Th>
          <Table.Th className={classes.number}>{t("run.exit")}</Table.Th>
          <Table.Th>{t("run.host")}</Table.Th>
          <Table.Th>{t("run.reason")}</Table.Th>
        </Table.Tr>
      </Table.Thead>
      <Table.Tbody>
        {replicas.map((each) => (
          <Table.Tr key={`${each.replica} ${each.start}`}>
            <Table.Td>{each.replica}</Table.Td>
            <Table.Td>{each.start}</Table.Td>
            <Table.Td>
              <StatusMark status={each.status} />
            </Table.Td>
            <Table.Td className={classes.number}>
              {each.seconds === null ? "" : durationOf(each.seconds)}
            </Table.Td>
            <Table.Td className={classes.number}>{each.code}</Table.Td>
            <Table.Td>{typeof each.usage.host === "string" ? each.usage.host : ""}</Table.Td>
            <Table.Td>{each.reason}</Table.Td>
          </Table.Tr>
        ))}
      </Table.Tbody>
    </Table>
  );
}
