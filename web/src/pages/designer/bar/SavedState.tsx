import { Button, Text } from "@mantine/core";
import { lazy, Suspense } from "react";
import { useSaver } from "@/services/designer/draft";
import { useDesigner } from "@/services/designer/store";
import { useStrings } from "@/strings";
import classes from "./Bar.module.css";

const ConflictDialog = lazy(() =>
  import("./ConflictDialog").then(({ ConflictDialog }) => ({ default: ConflictDialog })),
);

/** Whether what is on the canvas is kept, and what to do if it is not. */
export function SavedState() {
  const t = useStrings();
  const saver = useSaver();
  const saving = useDesigner((designer) => designer.saving);
  const failure = useDesigner((designer) => designer.failure);
  const isBad = saving === "failed" || saving === "conflict";
  return (
    <>
      <span
        className={classes.saved}
        data-tone={isBad ? "bad" : "good"}
        role="status"
        title={failure}
      >
        {t(`bar.saving.${saving}`)}
        {saving === "failed" && (
          <Button size="compact-xs" variant="subtle" onClick={() => void saver.flush()}>
            {t("shell.failed.again")}
          </Button>
        )}
      </span>
      {saving === "failed" && failure && (
        <Text size="xs" c="red" truncate maw={260}>
          {failure}
        </Text>
      )}
      {saving === "conflict" && (
        <Suspense fallback={null}>
          <ConflictDialog />
        </Suspense>
      )}
    </>
  );
}
