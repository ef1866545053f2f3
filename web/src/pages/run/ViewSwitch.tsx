import { SegmentedControl, Text } from "@mantine/core";
import type { Run } from "@/models/runs";
import { useStrings } from "@/strings";
import { VIEWS, type View } from "./address";
import classes from "./RunPage.module.css";

interface Switch {
  view: View;
  run: Run;
  onChange: (view: View) => void;
}

export function ViewSwitch({ view, run, onChange }: Switch) {
  const t = useStrings();
  return (
    <div className={classes.switch}>
      <SegmentedControl
        size="xs"
        aria-label={t("run.view")}
        data={VIEWS.map((each) => ({ value: each, label: t(`run.view.${each}`) }))}
        value={view}
        onChange={(each) => onChange(each as View)}
      />
      <span className={classes.grow} />
      <Text size="xs" c="dimmed">
        {t.count("run.steps", run.steps.length)}
      </Text>
    </div>
  );
}
