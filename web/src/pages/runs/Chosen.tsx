import { Alert, Button, Text } from "@mantine/core";
import { useMutation } from "@tanstack/react-query";
import { useNavigate } from "@tanstack/react-router";
import { isOver, type RunRow } from "@/models/runs";
import { queries } from "@/services/queries";
import { cancelRun, runsKey } from "@/services/runs";
import { useStrings } from "@/strings";
import classes from "./Runs.module.css";

interface OfChosen {
  workspace: string;
  runs: RunRow[];
  onDone: () => void;
}

/** What can be done with several runs. */
export function Chosen({ workspace, runs, onDone }: OfChosen) {
  const t = useStrings();
  const navigate = useNavigate();
  const open = runs.filter((run) => !isOver(run.status));
  const stopping = useMutation({
    mutationFn: async () => {
      // Each is its own request: what cannot be stopped must not keep the others from it.
      const ends = await Promise.allSettled(open.map((run) => cancelRun(workspace, run.run)));
      const failed = ends.find((end) => end.status === "rejected");
      if (failed) throw failed.reason;
    },
    onSuccess: onDone,
    onSettled: () => queries.invalidateQueries({ queryKey: runsKey(workspace) }),
  });
  const compare = () => {
    const [before, after] = [...runs].sort((a, b) => a.created - b.created);
    if (before && after)
      void navigate({
        to: "/w/$workspace/compare/$before/$after",
        params: { workspace, before: before.run, after: after.run },
      });
  };
  return (
    <div className={classes.chosen} role="status">
      <Text size="sm">{t.count("runs.chosen", runs.length)}</Text>
      <Button size="compact-sm" variant="default" disabled={runs.length !== 2} onClick={compare}>
        {t("runs.compare")}
      </Button>
      <Button
        size="compact-sm"
        variant="default"
        disabled={!open.length}
        loading={stopping.isPending}
        onClick={() => stopping.mutate()}
      >
        {t("runs.cancel")}
      </Button>
      <Button size="compact-sm" variant="subtle" onClick={onDone}>
        {t("runs.filter.clear")}
      </Button>
      {stopping.error && (
        <Alert color="red" p={4}>
          {stopping.error.message}
        </Alert>
      )}
    </div>
  );
}
