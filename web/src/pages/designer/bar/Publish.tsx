import { Button } from "@mantine/core";
import { lazy, Suspense, useState } from "react";
import { useDesigner } from "@/services/designer/store";
import { useStrings } from "@/strings";

const PublishDialog = lazy(() =>
  import("./PublishDialog").then(({ PublishDialog }) => ({ default: PublishDialog })),
);

/** Registers what is on the canvas as a version that others can use. */
export function Publish() {
  const t = useStrings();
  const [isOpen, setOpen] = useState(false);
  const isEmpty = useDesigner((designer) => !Object.keys(designer.history.now.nodes).length);
  return (
    <>
      <Button
        size="xs"
        variant="default"
        style={{ flexShrink: 0 }}
        disabled={isEmpty}
        onClick={() => setOpen(true)}
      >
        {t("publish")}
      </Button>
      <Suspense>{isOpen && <PublishDialog onClose={() => setOpen(false)} />}</Suspense>
    </>
  );
}
