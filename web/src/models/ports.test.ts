import { describe, expect, it } from "vitest";
import { blank, type Pipeline } from "./pipeline/model";
import { converter, type Face, fits, refusal, suggestions } from "./ports";

const port = (type: string, required = true) => ({ name: type, type, required, description: "" });
const face = (
  name: string,
  inputs: ReturnType<typeof port>[],
  outputs: ReturnType<typeof port>[],
) => ({ name, inputs, outputs, parameters: [] }) as unknown as Face;

const read = face("read_csv", [port("file")], [port("table")]);
const predict = face("predict", [port("table"), port("model")], [port("table")]);

const pipeline: Pipeline = {
  ...blank("p"),
  nodes: {
    a: { component: "x" },
    b: { component: "x", inputs: { in: { from: "a.out" } } },
    c: { component: "x", inputs: { in: { from: "b.out" } } },
  },
};
const types = {
  output: (node: string) => (node === "lost" ? undefined : node === "m" ? "model" : "table"),
  input: () => "table",
};
const wire = (source: string, target: string) => ({ source, output: "out", target, input: "in" });

describe("ports", () => {
  it("fit as the table of the types says", () => {
    expect([fits("table", "file"), fits("file", "table"), fits("any", "model")]).toEqual([
      true,
      false,
      true,
    ]);
  });

  it("refuse with a reason", () => {
    const why = (source: string, target: string) =>
      refusal(pipeline, types, wire(source, target))?.why;
    expect(why("a", "c")).toBeUndefined();
    expect(why("a", "a")).toBe("self");
    expect(why("c", "a")).toBe("ring");
    expect(why("lost", "a")).toBe("unknown");
    expect(refusal(pipeline, types, wire("m", "a"))).toEqual({
      why: "type",
      output: "model",
      input: "table",
    });
  });

  it("are helped by a converter that needs nothing else", () => {
    expect(converter([predict, read], "file", "table")).toBe(read);
    expect(converter([predict], "model", "table")).toBeUndefined();
  });

  it("offer what takes or gives their type", () => {
    expect(suggestions([read, predict], { output: "model" })).toEqual([read, predict]);
    expect(suggestions([read, predict], { input: "model" })).toEqual([]);
    expect(suggestions([read, predict], { input: "table" })).toEqual([read, predict]);
  });
});
