import { Alert, Button, Checkbox, Group, List, Modal, Radio, Stack } from "@mantine/core";
import { useMutation } from "@tanstack/react-query";
import { useState } from "react";
import { reasonsOf } from "@/models/schedules/instances";
import type { Operated, Operation } from "@/services/instances";
import { useStrings } from "@/strings";

type Wish = Pick<Operation, "action"> & Partial<Operation>;

interface Props {
  /** Why an action cannot be done, if that is known; empty if it can. */
  refusals?: Record<string, string>;
  act: (wish: Wish) => Promise<Operated>;
  /** Whether there may be several, so that the answer is worth its numbers. */
  isMany?: boolean;
}

const PLAIN = ["stop", "succeed", "freeze", "thaw"] as const;

/** What can be done with instances, and what became of it. */
export function OperateBar({ refusals, act, isMany }: Props) {
  const t = useStrings();
  const [isAsking, setAsking] = useState(false);
  const acting = useMutation({ mutationFn: act });
  const why = (action: string) => refusals?.[action] ?? "";
  const shown = PLAIN.filter((action) => isMany || !why(action));
  return (
    <>
      <Group gap={6}>
        {(isMany || !why("rerun")) && (
          <Button size="compact-sm" variant="default" onClick={() => setAsking(true)}>
            {t("operate.rerun")}…
          </Button>
        )}
        {shown.map((action) => (
          <Button
            key={action}
            size="compact-sm"
            variant="default"
            loading={acting.isPending && acting.variables?.action === action}
            disabled={acting.isPending}
            onClick={() => acting.mutate({ action })}
          >
            {t(`operate.${action}`)}
          </Button>
        ))}
      </Group>
      {isAsking && (
        <RerunDialog
          onRun={(wish) => {
            setAsking(false);
            acting.mutate(wish);
          }}
          onClose={() => setAsking(false)}
        />
      )}
      {acting.error && (
        <Alert
          color="red"
          role="alert"
          withCloseButton
          onClose={acting.reset}
          closeButtonLabel={t("operate.close")}
        >
          {acting.error.message}
        </Alert>
      )}
      {acting.data && (isMany || acting.data.not_changed > 0) && (
        <Answer answer={acting.data} onClose={acting.reset} />
      )}
    </>
  );
}

function Answer({ answer, onClose }: { answer: Operated; onClose: () => void }) {
  const t = useStrings();
  const reasons = reasonsOf(answer.refused);
  const said = [
    t.count("operate.changed", answer.changed),
    answer.not_changed > 0 && t.count("operate.unchanged", answer.not_changed),
  ].filter(Boolean);
  return (
    <Alert
      variant="default"
      role="status"
      py={6}
      style={{ flexBasis: "100%", order: 1 }}
      title={said.join(", ")}
      withCloseButton
      onClose={onClose}
      closeButtonLabel={t("operate.close")}
    >
      {reasons.length > 0 && (
        <List size="sm">
          {reasons.slice(0, 8).map(([reason, count]) => (
            <List.Item key={reason}>{t("operate.reason", { count, reason })}</List.Item>
          ))}
        </List>
      )}
    </Alert>
  );
}

function RerunDialog({ onRun, onClose }: { onRun: (wish: Wish) => void; onClose: () => void }) {
  const t = useStrings();
  const [version, setVersion] = useState<"original" | "latest">("original");
  const [downstream, setDownstream] = useState(false);
  return (
    <Modal
      opened
      onClose={onClose}
      title={t("operate.rerun.title")}
      closeButtonProps={{ "aria-label": t("shell.close") }}
    >
      <form
        onSubmit={(event) => {
          event.preventDefault();
          onRun({ action: "rerun", version, downstream });
        }}
      >
        <Stack>
          <Radio.Group
            label={t("operate.rerun.version")}
            value={version}
            onChange={(value) => setVersion(value as "original" | "latest")}
          >
            <Stack gap={6} mt={6}>
              <Radio value="original" label={t("operate.rerun.original")} />
              <Radio value="latest" label={t("operate.rerun.latest")} />
            </Stack>
          </Radio.Group>
          <Checkbox
            label={t("operate.rerun.downstream")}
            checked={downstream}
            onChange={(event) => setDownstream(event.currentTarget.checked)}
          />
          <Group justify="flex-end">
            <Button variant="default" onClick={onClose}>
              {t("shell.cancel")}
            </Button>
            <Button type="submit" data-autofocus>
              {t("operate.rerun")}
            </Button>
          </Group>
        </Stack>
      </form>
    </Modal>
  );
}
