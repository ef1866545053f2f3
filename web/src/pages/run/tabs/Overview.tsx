import { Alert, Text } from "@mantine/core";
import { useQuery } from "@tanstack/react-query";
import { useNow } from "@/components/status/useNow";
import { adviceFor } from "@/models/advice";
import { moment } from "@/models/ago";
import { durationOf } from "@/models/duration";
import { sizeOf } from "@/models/size";
import { stepWhy } from "@/services/runs";
import { useStrings } from "@/strings";
import classes from "../RunPage.module.css";
import type { OfStep } from "../TaskTabs";
import { WhyReasons } from "./WhyReasons";

/** How a step stands, why, and what can be done about it. */
export function Overview({ workspace, run, step }: OfStep) {
  const t = useStrings();
  const advice = adviceFor(step);
  const isRunning = step.status === "running";
  return (
    <>
      {advice && (
        <Alert
          color={advice.isTrouble ? "red" : "gray"}
          variant="light"
          mb="md"
          title={step.reason || undefined}
        >
          {t(`run.advice.${advice.key}`)}
        </Alert>
      )}
      {!advice && step.reason && step.status !== "succeeded" && (
        <Text size="sm" mb="md">
          {step.reason}
        </Text>
      )}
      <Times step={step} isRunning={isRunning} />
      <Why workspace={workspace} run={run} step={step} />
    </>
  );
}

function Times({ step, isRunning }: { step: OfStep["step"]; isRunning: boolean }) {
  const t = useStrings();
  const now = useNow(isRunning);
  const last = step.tries?.at(-1);
  const begun = step.tries?.[0]?.created;
  const seconds = isRunning && begun !== undefined ? now - begun : step.seconds;
  const { cpu_seconds: cpu, peak_memory: memory } = (last?.usage ?? {}) as Record<string, unknown>;
  if (!last) return null;
  return (
    <dl className={classes.pairs}>
      {begun !== undefined && (
        <>
          <dt>{t("run.step.begun")}</dt>
          <dd>{moment(begun, t.language)}</dd>
        </>
      )}
      {seconds !== null && (
        <>
          <dt>{t("run.step.took")}</dt>
          <dd>{durationOf(seconds)}</dd>
        </>
      )}
      <dt>{t("run.step.attempts")}</dt>
      <dd>{step.attempts}</dd>
      {last.code !== null && (
        <>
          <dt>{t("run.step.code")}</dt>
          <dd>{last.code}</dd>
        </>
      )}
      {typeof cpu === "number" && (
        <>
          <dt>{t("run.step.cpu")}</dt>
          <dd>{durationOf(cpu)}</dd>
        </>
      )}
      {typeof memory === "number" && (
        <>
          <dt>{t("run.step.memory")}</dt>
          <dd>{sizeOf(memory, t.language)}</dd>
        </>
      )}
    </dl>
  );
}

/** Why the step was done, or an earlier result taken. */
function Why({ workspace, run, step }: OfStep) {
  const t = useStrings();
  const isAsked = step.status !== "pending" && step.status !== "skipped";
  const { data } = useQuery({
    ...stepWhy(workspace, run.run, step.node, step.status),
    enabled: isAsked,
    retry: false,
  });
  if (!data) return null;
  return (
    <section>
      <h3 className={classes.heading}>
        {t(data.verdict === "reused" ? "run.why.reused" : "run.why.done")}
      </h3>
      <WhyReasons workspace={workspace} why={data} />
    </section>
  );
}
