import { ActionIcon, Alert, Code, CopyButton, Select, Table, Text, TextInput } from "@mantine/core";
import { useQuery } from "@tanstack/react-query";
import { useState } from "react";
import { CopyIcon } from "@/components/icons";
import { Loading } from "@/components/states";
import { lineOf, type Command as Started, scriptOf, variablesOf } from "@/models/command";
import { stepCommand } from "@/services/runs";
import { useStrings } from "@/strings";
import classes from "../RunPage.module.css";
import type { OfStep } from "../TaskTabs";

/** What each attempt at a step was started with: its words, and its variables. */
export function Command({ workspace, run, step }: OfStep) {
  const t = useStrings();
  const tries = step.tries ?? [];
  const [chosen, setChosen] = useState("");
  const [replica, setReplica] = useState("");
  const attempt = chosen || (tries.at(-1)?.attempt ?? "");
  const { data, error } = useQuery({
    ...stepCommand(workspace, run.run, step.node, attempt, replica),
    enabled: attempt !== "",
  });
  if (!tries.length)
    return (
      <Text size="sm" c="dimmed">
        {t(step.status === "succeeded" ? "run.attempts.reused" : "run.attempts.none")}
      </Text>
    );
  return (
    <>
      <div className={classes.line}>
        {tries.length > 1 && (
          <Select
            size="xs"
            w={180}
            aria-label={t("run.tab.attempts")}
            data={tries.map((each) => ({
              value: each.attempt,
              label: t("run.attempt", { number: each.number }),
            }))}
            value={attempt}
            allowDeselect={false}
            onChange={(name) => name && setChosen(name)}
          />
        )}
        {data && data.replicas.length > 1 && (
          <Select
            size="xs"
            w={180}
            aria-label={t("log.replica")}
            data={data.replicas}
            value={data.replica}
            allowDeselect={false}
            searchable={data.replicas.length > 8}
            onChange={(name) => name && setReplica(name)}
          />
        )}
      </div>
      {error && (
        <Alert color="gray" title={t("run.command.gone")}>
          {error.message}
        </Alert>
      )}
      {data && <Words command={data} />}
      {data && <Variables command={data} />}
      {!data && !error && <Loading />}
    </>
  );
}

function Words({ command }: { command: Started }) {
  const t = useStrings();
  const { script, given } = scriptOf(command.argv);
  return (
    <section>
      <div className={classes.line}>
        <h3 className={classes.heading}>{t("run.command")}</h3>
        <CopyButton value={lineOf(command.argv)}>
          {({ copied, copy }) => (
            <ActionIcon
              size="sm"
              variant="subtle"
              color="gray"
              aria-label={t(copied ? "shell.copied" : "run.command.copy")}
              title={t(copied ? "shell.copied" : "run.command.copy")}
              onClick={copy}
            >
              <CopyIcon />
            </ActionIcon>
          )}
        </CopyButton>
      </div>
      <Code block className={classes.wrapped}>
        {script}
      </Code>
      <dl className={classes.pairs} style={{ marginTop: 10 }}>
        {given.length > 0 && (
          <>
            <dt>{t("run.command.given")}</dt>
            <dd className={classes.mono}>{lineOf(given)}</dd>
          </>
        )}
        <dt>{t("run.command.folder")}</dt>
        <dd className={classes.mono}>{command.folder}</dd>
        {command.image && (
          <>
            <dt>{t("run.command.image")}</dt>
            <dd className={classes.mono}>{command.image}</dd>
          </>
        )}
      </dl>
    </section>
  );
}

function Variables({ command }: { command: Started }) {
  const t = useStrings();
  const [words, setWords] = useState("");
  const found = variablesOf(command, words);
  return (
    <section>
      <h3 className={classes.heading}>{t("run.command.variables")}</h3>
      <Text size="xs" c="dimmed" mb={6}>
        {t("run.command.about")}
      </Text>
      <TextInput
        size="xs"
        type="search"
        maw={320}
        placeholder={t("run.command.search")}
        aria-label={t("run.command.search")}
        value={words}
        onChange={(event) => setWords(event.currentTarget.value)}
      />
      <Table fz="sm" mt={6} verticalSpacing={3} layout="fixed">
        <Table.Tbody>
          {found.map(({ name, value, isSecret }) => (
            <Table.Tr key={name}>
              <Table.Th scope="row" w="38%" className={`${classes.mono} ${classes.wrapped}`}>
                {name}
              </Table.Th>
              <Table.Td className={isSecret ? undefined : `${classes.mono} ${classes.wrapped}`}>
                {isSecret ? (
                  <Text size="sm" c="dimmed">
                    {t("run.command.secret", { name: value })}
                  </Text>
                ) : (
                  value
                )}
              </Table.Td>
            </Table.Tr>
          ))}
        </Table.Tbody>
      </Table>
      {!found.length && <Text size="sm">{t("run.command.none")}</Text>}
    </section>
  );
}
