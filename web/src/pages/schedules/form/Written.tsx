import { Alert, Group, Loader, NumberInput, Text, Title } from "@mantine/core";
import { lazy, Suspense } from "react";
import { isError } from "@/models/faults";
import { isMissing } from "@/models/schedules/faults";
import { recurs } from "@/models/schedules/words";
import { useStrings } from "@/strings";
import { CycleTable } from "../list/CycleTable";
import type { Making } from "./editing";
import classes from "./form.module.css";

const Editor = lazy(() =>
  import("@/components/editor/Editor").then(({ Editor }) => ({ default: Editor })),
);

const MOST = 366;

/** The file that is written, what is wrong with it, and when it would be due with which values. */
export function Written({ making }: { making: Making }) {
  const t = useStrings();
  const { text, setText, isTried, check } = making;
  const faults = making.faults.filter((fault) => isTried || !isMissing(fault));
  return (
    <aside className={classes.aside} aria-label={t("scheduling.file")}>
      <Title order={2} size="h6">
        {t("scheduling.file")}
      </Title>
      <div className={classes.editor}>
        <Suspense fallback={<Loader type="dots" />}>
          <Editor
            value={text}
            language="yaml"
            label={t("scheduling.file")}
            onChange={setText}
            faults={faults}
          />
        </Suspense>
      </div>
      {check.error ? (
        <Alert color="red" role="alert">
          {check.error.message}
        </Alert>
      ) : (
        <div className={classes.faults} role="status">
          {faults.map((fault) => (
            <div key={`${fault.line} ${fault.path} ${fault.message}`} className={classes.fault}>
              <span>{fault.line ? t("make.line", { line: fault.line }) : fault.path}</span>
              <Text span size="sm" c={isError(fault) ? "var(--status-failed)" : undefined}>
                {fault.message}
              </Text>
            </div>
          ))}
        </div>
      )}
      <Ahead making={making} />
    </aside>
  );
}

function Ahead({ making }: { making: Making }) {
  const t = useStrings();
  const { words = "", cycles = [] } = making.check.data ?? {};
  return (
    <section className={classes.ahead} aria-label={t("scheduling.preview")}>
      <Group justify="space-between" wrap="nowrap" align="flex-start">
        <div>
          <Title order={2} size="h6">
            {t("scheduling.preview")}
          </Title>
          <Text size="sm">{recurs(words, t.language)}</Text>
        </div>
        <NumberInput
          size="xs"
          w={80}
          aria-label={t("scheduling.preview.count")}
          min={1}
          max={MOST}
          value={making.count}
          onChange={(value) => making.setCount(Math.min(MOST, Math.max(1, Number(value) || 1)))}
        />
      </Group>
      {cycles.length > 0 && <CycleTable cycles={cycles} />}
      {!words && (
        <Text size="sm" c="dimmed">
          {t("scheduling.preview.none")}
        </Text>
      )}
    </section>
  );
}
