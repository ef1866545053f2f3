import { Text } from "@mantine/core";
import { useStrings } from "@/strings";
import styles from "./Canvas.module.css";

/** What to do with an empty canvas. */
export function Hint() {
  const t = useStrings();
  return (
    <div className={styles.hint}>
      <Text fw={600}>{t("canvas.empty")}</Text>
      <Text size="sm" c="var(--graph-dim)">
        {t("canvas.empty.hint")}
      </Text>
    </div>
  );
}
