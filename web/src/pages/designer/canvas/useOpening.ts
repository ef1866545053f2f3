import { notifications } from "@mantine/notifications";
import { useNavigate } from "@tanstack/react-router";
import { useCallback } from "react";
import { faceOf, useDesignerStore } from "@/services/designer/store";
import { openPublished } from "@/services/pipelines";

/** Opens a node: a pipeline as a canvas of its own, anything else in the panel. */
export function useOpening(onOpenPanel: (() => void) | undefined): (name: string) => void {
  const store = useDesignerStore();
  const navigate = useNavigate();
  return useCallback(
    (name: string) => {
      const designer = store.getState();
      const face = faceOf(designer, name);
      if (face?.kind !== "pipeline") return onOpenPanel?.();
      const { workspace } = designer;
      openPublished(workspace, face.name)
        .then((draft) =>
          navigate({ to: "/w/$workspace/pipelines/$draft", params: { workspace, draft } }),
        )
        .catch((error: Error) => notifications.show({ color: "red", message: error.message }));
    },
    [store, navigate, onOpenPanel],
  );
}
