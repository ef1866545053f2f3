/** One backfill: what was asked for, how far it is, and its instances in their turn. */
import { Button, NumberInput, Text, Title } from "@mantine/core";
import { notifications } from "@mantine/notifications";
import { useInfiniteQuery, useMutation, useQuery } from "@tanstack/react-query";
import { useParams } from "@tanstack/react-router";
import { More } from "@/components/More";
import { PlaceLink } from "@/components/PlaceLink";
import { Failed, Loading } from "@/components/states";
import { durationOf } from "@/models/duration";
import { isGoing } from "@/models/schedules/backfills";
import { type BackfillDetail, backfill, changeBackfill } from "@/services/backfills";
import { instancesOf, operate } from "@/services/instances";
import { useStrings } from "@/strings";
import { Asked } from "./backfills/Asked";
import { BackfillActions } from "./backfills/BackfillActions";
import { BackfillMark } from "./backfills/BackfillMark";
import { Progress } from "./backfills/Progress";
import { InstanceList } from "./instances/InstanceList";
import classes from "./schedules.module.css";

export function BackfillPage() {
  const { workspace, backfill: id } = useParams({ from: "/w/$workspace/backfills/$backfill" });
  const query = useQuery(backfill(workspace, id));
  if (query.isPending) return <Loading />;
  if (query.isError && !query.data)
    return <Failed error={query.error} reset={() => void query.refetch()} />;
  return query.data ? <Shown workspace={workspace} said={query.data} /> : null;
}

function Shown({ workspace, said }: { workspace: string; said: BackfillDetail }) {
  const t = useStrings();
  const failed = said.counts.failed ?? 0;
  const rerun = useMutation({
    mutationFn: () =>
      operate(workspace, { action: "rerun", filter: { origin: said.id, status: "failed" } }),
    onError: (error) => notifications.show({ color: "red", message: error.message }),
  });
  return (
    <div className={classes.page}>
      <header className={classes.top}>
        <PlaceLink
          to="/w/$workspace/schedules"
          params={{ workspace }}
          search={{ tab: "backfills" }}
          size="sm"
        >
          {t("backfill.back")}
        </PlaceLink>
        <div className={classes.line}>
          <BackfillMark status={said.status} />
          <Title order={1} size="h4">
            {said.name}
          </Title>
          <BackfillActions workspace={workspace} row={said} />
          {failed > 0 && (
            <Button
              size="compact-sm"
              variant="default"
              loading={rerun.isPending}
              onClick={() => rerun.mutate()}
            >
              {t("backfill.rerun")}
            </Button>
          )}
        </div>
        <div className={classes.line}>
          <Progress row={said} />
          {said.left !== null && isGoing(said.status) && (
            <Text size="sm" c="dimmed">
              {t("backfill.left", { duration: durationOf(said.left) })}
            </Text>
          )}
          {isGoing(said.status) && <Parallel workspace={workspace} said={said} />}
        </div>
      </header>
      <div className={classes.scroll}>
        <div className={`${classes.columns} ${classes.narrower}`}>
          <section className={classes.part}>
            <Title order={2} size="h6" mb={6}>
              {t("backfill.cycles")}
            </Title>
            <Cycles workspace={workspace} said={said} />
          </section>
          <section className={classes.part}>
            <Title order={2} size="h6" mb={6}>
              {t("backfill.asked")}
            </Title>
            <Asked workspace={workspace} said={said} />
          </section>
        </div>
      </div>
    </div>
  );
}

function Parallel({ workspace, said }: { workspace: string; said: BackfillDetail }) {
  const t = useStrings();
  const changing = useMutation({
    mutationFn: (parallel: number) => changeBackfill(workspace, said.id, { parallel }),
    onError: (error) => notifications.show({ color: "red", message: error.message }),
  });
  return (
    <NumberInput
      size="xs"
      w={80}
      min={1}
      max={10}
      clampBehavior="strict"
      aria-label={t("backfill.parallel.of", { name: said.name })}
      label={t("backfill.parallel")}
      value={said.parallel}
      onChange={(value) => {
        if (typeof value === "number" && value !== said.parallel) changing.mutate(value);
      }}
    />
  );
}

function Cycles({ workspace, said }: { workspace: string; said: BackfillDetail }) {
  const query = useInfiniteQuery(instancesOf(workspace, { origin: said.id }));
  if (query.isPending) return <Loading />;
  if (query.isError && !query.data) return <Failed error={query.error} />;
  const rows = query.data?.pages.flatMap((page) => page.items) ?? [];
  return (
    <>
      <InstanceList workspace={workspace} rows={rows} isMixed={said.schedules.length > 1} />
      <More query={query} />
    </>
  );
}
