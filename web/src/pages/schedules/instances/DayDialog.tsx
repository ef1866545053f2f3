import { Modal } from "@mantine/core";
import { useInfiniteQuery } from "@tanstack/react-query";
import { More } from "@/components/More";
import { Failed, Loading } from "@/components/states";
import { type GridFilter, instancesOf } from "@/services/instances";
import { useStrings } from "@/strings";
import { InstanceList } from "./InstanceList";

interface Props {
  workspace: string;
  schedule: string;
  bizdate: string;
  kind: GridFilter["kind"];
  onClose: () => void;
}

/** The instances of a schedule on a business date, where there are several. */
export function DayDialog({ workspace, schedule, bizdate, kind, onClose }: Props) {
  const t = useStrings();
  const sought = { schedule, first: bizdate, last: bizdate, ...(kind && { kind }) };
  const query = useInfiniteQuery(instancesOf(workspace, sought));
  const found = query.data?.pages.flatMap((page) => page.items) ?? [];
  const rows = kind ? found : found.filter((row) => row.kind !== "test");
  return (
    <Modal
      opened
      onClose={onClose}
      size="xl"
      title={t("instances.of", { schedule, date: bizdate })}
      closeButtonProps={{ "aria-label": t("shell.close") }}
    >
      {query.isPending && <Loading />}
      {query.isError && <Failed error={query.error} />}
      {rows.length > 0 && <InstanceList workspace={workspace} rows={rows} />}
      <More query={query} />
    </Modal>
  );
}
