import { Progress, Table, Text } from "@mantine/core";
import { StatusMark } from "@/components/status/StatusMark";
import { type Batch as BatchView, batchOf, progress } from "@/models/batch";
import { durationOf } from "@/models/duration";
import { useStrings } from "@/strings";
import classes from "../RunPage.module.css";
import type { OfStep } from "../TaskTabs";

/** The shards of a batch: how many are done, what failed, who works on them. */
export function Batch({ step }: OfStep) {
  const t = useStrings();
  const batch = batchOf(step.batch ?? {});
  const { done, failed } = progress(batch);
  return (
    <>
      <Progress.Root size="lg" maw={720} mb="xs">
        <Progress.Section
          value={done * 100}
          color="green"
          aria-label={t("run.batch.done", { count: batch.done })}
        />
        <Progress.Section
          value={failed * 100}
          color="red"
          aria-label={t("run.batch.failed", { count: batch.failed })}
        />
      </Progress.Root>
      <Text size="sm" mb="md">
        {sentences(batch, t).join(" · ")}
      </Text>
      <Workers batch={batch} />
      <Stragglers batch={batch} />
      <Errors batch={batch} />
    </>
  );
}

function sentences(batch: BatchView, t: ReturnType<typeof useStrings>): string[] {
  const all = batch.total;
  const said = [
    all === null ? t("run.batch.uncut") : t("run.batch.shards", { done: batch.done, total: all }),
    t.count("run.batch.items", batch.items),
  ];
  if (batch.failed) said.push(t("run.batch.failed", { count: batch.failed }));
  if (batch.leased) said.push(t("run.batch.leased", { count: batch.leased }));
  if (batch.retries) said.push(t.count("run.batch.retries", batch.retries));
  if (batch.carried_shards) said.push(t("run.batch.carried", { count: batch.carried_shards }));
  if (batch.seconds_left !== null)
    said.push(t("run.batch.left", { duration: durationOf(batch.seconds_left) }));
  return said;
}

function Workers({ batch }: { batch: BatchView }) {
  const t = useStrings();
  if (!batch.workers.length) return null;
  return (
    <Table fz="sm" verticalSpacing={4} maw={720} mb="md">
      <Table.Thead>
        <Table.Tr>
          <Table.Th>{t("run.batch.worker")}</Table.Th>
          <Table.Th>{t("run.status")}</Table.Th>
          <Table.Th className={classes.number}>{t("run.batch.column.done")}</Table.Th>
          <Table.Th className={classes.number}>{t("run.batch.column.failed")}</Table.Th>
          <Table.Th className={classes.number}>{t("run.batch.column.items")}</Table.Th>
          <Table.Th className={classes.number}>{t("run.batch.column.pace")}</Table.Th>
        </Table.Tr>
      </Table.Thead>
      <Table.Tbody>
        {batch.workers.map((each) => (
          <Table.Tr key={each.worker}>
            <Table.Td>{each.worker}</Table.Td>
            <Table.Td>{each.live ? <StatusMark status="running" /> : t("run.batch.gone")}</Table.Td>
            <Table.Td className={classes.number}>{each.done}</Table.Td>
            <Table.Td className={classes.number}>{each.failed}</Table.Td>
            <Table.Td className={classes.number}>{each.items.toLocaleString(t.language)}</Table.Td>
            <Table.Td className={classes.number}>
              {each.items_per_second?.toLocaleString(t.language, { maximumFractionDigits: 1 })}
            </Table.Td>
          </Table.Tr>
        ))}
      </Table.Tbody>
    </Table>
  );
}

function Stragglers({ batch }: { batch: BatchView }) {
  const t = useStrings();
  if (!batch.stragglers.length) return null;
  return (
    <section>
      <h3 className={classes.heading}>{t("run.batch.stragglers")}</h3>
      {batch.stragglers.map((each) => (
        <Text key={`${each.worker} ${each.shard}`} size="sm">
          {t("run.batch.straggler", {
            worker: each.worker,
            shard: each.shard,
            duration: durationOf(each.seconds ?? 0),
          })}
        </Text>
      ))}
    </section>
  );
}

function Errors({ batch }: { batch: BatchView }) {
  const t = useStrings();
  if (!batch.errors.length) return null;
  return (
    <section>
      <h3 className={classes.heading}>{t("run.batch.errors")}</h3>
      {batch.errors.map((each) => (
        <Text key={each.shard} size="sm">
          {t("run.batch.error", { shard: each.shard, reason: each.reason })}
        </Text>
      ))}
    </section>
  );
}
