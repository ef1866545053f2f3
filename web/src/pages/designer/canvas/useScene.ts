/** The picture of what the store holds. */
import { useMemo, useRef } from "react";
import { placesOf } from "@/models/layout";
import { type Scene, sceneOf, type Words } from "@/models/scene";
import { useDesigner } from "@/services/designer/store";
import { useStrings } from "@/strings";
import { staleIn } from "../frame/stale";

const NO_FAULTS: never[] = [];

export function useScene(): Scene {
  const pipeline = useDesigner((designer) => designer.history.now);
  const faces = useDesigner((designer) => designer.faces);
  const plan = useDesigner((designer) => designer.plan);
  const ran = useDesigner((designer) => designer.ran);
  const words = useWords();
  const before = useRef<Scene>(undefined);
  const scene = useMemo(
    () =>
      sceneOf(
        pipeline,
        {
          faceOf: (name, node) => faces[node.component] ?? plan?.nodes[name]?.face ?? undefined,
          places: placesOf(pipeline),
          faults: plan?.faults ?? NO_FAULTS,
          stale: ran ? staleIn(pipeline, ran) : undefined,
          words,
        },
        before.current,
      ),
    [pipeline, faces, plan, ran, words],
  );
  before.current = scene;
  return scene;
}

function useWords(): Words {
  const t = useStrings();
  return useMemo(
    () => ({
      missingInput: (name) => t("canvas.lacks.input", { name }),
      missingParameter: (name) => t("canvas.lacks.parameter", { name }),
      unknown: () => t("canvas.lacks.component"),
      input: (type) => t("canvas.own.input", { type }),
      parameter: (type) => t("canvas.own.parameter", { type }),
    }),
    [t],
  );
}
