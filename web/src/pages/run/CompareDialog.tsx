import { Modal, NavLink, Stack, Text } from "@mantine/core";
import { useInfiniteQuery } from "@tanstack/react-query";
import { useNavigate } from "@tanstack/react-router";
import { StatusMark } from "@/components/status/StatusMark";
import { useNow } from "@/components/status/useNow";
import { ago } from "@/models/ago";
import { definitionOf, type Run } from "@/models/runs";
import { runPages } from "@/services/runs";
import { useStrings } from "@/strings";

interface Of {
  workspace: string;
  run: Run;
  onClose: () => void;
}

/** Which other run of the same definition it is compared with. */
export function CompareDialog({ workspace, run, onClose }: Of) {
  const t = useStrings();
  const now = useNow(false);
  const navigate = useNavigate();
  const { name } = definitionOf(run.definition);
  const { data } = useInfiniteQuery(runPages(workspace, {}));
  const all = data?.pages.flatMap((page) => page.items) ?? [];
  const others = all.filter((each) => each.run !== run.run);
  const alike = others.filter((each) => definitionOf(each.definition).name === name);
  const choose = (other: { run: string; created: number }) => {
    const [before, after] = other.created < run.created ? [other, run] : [run, other];
    void navigate({
      to: "/w/$workspace/compare/$before/$after",
      params: { workspace, before: before.run, after: after.run },
    });
  };
  const shown = (alike.length ? alike : others).slice(0, 50);
  return (
    <Modal
      opened
      onClose={onClose}
      title={t("run.compare.title")}
      closeButtonProps={{ "aria-label": t("shell.close") }}
    >
      <Stack gap={0} mah={420} style={{ overflow: "auto" }}>
        {shown.map((each) => (
          <NavLink
            key={each.run}
            component="button"
            label={each.name || each.definition}
            description={`${ago(each.created, now, t.language)} · ${each.creator}`}
            leftSection={<StatusMark status={each.status} isWordy={false} />}
            onClick={() => choose(each)}
          />
        ))}
        {!shown.length && <Text size="sm">{t("run.compare.none")}</Text>}
      </Stack>
    </Modal>
  );
}
