import { ActionIcon, Tabs, Text } from "@mantine/core";
import { lazy, Suspense, useState } from "react";
import { CloseIcon } from "@/components/icons";
import { Empty, Loading } from "@/components/states";
import { useDesigner } from "@/services/designer/store";
import { useStrings } from "@/strings";
import { useIsStale } from "../frame/stale";
import { Charts } from "./Charts";
import classes from "./Drawer.module.css";
import { ErrorPart } from "./ErrorPart";
import { PreviewPart } from "./PreviewPart";

const LogView = lazy(() =>
  import("@/components/logs/LogView").then(({ LogView }) => ({ default: LogView })),
);
const Spec = lazy(() => import("./Spec").then(({ Spec }) => ({ default: Spec })));

/** What the chosen node reads and leaves, prints, and is in the file. */
export function Drawer({ onClose }: { onClose: () => void }) {
  const t = useStrings();
  const [tab, setTab] = useState<string | null>("preview");
  const name = useDesigner(({ selected, history }) =>
    selected.filter((each) => each in history.now.nodes).at(-1),
  );
  const status = useDesigner((designer) => (name ? designer.steps[name]?.status : undefined));
  const hasFailed = status === "failed";
  return (
    <Tabs value={tab} onChange={setTab} keepMounted={false} classNames={classes}>
      <div className={classes.head}>
        <Text size="xs" fw={600} className={classes.title} truncate>
          {name ?? t("drawer.pipeline")}
        </Text>
        <Tabs.List>
          <Tabs.Tab value="preview">{t("drawer.preview")}</Tabs.Tab>
          <Tabs.Tab value="charts">{t("drawer.charts")}</Tabs.Tab>
          <Tabs.Tab value="log">{t("drawer.log")}</Tabs.Tab>
          <Tabs.Tab value="error" c={hasFailed ? "red" : undefined}>
            {t("drawer.error")}
          </Tabs.Tab>
          <Tabs.Tab value="spec">{t("drawer.spec")}</Tabs.Tab>
        </Tabs.List>
        <ActionIcon
          ml="auto"
          my="auto"
          mr={6}
          variant="subtle"
          color="gray"
          aria-label={t("drawer.close")}
          onClick={onClose}
        >
          <CloseIcon size={14} />
        </ActionIcon>
      </div>

      {name && <Stale name={name} />}
      <Tabs.Panel value="preview">
        {name ? <PreviewPart key={name} name={name} /> : <Choose />}
      </Tabs.Panel>
      <Tabs.Panel value="charts" tabIndex={0}>
        {name ? <Charts key={name} name={name} /> : <Choose />}
      </Tabs.Panel>
      <Tabs.Panel value="log">{name ? <Log key={name} name={name} /> : <Choose />}</Tabs.Panel>
      <Tabs.Panel value="error" tabIndex={0}>
        {name ? <ErrorPart name={name} onLog={() => setTab("log")} /> : <Choose />}
      </Tabs.Panel>
      <Tabs.Panel value="spec">
        <Suspense fallback={<Loading />}>
          <Spec key={name ?? ""} name={name ?? ""} />
        </Suspense>
      </Tabs.Panel>
    </Tabs>
  );
}

function Choose() {
  const t = useStrings();
  return <Empty title={t("drawer.choose")}>{t("drawer.choose.hint")}</Empty>;
}

/** That what is shown is of what stands here no more. */
function Stale({ name }: { name: string }) {
  const t = useStrings();
  const isStale = useIsStale(name);
  const hasStep = useDesigner((designer) => name in designer.steps);
  if (!isStale || !hasStep) return null;
  return (
    <Text size="xs" px="sm" py={2} className={classes.stale}>
      {t("drawer.stale")}
    </Text>
  );
}

function Log({ name }: { name: string }) {
  const t = useStrings();
  const workspace = useDesigner((designer) => designer.workspace);
  const run = useDesigner((designer) => designer.run);
  const step = useDesigner((designer) => designer.steps[name]);
  if (!run || !step) return <Empty title={t("drawer.unrun")}>{t("drawer.unrun.hint")}</Empty>;
  if (step.isReused) return <Empty title={t("drawer.reused")}>{t("drawer.reused.hint")}</Empty>;
  if (step.status === "pending") return <Empty title={t("drawer.waiting")} />;
  return (
    <Suspense fallback={<Loading />}>
      <LogView key={run} workspace={workspace} run={run} step={name} />
    </Suspense>
  );
}
