import { ActionIcon, Badge, Button, Group, Tooltip } from "@mantine/core";
import { useHotkeys } from "@mantine/hooks";
import { lazy, type ReactNode, Suspense } from "react";
import { LeftPartIcon, LowerPartIcon, RedoIcon, RightPartIcon, UndoIcon } from "@/components/icons";
import { isName, setOwn } from "@/models/pipeline/own";
import { useRegistry } from "@/services/commands";
import { useDesigner, useDesignerStore } from "@/services/designer/store";
import { useStrings } from "@/strings";
import type { Sizes } from "../frame/sizes";
import { NameField } from "../panel/NameField";
import classes from "./Bar.module.css";
import { Exchange } from "./Exchange";
import { Publish } from "./Publish";
import { SavedState } from "./SavedState";

const RunOrCentre = lazy(() => import("./RunOrCentre"));
const ScheduleLink = lazy(() => import("./ScheduleLink"));

interface BarProps {
  sizes: Sizes;
  onSizes: (some: Partial<Sizes>) => void;
}

/** What this is, whether it is kept, and what can be done with the whole of it. */
export function Bar({ sizes, onSizes }: BarProps) {
  return (
    <header className={classes.bar}>
      <Name />
      <SavedState />
      <Faults />
      <div className={classes.space} />
      <Undo />
      <Layout />
      <Suspense>
        <RunOrCentre />
      </Suspense>
      <Publish />
      <Suspense>
        <ScheduleLink />
      </Suspense>
      <Exchange />
      <Parts sizes={sizes} onSizes={onSizes} />
    </header>
  );
}

function Name() {
  const t = useStrings();
  const { edit } = useDesignerStore().getState();
  const name = useDesigner((designer) => String(designer.history.now.name ?? ""));
  const version = useDesigner((designer) => designer.history.now.version);
  const draft = useDesigner((designer) => designer.draft);
  const call = (to: string): string => {
    if (!isName(to)) return t("panel.name.wrong");
    edit(t("panel.did.own", { field: t("panel.pipeline.name") }), setOwn("name", to));
    return "";
  };
  return (
    <Group gap={6} wrap="nowrap" className={classes.name}>
      <NameField isQuiet label={t("panel.pipeline.name")} value={name} onChange={call} />
      <Tooltip label={t("bar.draft.about", { draft })}>
        <Badge variant="light" size="sm" radius="sm" tt="none" style={{ flexShrink: 0 }}>
          {t("bar.draft", { version: version || "–" })}
        </Badge>
      </Tooltip>
    </Group>
  );
}

/** How many faults there are; a click shows them all beside the pipeline. */
function Faults() {
  const t = useStrings();
  const store = useDesignerStore();
  const errors = useDesigner(
    (designer) => designer.plan?.faults.filter((fault) => fault.severity !== "warning").length ?? 0,
  );
  if (!errors) return null;
  return (
    <Button
      size="compact-xs"
      variant="light"
      color="red"
      onClick={() => store.getState().select([])}
      style={{ flexShrink: 0 }}
    >
      {t.count("bar.faults", errors)}
    </Button>
  );
}

function Undo() {
  const t = useStrings();
  const store = useDesignerStore();
  const done = useDesigner((designer) => designer.history.done.at(-1)?.label);
  const undone = useDesigner((designer) => designer.history.undone.at(-1)?.label);
  const { undo, redo } = store.getState();
  useHotkeys([
    ["mod+Z", undo],
    ["mod+shift+Z", redo],
    ["mod+Y", redo],
  ]);
  const back = done === undefined ? t("bar.undo") : t("bar.undo.of", { label: done });
  const forth = undone === undefined ? t("bar.redo") : t("bar.redo.of", { label: undone });
  return (
    <ActionIcon.Group>
      <Step label={back} isDisabled={done === undefined} onClick={undo}>
        <UndoIcon />
      </Step>
      <Step label={forth} isDisabled={undone === undefined} onClick={redo}>
        <RedoIcon />
      </Step>
    </ActionIcon.Group>
  );
}

interface StepProps {
  label: string;
  isDisabled: boolean;
  onClick: () => void;
  children: ReactNode;
}

function Step({ label, isDisabled, onClick, children }: StepProps) {
  return (
    <Tooltip label={label}>
      <ActionIcon variant="default" aria-label={label} disabled={isDisabled} onClick={onClick}>
        {children}
      </ActionIcon>
    </Tooltip>
  );
}

const LAYOUT = "layout";

/** The canvas's own command to put the nodes in order. */
function Layout() {
  const command = useRegistry((registry) =>
    Object.values(registry.byOwner)
      .flat()
      .find(({ id }) => id === LAYOUT),
  );
  if (!command) return null;
  return (
    <Button
      size="xs"
      variant="default"
      className={classes.wide}
      disabled={command.isDisabled}
      onClick={command.run}
    >
      {command.label}
    </Button>
  );
}

function Parts({ sizes, onSizes }: BarProps) {
  const t = useStrings();
  const parts = [
    { field: "hasRail", label: t("frame.rail.toggle"), icon: <LeftPartIcon /> },
    { field: "hasDrawer", label: t("frame.drawer.toggle"), icon: <LowerPartIcon /> },
    { field: "hasPanel", label: t("frame.panel.toggle"), icon: <RightPartIcon /> },
  ] as const;
  return (
    <ActionIcon.Group>
      {parts.map(({ field, label, icon }) => (
        <Tooltip key={field} label={label}>
          <ActionIcon
            variant={sizes[field] ? "light" : "default"}
            aria-label={label}
            aria-pressed={sizes[field]}
            onClick={() => onSizes({ [field]: !sizes[field] })}
          >
            {icon}
          </ActionIcon>
        </Tooltip>
      ))}
    </ActionIcon.Group>
  );
}
