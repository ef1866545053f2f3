import { Text } from "@mantine/core";
import { useInfiniteQuery, useQuery } from "@tanstack/react-query";
import { PlaceLink } from "@/components/PlaceLink";
import { useDesigner } from "@/services/designer/store";
import { workspaces } from "@/services/queries";
import { scheduleList } from "@/services/schedules";
import { useStrings } from "@/strings";
import { Run } from "./Run";

/** What runs the pipeline from here; in production, what a schedule runs is operated elsewhere. */
export default function RunOrCentre() {
  const workspace = useDesigner((designer) => designer.workspace);
  const { data, isPending } = useQuery(workspaces);
  const stage = data?.items.find(({ name }) => name === workspace)?.stage;
  if (isPending) return null;
  return stage === "production" ? <InProduction workspace={workspace} /> : <Run />;
}

function InProduction({ workspace }: { workspace: string }) {
  const t = useStrings();
  const name = useDesigner((designer) => String(designer.history.now.name ?? ""));
  const { data } = useInfiniteQuery(scheduleList(workspace, name));
  if (!data) return null;
  const rows = data.pages.flatMap((page) => page.items);
  const running = rows.find((row) => row.in_force && row.pipeline.startsWith(`${name}@`));
  if (!running) return <Run />;
  const about = t("production.about", { name: running.name });
  return (
    <Text size="xs" maw={240} lh={1.3} component="div" truncate="end">
      <Text inherit truncate title={about}>
        {about}
      </Text>
      {t("production.test")}{" "}
      <PlaceLink
        to="/w/$workspace/schedules"
        params={{ workspace }}
        search={{ tab: "test", schedule: running.name }}
        size="xs"
        underline="always"
      >
        {t("production.go")}
      </PlaceLink>
    </Text>
  );
}
