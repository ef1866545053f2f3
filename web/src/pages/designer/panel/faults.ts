/** What the server finds wrong with a node, and where in the panel it is told. */
import { useMemo } from "react";
import { tabOf } from "@/models/fields";
import type { Schemas } from "@/services/api";
import { faceOf, useDesigner } from "@/services/designer/store";

export interface Told extends Pick<Schemas["PlanFault"], "message" | "path" | "field" | "name"> {
  tab: "node" | "inputs" | "fields" | "parameters" | "resources";
  colour: "red" | "yellow";
}

const ON_NODE = ["", "component", "outputs"];

export function useFaults(node: string): Told[] {
  const faults = useDesigner((designer) => designer.plan?.faults);
  const face = useDesigner((designer) => faceOf(designer, node));
  return useMemo(() => {
    const tabAt = ({ field, name }: Schemas["PlanFault"]): Told["tab"] => {
      if (ON_NODE.includes(field)) return "node";
      if (field === "inputs") return "inputs";
      if (field !== "parameters") return "resources";
      const parameter = face?.parameters.find((each) => each.name === name);
      return parameter ? tabOf(parameter) : "node";
    };
    return (faults ?? [])
      .filter((fault) => fault.node === node)
      .map((fault) => ({
        ...fault,
        tab: tabAt(fault),
        colour: fault.severity === "warning" ? "yellow" : "red",
      }));
  }, [faults, face, node]);
}

/** The sentence that stands below a field, "" if nothing is wrong there. */
export const faultAt = (faults: Told[], field: string, name = ""): string =>
  faults
    .filter((fault) => fault.field === field && (!name || fault.name === name))
    .map((fault) => fault.message)
    .join(" ");
