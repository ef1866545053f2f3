import { AppShell, Button, Group, Kbd, Select, Text } from "@mantine/core";
import { useHotkeys } from "@mantine/hooks";
import { useQuery } from "@tanstack/react-query";
import { Link, Outlet, useNavigate, useParams } from "@tanstack/react-router";
import { useMemo, useState } from "react";
import { useCommands } from "@/services/commands";
import { workspaces } from "@/services/queries";
import { useStrings } from "@/strings";
import { Account } from "./Account";
import { Commands } from "./Commands";

const PLACES = {
  components: "/w/$workspace/components",
  pipelines: "/w/$workspace/pipelines",
  runs: "/w/$workspace/runs",
  schedules: "/w/$workspace/schedules",
  datasets: "/w/$workspace/datasets",
  models: "/w/$workspace/models",
} as const;
const NAMES = Object.keys(PLACES) as (keyof typeof PLACES)[];

/** The frame of all pages: where one is, where one can go, and who one is. */
export function Shell() {
  const t = useStrings();
  const [isAsking, setAsking] = useState(false);
  const { workspace } = useParams({ from: "/w/$workspace" });
  const navigate = useNavigate();
  useHotkeys([["mod+K", () => setAsking(true)]], []);
  const names = {
    components: t("shell.library"),
    pipelines: t("shell.pipelines"),
    runs: t("shell.runs"),
    schedules: t("shell.schedules"),
    datasets: t("shell.datasets"),
    models: t("shell.models"),
  };
  useCommands(
    "shell",
    useMemo(
      () =>
        NAMES.map((place) => ({
          id: `go-${place}`,
          label: t("shell.commands.go", {
            place: t(place === "components" ? "shell.library" : `shell.${place}`),
          }),
          run: () => void navigate({ to: PLACES[place], params: { workspace } }),
        })),
      [t, navigate, workspace],
    ),
  );
  return (
    <AppShell header={{ height: 48 }} padding={0}>
      <a href="#content" className="skip">
        {t("shell.skip")}
      </a>
      <AppShell.Header px="md">
        <Group h="100%" justify="space-between" wrap="nowrap">
          <Group gap="lg" wrap="nowrap">
            <Link to="/" aria-label="Millwork" style={{ display: "flex" }}>
              <img src="/millwork.svg" alt="" width={28} height={28} />
            </Link>
            <Group component="nav" gap="md" wrap="nowrap">
              {NAMES.map((place) => (
                <Link key={place} to={PLACES[place]} params={{ workspace }} className="place">
                  {names[place]}
                </Link>
              ))}
            </Group>
          </Group>
          <Group gap="sm" wrap="nowrap">
            <Button
              variant="default"
              size="compact-sm"
              onClick={() => setAsking(true)}
              rightSection={<Kbd size="xs">Ctrl K</Kbd>}
            >
              {t("shell.commands")}
            </Button>
            <Workspaces current={workspace} />
            <Account />
          </Group>
        </Group>
      </AppShell.Header>
      <AppShell.Main id="content" tabIndex={-1} h="100dvh">
        <Outlet />
      </AppShell.Main>
      {isAsking && <Commands onClose={() => setAsking(false)} />}
    </AppShell>
  );
}

/** Which workspace is looked at; of the only one nothing need be said. */
function Workspaces({ current }: { current: string }) {
  const t = useStrings();
  const navigate = useNavigate();
  const { data } = useQuery(workspaces);
  const names = data?.items.map((each) => each.name) ?? [];
  if (names.length < 2)
    return (
      <Text size="sm" c="dimmed">
        {current}
      </Text>
    );
  return (
    <Select
      size="xs"
      w={140}
      aria-label={t("shell.workspace")}
      data={names}
      value={current}
      allowDeselect={false}
      onChange={(name) =>
        name && void navigate({ to: "/w/$workspace/components", params: { workspace: name } })
      }
    />
  );
}
