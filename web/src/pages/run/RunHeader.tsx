import { Badge, Text } from "@mantine/core";
import { PlaceLink } from "@/components/PlaceLink";
import { StatusMark } from "@/components/status/StatusMark";
import { useNow } from "@/components/status/useNow";
import { ago, moment } from "@/models/ago";
import { durationOf } from "@/models/duration";
import { originOf } from "@/models/origin";
import { definitionOf, failedStep, isOver, type Run } from "@/models/runs";
import { useStrings } from "@/strings";
import { RunActions } from "./RunActions";
import classes from "./RunPage.module.css";

/** What a run is, how it stands, and what can be done with it. */
export function RunHeader({ workspace, run }: { workspace: string; run: Run }) {
  const t = useStrings();
  const isLive = !isOver(run.status);
  const now = useNow(isLive);
  const { name, version } = definitionOf(run.definition);
  const seconds = isLive ? now - run.created : run.seconds;
  const failedIn = failedStep(run);
  const isNamed = run.name && run.name !== name;
  return (
    <header className={classes.header}>
      <div className={classes.line}>
        <StatusMark status={run.status} size={16} />
        <h1>{run.name || name}</h1>
        {Object.entries(run.tags).map(([tag, value]) => (
          <Badge key={tag} variant="default" size="sm" tt="none">
            {tag}: {value}
          </Badge>
        ))}
        <span className={classes.grow} />
        <RunActions workspace={workspace} run={run} />
      </div>
      <div className={`${classes.line} ${classes.facts}`}>
        <span className={classes.fact}>
          {isNamed ? `${name} ${version}` : t("run.version", { version })}
        </span>
        <Origin workspace={workspace} run={run} />
        <span className={classes.fact} title={moment(run.created, t.language)}>
          {t("run.begun", { when: ago(run.created, now, t.language), person: run.creator })}
        </span>
        <span className={classes.fact}>
          {t(isLive ? "run.elapsed" : "run.took", { duration: durationOf(seconds) })}
        </span>
        {run.visibility === "private" && <span>{t("run.private")}</span>}
      </div>
      {run.reason && !run.reason.startsWith("reused") && (
        <Text size="sm" className={run.status === "failed" ? classes.reason : undefined}>
          {failedIn ? t("run.failed-in", { step: failedIn }) : run.reason}
        </Text>
      )}
    </header>
  );
}

/** What the run was started from. */
function Origin({ workspace, run }: { workspace: string; run: Run }) {
  const t = useStrings();
  const origin = originOf(run.facts);
  if (origin.kind === "sweep")
    return (
      <PlaceLink
        size="sm"
        to="/w/$workspace/runs/$run"
        params={{ workspace, run: origin.run }}
        className={classes.fact}
      >
        {t("run.origin.sweep", { count: origin.number })}
      </PlaceLink>
    );
  if (origin.kind === "draft")
    return (
      <span className={classes.fact}>
        {t("run.origin.draft", { draft: origin.draft, revision: origin.revision })}
      </span>
    );
  if (origin.kind === "commit")
    return (
      <span className={classes.fact}>
        {t(origin.isDirty ? "run.origin.dirty" : "run.origin.commit", {
          commit: origin.commit.slice(0, 10),
        })}
      </span>
    );
  return null;
}
