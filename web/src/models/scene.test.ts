import { describe, expect, it } from "vitest";
import { addNode, connect, setParameter } from "./pipeline/edit";
import { blank, type Pipeline } from "./pipeline/model";
import type { Face } from "./ports";
import { type Knowledge, sceneOf, sourceOf, titleOf } from "./scene";

const face = {
  reference: "builtin:split",
  name: "split",
  title: "Split rows",
  version: "1.0.0",
  source: "builtin",
  kind: "component",
  inputs: [{ name: "table", type: "table", required: true, description: "" }],
  outputs: [{ name: "first", type: "table", description: "" }],
  parameters: [{ name: "column", required: true, default: null }],
} as unknown as Face;

const known: Knowledge = {
  faceOf: (_, node) => (node.component === "builtin:split" ? face : undefined),
  places: {},
  words: {
    missingInput: (name) => `wire ${name}`,
    missingParameter: (name) => `value ${name}`,
    unknown: () => "unknown",
    input: (type) => type,
    parameter: (type) => type,
  },
};

const pipeline: Pipeline = {
  ...blank("p"),
  inputs: { rows: { type: "table" } },
  parameters: { by: { type: "String" } },
  nodes: {
    a: { component: "builtin:split", parameters: { column: { from: "parameters.by" } } },
    b: { component: "gone@1.0.0", inputs: { t: { from: "a.first" } }, after: ["a"] },
  },
  outputs: { o: { from: "a.first" } },
};

describe("the scene", () => {
  const scene = sceneOf(pipeline, known);
  const node = (name: string) => scene.nodes.find((each) => each.name === name);

  it("says what a node lacks, until it has it", () => {
    expect(node("a")).toMatchObject({
      missing: ["table"],
      faults: ["wire table"],
      isUnfinished: true,
    });
    expect(node("b")).toMatchObject({ kind: "unknown", faults: ["unknown"] });
    const wired = connect({ source: "inputs", output: "rows", target: "a", input: "table" })(
      pipeline,
    );
    expect(sceneOf(wired, known).nodes.find(({ name }) => name === "a")?.faults).toEqual([]);
    const bare = setParameter("a", "column", undefined)(wired);
    expect(sceneOf(bare, known).nodes.find(({ name }) => name === "a")?.faults).toEqual([
      "value column",
    ]);
  });

  it("tells a fault of the server once", () => {
    const faults = [
      { node: "a", field: "inputs", name: "table", severity: "error", message: "twice" },
      { node: "a", field: "when", name: "", severity: "error", message: "once" },
      { node: "a", field: "when", name: "", severity: "warning", message: "never" },
    ];
    const told = sceneOf(pipeline, { ...known, faults }).nodes.find(({ name }) => name === "a");
    expect(told?.faults).toEqual(["wire table", "once"]);
  });

  it("draws the pipeline's own inputs and parameters, and all that waits", () => {
    expect(scene.nodes.map(({ name }) => name)).toEqual(["inputs.rows", "parameters.by", "a", "b"]);
    expect(
      scene.wires.map(({ source, target, kind, type }) => [source, target, kind, type]),
    ).toEqual([
      ["parameters.by", "a", "value", "value"],
      ["a", "b", "data", "table"],
      ["a", "b", "order", ""],
    ]);
    expect(node("a")?.given).toEqual(["first"]);
    expect(node("b")?.inputs).toEqual([{ name: "t", type: "any" }]);
  });

  it("keeps the objects of what has not changed", () => {
    const more = sceneOf(addNode("c", { component: "builtin:split" })(pipeline), known, scene);
    expect(more.nodes.find(({ name }) => name === "a")).toBe(node("a"));
    expect(more.wires).toBe(scene.wires);
    expect(sceneOf({ ...pipeline }, known, scene).nodes).toBe(scene.nodes);
  });

  it("names ends as the file does, and nodes as people do", () => {
    expect(sourceOf("inputs.rows", "rows")).toEqual(["inputs", "rows"]);
    expect(sourceOf("a", "first")).toEqual(["a", "first"]);
    expect([titleOf("split_2", face), titleOf("halves", face), titleOf("x", undefined)]).toEqual([
      "Split rows",
      "halves",
      "x",
    ]);
  });
});
