import { Alert, Button, Stack, Text } from "@mantine/core";
import { Empty } from "@/components/states";
import { useDesigner } from "@/services/designer/store";
import { type Key, useStrings } from "@/strings";
import { useFaults } from "../panel/faults";
import { NodeState } from "../panel/NodeState";

/** Why a node failed or cannot run, and what to do about it. */
export function ErrorPart({ name, onLog }: { name: string; onLog: () => void }) {
  const t = useStrings();
  const step = useDesigner((designer) => designer.steps[name]);
  const faults = useFaults(name);
  const doubts = useDesigner((designer) => designer.plan?.nodes[name]?.doubts);
  const isBad = step && ["failed", "skipped", "cancelled"].includes(step.status);
  if (!isBad && !faults.length && !doubts?.length) return <Empty title={t("drawer.noError")} />;
  return (
    <Stack gap="xs" p="sm">
      {isBad && (
        <>
          <NodeState name={name} />
          {step.status !== "failed" && step.reason && <Text size="sm">{step.reason}</Text>}
          <Text size="sm">{t(adviceOf(step.status, step.reason))}</Text>
          {step.attempts > 0 && (
            <Button size="xs" variant="default" w="fit-content" onClick={onLog}>
              {t("drawer.error.log")}
            </Button>
          )}
        </>
      )}
      {faults.map((fault) => (
        <Alert key={fault.path + fault.message} color={fault.colour} p="xs" title={fault.path}>
          {fault.message}
        </Alert>
      ))}
      {doubts?.map((doubt) => (
        <Alert key={doubt} color="yellow" p="xs">
          {doubt}
        </Alert>
      ))}
    </Stack>
  );
}

/** What is to be done next, by what is seen in the reason. */
function adviceOf(status: string, reason: string): Key {
  if (status === "skipped") return "advice.skipped";
  if (status === "cancelled") return "advice.cancelled";
  if (/memory|signal 9|SIGKILL/i.test(reason)) return "advice.memory";
  if (/timeout|took longer|too long/i.test(reason)) return "advice.timeout";
  return "advice.failed";
}
