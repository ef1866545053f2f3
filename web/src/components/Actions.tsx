import { ActionIcon, Menu } from "@mantine/core";
import type { ReactNode } from "react";
import { useStrings } from "@/strings";

/** What can be done with a row, behind one button. */
export function Actions({ of, children }: { of: string; children: ReactNode }) {
  const t = useStrings();
  return (
    <Menu position="bottom-end" withinPortal>
      <Menu.Target>
        <ActionIcon variant="subtle" color="gray" aria-label={t("pipelines.actions", { name: of })}>
          ⋯
        </ActionIcon>
      </Menu.Target>
      <Menu.Dropdown>{children}</Menu.Dropdown>
    </Menu>
  );
}
