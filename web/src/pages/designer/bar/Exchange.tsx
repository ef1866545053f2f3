import { ActionIcon, Menu } from "@mantine/core";
import { notifications } from "@mantine/notifications";
import { lazy, Suspense, useRef, useState } from "react";
import { MoreIcon } from "@/components/icons";
import { converted } from "@/services/conversions";
import { DIALECTS, type Dialect } from "@/services/designer/exchange";
import { useStrings } from "@/strings";
import type { Come } from "./ExchangeDialogs";

const ExportDialog = lazy(() =>
  import("./ExchangeDialogs").then(({ ExportDialog }) => ({ default: ExportDialog })),
);
const ImportDialog = lazy(() =>
  import("./ExchangeDialogs").then(({ ImportDialog }) => ({ default: ImportDialog })),
);
const NAMES = Object.keys(DIALECTS) as Dialect[];

/** To other formats and from them; what is lost on the way is told first. */
export function Exchange() {
  const t = useStrings();
  const [to, setTo] = useState<Dialect | null>(null);
  const [come, setCome] = useState<Come | null>(null);
  const file = useRef<HTMLInputElement>(null);
  const take = async (chosen: File | undefined) => {
    if (!chosen) return;
    try {
      const conversion = await converted(await chosen.text(), chosen.name);
      setCome({ name: chosen.name, conversion });
    } catch (error) {
      const message = error instanceof Error ? error.message : "";
      notifications.show({ color: "red", title: t("exchange.refused"), message });
    }
  };
  return (
    <>
      <Menu position="bottom-end">
        <Menu.Target>
          <ActionIcon variant="default" aria-label={t("exchange")}>
            <MoreIcon />
          </ActionIcon>
        </Menu.Target>
        <Menu.Dropdown>
          <Menu.Label>{t("exchange.export")}</Menu.Label>
          {NAMES.map((each) => (
            <Menu.Item key={each} onClick={() => setTo(each)}>
              {t(`exchange.to.${each}`)}
            </Menu.Item>
          ))}
          <Menu.Divider />
          <Menu.Item onClick={() => file.current?.click()}>{t("exchange.import")}</Menu.Item>
        </Menu.Dropdown>
      </Menu>
      <input
        ref={file}
        type="file"
        hidden
        accept=".yaml,.yml,.json"
        aria-label={t("exchange.import")}
        onChange={(event) => {
          void take(event.currentTarget.files?.[0]);
          event.currentTarget.value = "";
        }}
      />
      <Suspense>
        {to && <ExportDialog to={to} onClose={() => setTo(null)} />}
        {come && <ImportDialog {...come} onClose={() => setCome(null)} />}
      </Suspense>
    </>
  );
}
