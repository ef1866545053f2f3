import { useState } from "react";
import { PortMark } from "@/components/graph/PortMark";
import { PortPreview } from "@/components/preview/PortPreview";
import { Empty } from "@/components/states";
import { isFrom, split } from "@/models/pipeline/model";
import { type Designer, faceOf, useDesigner } from "@/services/designer/store";
import { useStrings } from "@/strings";
import { useShallow } from "../frame/shallow";
import classes from "./Drawer.module.css";

export interface Shown {
  id: string;
  way: "in" | "out";
  label: string;
  type: string;
  /** The step and its output where the data lies; an input's are those of where its wire begins. */
  step: string;
  port: string;
}

/** The data at a node's ports, as the last run left it. */
export function PreviewPart({ name }: { name: string }) {
  const t = useStrings();
  const ports = useShallow((designer) => portsOf(designer, name));
  const [chosen, setChosen] = useState("");
  const workspace = useDesigner((designer) => designer.workspace);
  const run = useDesigner((designer) => designer.run);
  const status = useDesigner((designer) => designer.steps[name]?.status);
  const shown =
    ports.find(({ id }) => id === chosen) ??
    (status === "succeeded" ? ports.find(({ way }) => way === "out") : ports[0]) ??
    ports[0];
  if (!run) return <Empty title={t("drawer.unrun")}>{t("drawer.unrun.hint")}</Empty>;
  if (!shown) return <Empty title={t("drawer.noPorts")} />;
  return (
    <>
      <div className={classes.ports}>
        {ports.map(({ id, way, label, type }) => (
          <button
            key={id}
            type="button"
            className={classes.port}
            aria-pressed={id === shown.id}
            onClick={() => setChosen(id)}
          >
            <PortMark type={type} size={10} />
            {label}
            <small>{t(`drawer.port.${way}`)}</small>
          </button>
        ))}
      </div>
      <div className={classes.fill}>
        <AtPort key={`${run} ${shown.id}`} workspace={workspace} run={run} shown={shown} />
      </div>
    </>
  );
}

interface AtPortProps {
  workspace: string;
  run: string;
  shown: Shown;
}

function AtPort({ workspace, run, shown: { step, port } }: AtPortProps) {
  const t = useStrings();
  const status = useDesigner((designer) => designer.steps[step]?.status);
  if (!status) return <Empty title={t("drawer.unrun")}>{t("drawer.unrun.hint")}</Empty>;
  if (status !== "succeeded")
    return <Empty title={t("drawer.noOutput")}>{t("drawer.noOutput.hint", { node: step })}</Empty>;
  return <PortPreview workspace={workspace} run={run} step={step} port={port} />;
}

/** The ports of a node at which a run may have left something, outputs first. */
export function portsOf(designer: Designer, name: string): Shown[] {
  const face = faceOf(designer, name);
  const node = designer.history.now.nodes[name];
  const outputs = (face?.outputs ?? []).map((output): Shown => {
    const { name: port, type } = output;
    return { id: `out ${port}`, way: "out", label: port, type, step: name, port };
  });
  const inputs = Object.entries(node?.inputs ?? {}).flatMap(([label, binding]): Shown[] => {
    if (!isFrom(binding)) return [];
    const [step, port] = split(binding.from);
    if (!(step in designer.history.now.nodes)) return [];
    const type = face?.inputs.find((input) => input.name === label)?.type ?? "any";
    return [{ id: `in ${label}`, way: "in", label, type, step, port }];
  });
  return [...outputs, ...inputs];
}
