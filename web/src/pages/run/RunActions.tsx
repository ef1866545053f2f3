import { Button, Menu } from "@mantine/core";
import { notifications } from "@mantine/notifications";
import { useMutation } from "@tanstack/react-query";
import { useNavigate } from "@tanstack/react-router";
import { useMemo, useState } from "react";
import { isOver, type Run } from "@/models/runs";
import { useCommands } from "@/services/commands";
import { queries } from "@/services/queries";
import { cancelRun, clonedDraft, resumeRun, runAgain, runKey } from "@/services/runs";
import { useStrings } from "@/strings";
import { ChangeDialog } from "./ChangeDialog";
import { CompareDialog } from "./CompareDialog";
import { DeleteDialog } from "./DeleteDialog";

type Dialog = "change" | "compare" | "delete" | null;

interface Of {
  workspace: string;
  run: Run;
}

/** What can be done with a run. */
export function RunActions({ workspace, run }: Of) {
  const t = useStrings();
  const [dialog, setDialog] = useState<Dialog>(null);
  const acts = useActs(workspace, run);
  const isLive = run.status === "running" || run.status === "queued";
  const canResume = run.status === "failed" || run.status === "cancelled";
  const isOpen = run.status === "interrupted";
  useRunCommands(acts, run);
  const close = () => setDialog(null);
  return (
    <>
      {(isLive || isOpen) && (
        <Button
          size="xs"
          color="red"
          variant="light"
          loading={acts.stop.isPending}
          onClick={() => acts.stop.mutate()}
        >
          {t("run.stop")}
        </Button>
      )}
      {(canResume || isOpen) && (
        <Button size="xs" loading={acts.resume.isPending} onClick={() => acts.resume.mutate()}>
          {t(run.status === "failed" ? "run.retry" : "run.resume")}
        </Button>
      )}
      <Button
        size="xs"
        variant="default"
        loading={acts.again.isPending}
        onClick={() => acts.again.mutate("")}
      >
        {t("run.again")}
      </Button>
      <Button
        size="xs"
        variant="default"
        loading={acts.clone.isPending}
        onClick={() => acts.clone.mutate()}
      >
        {t("run.clone")}
      </Button>
      <Menu position="bottom-end" width={220}>
        <Menu.Target>
          <Button size="xs" variant="default" aria-label={t("shell.more")}>
            ⋯
          </Button>
        </Menu.Target>
        <Menu.Dropdown>
          <Menu.Item onClick={() => setDialog("compare")}>{t("run.compare")}</Menu.Item>
          <Menu.Item onClick={() => setDialog("change")}>{t("run.change")}</Menu.Item>
          <Menu.Divider />
          <Menu.Item color="red" disabled={!isOver(run.status)} onClick={() => setDialog("delete")}>
            {t("run.delete")}
          </Menu.Item>
        </Menu.Dropdown>
      </Menu>
      {dialog === "change" && <ChangeDialog workspace={workspace} run={run} onClose={close} />}
      {dialog === "compare" && <CompareDialog workspace={workspace} run={run} onClose={close} />}
      {dialog === "delete" && <DeleteDialog workspace={workspace} run={run} onClose={close} />}
    </>
  );
}

type Acts = ReturnType<typeof useActs>;

const say = (error: Error) => notifications.show({ color: "red", message: error.message });

export function useActs(workspace: string, run: Run) {
  const navigate = useNavigate();
  const again = () => queries.invalidateQueries({ queryKey: runKey(workspace, run.run) });
  return {
    stop: useMutation({
      mutationFn: () => cancelRun(workspace, run.run),
      onSuccess: again,
      onError: say,
    }),
    resume: useMutation({
      mutationFn: () => resumeRun(workspace, run.run),
      onSuccess: again,
      onError: say,
    }),
    again: useMutation({
      mutationFn: (first: string) => runAgain(workspace, run, first),
      onSuccess: (fresh) =>
        navigate({ to: "/w/$workspace/runs/$run", params: { workspace, run: fresh }, search: {} }),
      onError: say,
    }),
    clone: useMutation({
      mutationFn: () => clonedDraft(workspace, run.run, draftName(run)),
      onSuccess: (draft) =>
        navigate({ to: "/w/$workspace/pipelines/$draft", params: { workspace, draft } }),
      onError: say,
    }),
  };
}

const draftName = (run: Run) => `${run.definition.split(" ")[0] ?? "run"}-${run.run}`;

function useRunCommands({ stop, resume, again, clone }: Acts, run: Run) {
  const t = useStrings();
  const { status } = run;
  const isLive = ["running", "queued", "interrupted"].includes(status);
  const canResume = ["failed", "cancelled", "interrupted"].includes(status);
  const onwards = status === "failed" ? "run.retry" : "run.resume";
  const [toStop, toResume, toRun, toClone] = [
    stop.mutate,
    resume.mutate,
    again.mutate,
    clone.mutate,
  ];
  useCommands(
    "run",
    useMemo(
      () => [
        { id: "run-stop", label: t("run.stop"), isDisabled: !isLive, run: () => toStop() },
        { id: "run-retry", label: t(onwards), isDisabled: !canResume, run: () => toResume() },
        { id: "run-again", label: t("run.again"), run: () => toRun("") },
        { id: "run-clone", label: t("run.clone"), run: () => toClone() },
      ],
      [t, isLive, canResume, onwards, toStop, toResume, toRun, toClone],
    ),
  );
}
