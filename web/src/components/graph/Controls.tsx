import { ActionIcon, Group, Tooltip } from "@mantine/core";
import { Panel, useStore } from "@xyflow/react";
import { useStrings } from "@/strings";
import type { GraphControl } from "./types";

/** Nearer, farther, all of it. */
export function Controls({ control, isEmpty }: { control: GraphControl; isEmpty: boolean }) {
  const t = useStrings();
  const zoom = useStore((flow) => Math.round(flow.transform[2] * 100));
  const tools = [
    { sign: "−", label: t("graph.farther"), run: () => control.zoomBy(1 / 1.25) },
    { sign: `${zoom}%`, label: t("graph.plain", { zoom }), run: () => control.zoomBy(100 / zoom) },
    { sign: "+", label: t("graph.nearer"), run: () => control.zoomBy(1.25) },
    { sign: "⤢", label: t("graph.fit"), run: () => control.fit() },
  ];
  return (
    <Panel position="bottom-left" style={{ margin: 8 }}>
      <Group gap={2} role="toolbar" aria-label={t("graph.view")}>
        {tools.map(({ sign, label, run }) => (
          <Tooltip key={label} label={label}>
            <ActionIcon
              variant="default"
              size={26}
              w={sign.endsWith("%") ? 48 : undefined}
              fz={12}
              aria-label={sign.endsWith("%") ? `${sign} ${label}` : label}
              disabled={isEmpty}
              onClick={run}
            >
              {sign}
            </ActionIcon>
          </Tooltip>
        ))}
      </Group>
    </Panel>
  );
}
