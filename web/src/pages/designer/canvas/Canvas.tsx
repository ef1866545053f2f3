/** The canvas: the pipeline as a graph, and all that people do to it there. */

import { lazy, Suspense, useCallback, useEffect, useMemo, useState } from "react";
import { Graph } from "@/components/graph/Graph";
import type { GraphControl } from "@/components/graph/types";
import { useCommands } from "@/services/commands";
import { statusesOf } from "@/services/designer/statuses";
import { useDesigner, useDesignerStore } from "@/services/designer/store";
import { useStrings } from "@/strings";
import styles from "./Canvas.module.css";
import { Hint } from "./Hint";
import { useLook } from "./look";
import type { Asked } from "./offers";
import { useActions } from "./useActions";
import { useClipboard } from "./useClipboard";
import { useDrops } from "./useDrops";
import { useEditing } from "./useEditing";
import { useOpening } from "./useOpening";
import { useScene } from "./useScene";

const dialogs = () => import("./Dialogs");
const Dialogs = lazy(() => dialogs().then(({ Dialogs }) => ({ default: Dialogs })));

export function Canvas({ onOpenPanel }: { onOpenPanel?: () => void }) {
  const t = useStrings();
  const store = useDesignerStore();
  const scene = useScene();
  const selected = useDesigner((designer) => designer.selected);
  const select = useDesigner((designer) => designer.select);
  const notes = useDesigner((designer) => designer.history.now.notes);
  const [asked, ask] = useState<Asked | null>(null);
  const { control, setControl } = useControl();
  const statuses = useMemo(() => statusesOf(store), [store]);
  const editing = useEditing(scene, ask);
  const open = useOpening(onOpenPanel);
  const actions = useActions({ control, ask, open });
  const drops = useDrops(control);
  useCommands("canvas", actions.commands);
  const onMenu = useCallback(
    (point: { x: number; y: number }, name?: string) => {
      if (name && name in store.getState().history.now.nodes) {
        if (!store.getState().selected.includes(name)) select([name]);
      } else if (!name) select([]);
      ask({ kind: "menu", point });
    },
    [store, select],
  );
  useEffect(() => void dialogs(), []); // at hand before they are asked for
  const { workspace, draft } = store.getState();
  const clipboard = useClipboard(control);
  return (
    // biome-ignore lint/a11y/noStaticElementInteractions: what is within has the roles.
    <div className={styles.canvas} onKeyDown={actions.press} {...drops} {...clipboard}>
      <Graph
        label={t("canvas.label")}
        nodes={scene.nodes}
        wires={scene.wires}
        notes={notes}
        statuses={statuses}
        selected={selected}
        onSelect={select}
        onOpen={open}
        onMenu={onMenu}
        editing={editing}
        kept={`${workspace}/${draft}`}
        control={setControl}
      />
      {!scene.nodes.length && <Hint />}
      {asked && (
        <Suspense fallback={null}>
          <Dialogs asked={asked} ask={ask} scene={scene} control={control} menu={actions.menu} />
        </Suspense>
      )}
    </div>
  );
}

/** The canvas's control, which the palette and the outline use too. */
function useControl() {
  const control = useLook((look) => look.control);
  const setControl = useLook((look) => look.show);
  useEffect(() => () => setControl(null), [setControl]);
  return { control, setControl: setControl as (control: GraphControl | null) => void };
}
