import { Text } from "@mantine/core";
import { useQuery } from "@tanstack/react-query";
import { PlaceLink } from "@/components/PlaceLink";
import { ThingLink } from "@/components/registry/ThingLink";
import { Failed, Loading } from "@/components/states";
import { assetOf } from "@/models/asset";
import { isOver } from "@/models/runs";
import type { Schemas } from "@/services/api";
import { runLineage } from "@/services/runs";
import { useStrings } from "@/strings";
import { RUN } from "../address";
import classes from "../RunPage.module.css";
import type { OfStep } from "../TaskTabs";
import { Output } from "./Output";

/** What a step read and where that came from, and what it left. */
export function Data({ workspace, run, step }: OfStep) {
  const t = useStrings();
  const lineage = useQuery(runLineage(workspace, run.run, isOver(run.status)));
  if (lineage.error) return <Failed error={lineage.error} reset={() => void lineage.refetch()} />;
  if (!lineage.data) return <Loading />;
  const own = lineage.data.steps.find((each) => each.step === step.node);
  const outputs = Object.keys(step.outputs);
  return (
    <>
      <h3 className={classes.heading}>{t("run.inputs")}</h3>
      {own?.inputs.length ? (
        <dl className={classes.pairs}>
          {own.inputs.map((input) => (
            <div key={input.port} style={{ display: "contents" }}>
              <dt>{input.port}</dt>
              <dd>
                <Source workspace={workspace} input={input} />
              </dd>
            </div>
          ))}
        </dl>
      ) : (
        <Text size="sm" c="dimmed">
          {t("run.inputs.none")}
        </Text>
      )}
      <h3 className={classes.heading}>{t("run.outputs")}</h3>
      {outputs.map((port) => (
        <Output
          key={port}
          workspace={workspace}
          run={run.run}
          step={step.node}
          port={port}
          registered={own?.registered[port] ?? []}
        />
      ))}
      {!outputs.length && (
        <Text size="sm" c="dimmed">
          {t(isOver(step.status) ? "run.outputs.none" : "run.outputs.later")}
        </Text>
      )}
    </>
  );
}

/** Where an input came from. */
function Source({ workspace, input }: { workspace: string; input: Schemas["UsedInput"] }) {
  const t = useStrings();
  const dataset = input.kind === "dataset" ? assetOf(input.value) : null;
  if (dataset)
    return (
      <ThingLink workspace={workspace} thing={dataset}>
        {t("asset.named.dataset", { name: dataset.name, version: dataset.version })}
      </ThingLink>
    );
  if (input.kind !== "step") return <>{t(`run.input.${input.kind}`, { value: input.value })}</>;
  const at = input.value.lastIndexOf(".");
  const [task, port] = [input.value.slice(0, at), input.value.slice(at + 1)];
  return (
    <PlaceLink from={RUN} to="." search={(before) => ({ ...before, task })} size="sm">
      {t("run.input.step", { step: task, port })}
    </PlaceLink>
  );
}
