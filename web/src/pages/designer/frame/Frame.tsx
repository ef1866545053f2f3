import { useHotkeys } from "@mantine/hooks";
import { lazy, Suspense, useCallback, useMemo } from "react";
import { Loading } from "@/components/states";
import { useCommands } from "@/services/commands";
import { useDesigner } from "@/services/designer/store";
import { useStrings } from "@/strings";
import { Bar } from "../bar/Bar";
import { Canvas } from "../canvas/Canvas";
import { Panel } from "../panel/Panel";
import { Rail } from "../rail/Rail";
import { Divider } from "./Divider";
import classes from "./Frame.module.css";
import { useSizes } from "./sizes";

const Drawer = lazy(() => import("../drawer/Drawer").then(({ Drawer }) => ({ default: Drawer })));

/** The designer's parts and where they stand: bar, rail, canvas, panel and drawer. */
export function Frame() {
  const t = useStrings();
  const [sizes, change] = useSizes();
  const hasSelection = useDesigner((designer) => designer.selected.length === 1);
  const { hasRail, hasPanel, hasDrawer } = sizes;
  const openPanel = useCallback(() => change({ hasPanel: true }), [change]);
  useHotkeys([["mod+J", () => change({ hasDrawer: !hasDrawer })]], []);
  useCommands(
    "frame",
    useMemo(
      () => [
        { id: "rail", label: t("frame.rail.toggle"), run: () => change({ hasRail: !hasRail }) },
        { id: "panel", label: t("frame.panel.toggle"), run: () => change({ hasPanel: !hasPanel }) },
        {
          id: "drawer",
          label: t("frame.drawer.toggle"),
          keys: "Ctrl J",
          run: () => change({ hasDrawer: !hasDrawer }),
        },
      ],
      [t, change, hasRail, hasPanel, hasDrawer],
    ),
  );
  return (
    <div className={classes.frame}>
      <Bar sizes={sizes} onSizes={change} />
      <div className={classes.body}>
        {hasRail && (
          <>
            <aside
              className={classes.rail}
              style={{ width: sizes.rail }}
              aria-label={t("frame.rail")}
            >
              <Rail />
            </aside>
            <Divider
              part="rail"
              size={sizes.rail}
              label={t("frame.rail.width")}
              onChange={(rail) => change({ rail })}
            />
          </>
        )}
        <div className={classes.centre}>
          <div className={classes.canvas}>
            <Canvas onOpenPanel={openPanel} />
          </div>
          {hasDrawer && (
            <>
              <Divider
                part="drawer"
                size={sizes.drawer}
                label={t("frame.drawer.height")}
                onChange={(drawer) => change({ drawer })}
              />
              <section
                className={classes.drawer}
                style={{ height: sizes.drawer }}
                aria-label={t("frame.drawer")}
              >
                <Suspense fallback={<Loading />}>
                  <Drawer onClose={() => change({ hasDrawer: false })} />
                </Suspense>
              </section>
            </>
          )}
          {!hasDrawer && hasSelection && (
            <DrawerHandle onOpen={() => change({ hasDrawer: true })} />
          )}
        </div>
        {hasPanel && (
          <>
            <Divider
              part="panel"
              size={sizes.panel}
              label={t("frame.panel.width")}
              onChange={(panel) => change({ panel })}
            />
            <aside
              className={classes.panel}
              style={{ width: sizes.panel }}
              aria-label={t("frame.panel")}
            >
              <Panel />
            </aside>
          </>
        )}
      </div>
    </div>
  );
}

function DrawerHandle({ onOpen }: { onOpen: () => void }) {
  const t = useStrings();
  return (
    <button type="button" className={classes.handle} onClick={onOpen}>
      {t("frame.drawer.open")}
    </button>
  );
}
