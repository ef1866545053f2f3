import { Button } from "@mantine/core";
import { useInfiniteQuery } from "@tanstack/react-query";
import { Link } from "@tanstack/react-router";
import { useDesigner } from "@/services/designer/store";
import { published } from "@/services/pipelines";
import { useStrings } from "@/strings";

/** Leads to the form of a new schedule of this pipeline, once it is published. */
export default function ScheduleLink() {
  const t = useStrings();
  const workspace = useDesigner((designer) => designer.workspace);
  const name = useDesigner((designer) => String(designer.history.now.name ?? ""));
  const query = useInfiniteQuery({ ...published(workspace, name), enabled: name !== "" });
  const rows = query.data?.pages.flatMap((page) => page.items) ?? [];
  if (!rows.some((row) => row.name === name)) return null;
  return (
    <Button
      size="xs"
      variant="default"
      style={{ flexShrink: 0 }}
      renderRoot={(props) => (
        <Link
          to="/w/$workspace/new-schedule"
          params={{ workspace }}
          search={{ pipeline: name }}
          {...props}
        />
      )}
    >
      {t("bar.schedule")}
    </Button>
  );
}
