import { Tabs } from "@mantine/core";
import { lazy, Suspense, useState } from "react";
import { Loading } from "@/components/states";
import { useStrings } from "@/strings";
import { Palette } from "./Palette";
import { Parameters } from "./Parameters";
import classes from "./Rail.module.css";

const Outline = lazy(() => import("./Outline").then(({ Outline }) => ({ default: Outline })));
const Versions = lazy(() => import("./Versions").then(({ Versions }) => ({ default: Versions })));

/** What stands beside the canvas: what can be added, what is there, and what was before. */
export function Rail() {
  const t = useStrings();
  const [tab, setTab] = useState<string | null>("palette");
  return (
    <Tabs value={tab} onChange={setTab} keepMounted={false} classNames={classes}>
      <Tabs.List>
        <Tabs.Tab value="palette">{t("rail.palette")}</Tabs.Tab>
        <Tabs.Tab value="outline">{t("rail.outline")}</Tabs.Tab>
        <Tabs.Tab value="parameters">{t("rail.parameters")}</Tabs.Tab>
        <Tabs.Tab value="versions">{t("rail.versions")}</Tabs.Tab>
      </Tabs.List>
      <Tabs.Panel value="palette">
        <Palette />
      </Tabs.Panel>
      <Tabs.Panel value="outline">
        <Suspense fallback={<Loading />}>
          <Outline />
        </Suspense>
      </Tabs.Panel>
      <Tabs.Panel value="parameters">
        <Parameters />
      </Tabs.Panel>
      <Tabs.Panel value="versions">
        <Suspense fallback={<Loading />}>
          <Versions />
        </Suspense>
      </Tabs.Panel>
    </Tabs>
  );
}
