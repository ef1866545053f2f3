import { Alert, Text } from "@mantine/core";
import { useQuery } from "@tanstack/react-query";
import { useMemo } from "react";
import { reasonText } from "@/components/reasons";
import { StatusMark } from "@/components/status/StatusMark";
import { durationOf } from "@/models/duration";
import { foretell } from "@/models/foretold";
import { ENDED } from "@/models/steps";
import { reasonsOf } from "@/models/why";
import { whyOf } from "@/services/designer/running";
import { faceOf, useDesigner, useDesignerStore } from "@/services/designer/store";
import { useStrings } from "@/strings";
import classes from "./Panel.module.css";

/** How a node's step went in the last run, and why it was or was not done again. */
export function NodeState({ name }: { name: string }) {
  const step = useDesigner((designer) => designer.steps[name]);
  // A pipeline's node stands for many steps, each of which has reasons of its own.
  const isOne = useDesigner((designer) => faceOf(designer, name)?.kind !== "pipeline");
  if (!step) return null;
  const isOver = ENDED.includes(step.status);
  return (
    <div>
      <div className={classes.row}>
        <StatusMark status={step.isReused ? "reused" : step.status} />
        {step.seconds !== null && (
          <Text size="xs" c="dimmed" style={{ whiteSpace: "nowrap" }}>
            {durationOf(step.seconds)}
          </Text>
        )}
      </div>
      {isOver && <Next name={name} />}
      {step.status === "failed" && step.reason && (
        <Alert color="red" p="xs" mt={4}>
          {step.reason}
        </Alert>
      )}
      {isOne && isOver && (step.isReused || step.attempts > 0) && <Why name={name} />}
    </div>
  );
}

/** What the next run will do with it. */
function Next({ name }: { name: string }) {
  const t = useStrings();
  const now = useDesigner((designer) => designer.history.now);
  const ran = useDesigner((designer) => designer.ran);
  const store = useDesignerStore();
  const told = useMemo(() => {
    const designer = store.getState();
    if (!ran) return undefined;
    return foretell(now, {
      ran,
      statusOf: (node) => designer.steps[node]?.status,
      isDeterministic: (node) => faceOf(designer, node)?.is_deterministic ?? true,
    }).get(name);
  }, [now, ran, name, store]);
  const isRunning = useDesigner(({ runStatus }) => !ENDED.includes(runStatus));
  if (!told || isRunning) return null;
  return (
    <Text size="xs" c="dimmed">
      {t(`panel.next.${told.next}`, "from" in told ? { node: told.from } : {})}
    </Text>
  );
}

function Why({ name }: { name: string }) {
  const t = useStrings();
  const workspace = useDesigner((designer) => designer.workspace);
  const run = useDesigner((designer) => designer.run);
  const { data } = useQuery(whyOf(workspace, run, name));
  const said = useMemo(
    () => (data ? reasonsOf(data).map((each) => reasonText(each, t)) : []),
    [data, t],
  );
  const unique = [...new Set(said)];
  if (!unique.length) return null;
  return (
    <Text size="xs" c="dimmed" component="div">
      {unique.map((sentence) => (
        <p key={sentence} style={{ margin: 0 }}>
          {sentence}
        </p>
      ))}
    </Text>
  );
}
