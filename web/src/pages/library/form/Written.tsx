import { Alert, Loader, Text, Title } from "@mantine/core";
import { lazy, Suspense } from "react";
import { PortMark } from "@/components/graph/PortMark";
import { type Fault, isError } from "@/models/faults";
import type { Face } from "@/services/library";
import { type Key, texts, useStrings } from "@/strings";
import type { Making } from "./editing";
import classes from "./form.module.css";

const Editor = lazy(() =>
  import("@/components/editor/Editor").then(({ Editor }) => ({ default: Editor })),
);

/** The file that is written, what is wrong with it, and what it will look like. */
export function Written({ making }: { making: Making }) {
  const t = useStrings();
  const { text, setText, isTried, check } = making;
  // What is still to be filled in is no reproach until somebody wants to save.
  const faults = making.faults.filter((fault) => isTried || !fault.message.startsWith("missing: "));
  return (
    <aside className={classes.aside} aria-label={t("make.file")}>
      <Title order={2} size="h6">
        {t("make.file")}
      </Title>
      <Suspense fallback={<Loader type="dots" />}>
        <Editor
          value={text}
          language="yaml"
          label={t("make.file")}
          onChange={setText}
          faults={faults}
        />
      </Suspense>
      {check.error ? (
        <Alert color="red" role="alert">
          {check.error.message}
        </Alert>
      ) : (
        <Findings faults={faults} />
      )}
      {check.data?.face && <Node face={check.data.face} flavour={check.data.flavour} />}
    </aside>
  );
}

function Findings({ faults }: { faults: Fault[] }) {
  const t = useStrings();
  if (!faults.length) return null;
  return (
    <div className={classes.faults} role="status">
      {faults.map((fault) => (
        <div key={`${fault.line} ${fault.path} ${fault.message}`} className={classes.fault}>
          <span>{fault.line ? t("make.line", { line: fault.line }) : fault.path}</span>
          <Text span size="sm" c={isError(fault) ? "var(--mantine-color-error)" : undefined}>
            {fault.message}
          </Text>
        </div>
      ))}
    </div>
  );
}

/** What stands on a canvas of it. */
function Node({ face, flavour }: { face: Face; flavour: string }) {
  const t = useStrings();
  const key = `pipelines.dialect.${flavour}`;
  return (
    <div className={classes.node}>
      <span className={classes.ports}>
        {face.inputs.map(({ name, type }) => (
          <PortMark key={name} type={type} label={`${name}: ${type}`} />
        ))}
      </span>
      <div>
        <Text size="sm" fw={600} ta="center">
          {face.title} {face.version}
        </Text>
        {flavour !== "millwork" && key in texts[t.language] && (
          <Text size="xs" c="dimmed" ta="center">
            {t(key as Key)}
          </Text>
        )}
      </div>
      <span className={classes.ports}>
        {face.outputs.map(({ name, type }) => (
          <PortMark key={name} type={type} label={`${name}: ${type}`} />
        ))}
      </span>
    </div>
  );
}
