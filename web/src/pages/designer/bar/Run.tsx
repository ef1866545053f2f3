import { ActionIcon, Button, Menu, Tooltip } from "@mantine/core";
import { useHotkeys } from "@mantine/hooks";
import { notifications } from "@mantine/notifications";
import { Link } from "@tanstack/react-router";
import { lazy, Suspense, useCallback, useMemo, useState } from "react";
import { DownIcon, PlayIcon, StopIcon } from "@/components/icons";
import { StatusMark } from "@/components/status/StatusMark";
import { asksFor } from "@/models/pipeline/asks";
import { type Command, useCommands } from "@/services/commands";
import { useSaver } from "@/services/designer/draft";
import { startRun, stopRun, type Wish } from "@/services/designer/running";
import { useDesigner, useDesignerStore } from "@/services/designer/store";
import { useStrings } from "@/strings";

const RunDialog = lazy(() =>
  import("./RunDialog").then(({ RunDialog }) => ({ default: RunDialog })),
);

const LIVE = ["queued", "running"];
/** The empty name stands for every step of the run. */
const ALL = [""];

/** Runs all of it or a part, says how the last run went, and stops it. */
export function Run() {
  const t = useStrings();
  const { start, isStarting, isAsking, setAsking } = useStart();
  const node = useDesigner(({ selected, history }) =>
    selected.filter((name) => name in history.now.nodes).at(-1),
  );
  const status = useDesigner((designer) => designer.runStatus);
  const isEmpty = useDesigner((designer) => !Object.keys(designer.history.now.nodes).length);
  const isLive = LIVE.includes(status);
  const items = useItems(node, start, () => setAsking(true));
  useHotkeys([
    ["mod+Enter", () => !isEmpty && start({})],
    ["R", () => node && start({ last: node })],
  ]);
  return (
    <>
      <LastRun />
      {isLive && <Stop />}
      <Button.Group style={{ flexShrink: 0 }}>
        <Button
          size="xs"
          leftSection={<PlayIcon size={12} />}
          loading={isStarting}
          disabled={isEmpty}
          onClick={() => start({})}
        >
          {t("running.all")}
        </Button>
        <Menu position="bottom-end">
          <Menu.Target>
            <Button size="xs" px={6} aria-label={t("running.more")} disabled={isEmpty}>
              <DownIcon size={14} />
            </Button>
          </Menu.Target>
          <Menu.Dropdown>
            {items.map(({ id, label, keys, isDisabled, run }) => (
              <Menu.Item key={id} disabled={isDisabled} rightSection={keys} onClick={run}>
                {label}
              </Menu.Item>
            ))}
          </Menu.Dropdown>
        </Menu>
      </Button.Group>
      <Suspense>
        {isAsking && <RunDialog onRun={start} onClose={() => setAsking(false)} />}
      </Suspense>
    </>
  );
}

function useStart() {
  const t = useStrings();
  const store = useDesignerStore();
  const saver = useSaver();
  const [isStarting, setStarting] = useState(false);
  const [isAsking, setAsking] = useState(false);
  const start = useCallback(
    (wish: Wish) => {
      // What only whoever runs it can say is asked for first.
      if (!wish.parameters && asksFor(store.getState().history.now)) {
        setAsking(true);
        return;
      }
      setStarting(true);
      startRun(store, saver, wish)
        .then((notices) => {
          for (const message of notices) notifications.show({ color: "yellow", message });
        })
        .catch((error: unknown) => {
          const message =
            error instanceof Error && error.message ? error.message : t("running.unsaved");
          notifications.show({
            color: "red",
            title: t("running.failed"),
            message,
            autoClose: 12_000,
          });
        })
        .finally(() => setStarting(false));
    },
    [store, saver, t],
  );
  return { start, isStarting, isAsking, setAsking };
}

/** What can be run, for the menu and for the command palette alike. */
function useItems(node: string | undefined, start: (wish: Wish) => void, ask: () => void) {
  const t = useStrings();
  const items = useMemo((): Command[] => {
    const isDisabled = node === undefined;
    const at = node ?? "";
    return [
      { id: "run-all", label: t("running.menu.all"), keys: "Ctrl Enter", run: () => start({}) },
      { id: "run-only", label: t("running.menu.only"), isDisabled, run: () => start({ only: at }) },
      {
        id: "run-from",
        label: t("running.menu.from"),
        isDisabled,
        // What people point at is done anew, and so is what follows; before it all is taken.
        run: () => start({ first: at, force: ALL }),
      },
      {
        id: "run-to",
        label: t("running.menu.to"),
        keys: "R",
        isDisabled,
        run: () => start({ last: at }),
      },
      { id: "run-with", label: t("running.menu.with"), run: ask },
      {
        id: "run-again",
        label: t("running.menu.again"),
        isDisabled,
        run: () => start({ only: at, force: [at] }),
      },
      {
        id: "run-force",
        label: t("running.menu.force"),
        run: () => start({ force: ALL }),
      },
    ];
  }, [t, node, start, ask]);
  useCommands("run", items);
  return items;
}

function LastRun() {
  const t = useStrings();
  const workspace = useDesigner((designer) => designer.workspace);
  const run = useDesigner((designer) => designer.run);
  const status = useDesigner((designer) => designer.runStatus);
  const reason = useDesigner((designer) => designer.runReason);
  if (!run || !status) return null;
  return (
    <Tooltip label={reason || t("running.open")}>
      <Link
        to="/w/$workspace/runs/$run"
        params={{ workspace, run }}
        style={{ color: "inherit", textDecoration: "none", flexShrink: 0, fontSize: 12 }}
        data-run={run}
      >
        <StatusMark status={status} />
      </Link>
    </Tooltip>
  );
}

function Stop() {
  const t = useStrings();
  const workspace = useDesigner((designer) => designer.workspace);
  const run = useDesigner((designer) => designer.run);
  const stop = () =>
    stopRun(workspace, run).catch((error: unknown) => {
      notifications.show({ color: "red", message: error instanceof Error ? error.message : "" });
    });
  return (
    <Tooltip label={t("running.stop")}>
      <ActionIcon
        variant="light"
        color="red"
        aria-label={t("running.stop")}
        onClick={() => void stop()}
      >
        <StopIcon />
      </ActionIcon>
    </Tooltip>
  );
}
