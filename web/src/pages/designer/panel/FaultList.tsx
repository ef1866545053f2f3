import { Text } from "@mantine/core";
import { useDesigner, useDesignerStore } from "@/services/designer/store";
import { useStrings } from "@/strings";
import classes from "./Panel.module.css";

const MOST = 50;

/** All that is wrong, each with the node that it belongs to; a click goes there. */
export function FaultList() {
  const t = useStrings();
  const store = useDesignerStore();
  const faults = useDesigner((designer) => designer.plan?.faults);
  if (!faults) return null;
  if (!faults.length)
    return (
      <Text size="xs" c="dimmed">
        {t("panel.faults.none")}
      </Text>
    );
  return (
    <section aria-label={t("panel.faults")}>
      <h3 className={classes.heading}>{t.count("panel.faults", faults.length)}</h3>
      {faults.slice(0, MOST).map((fault) => (
        <button
          key={`${fault.path} ${fault.message}`}
          type="button"
          className={classes.fault}
          data-severity={fault.severity}
          onClick={() => store.getState().select(fault.node ? [fault.node] : [])}
        >
          {fault.node && <strong>{[fault.node, fault.name].filter(Boolean).join(" · ")}: </strong>}
          {fault.message}
        </button>
      ))}
      {faults.length > MOST && (
        <Text size="xs" c="dimmed">
          {t("panel.faults.more", { count: faults.length - MOST })}
        </Text>
      )}
    </section>
  );
}
