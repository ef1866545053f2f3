import { describe, expect, it } from "vitest";
import type { Parameter, Value } from "../fields";
import { blank, type Pipeline } from "./model";
import {
  declare,
  declaredAs,
  isDated,
  isName,
  mayRead,
  readersOf,
  renameOwn,
  setOutput,
  setOwn,
  undeclare,
} from "./own";

const pipeline: Pipeline = {
  ...blank("p"),
  inputs: { rows: { type: "table" } },
  parameters: { rate: { type: "Float", default: 0.1 }, other: { type: "Int" } },
  nodes: {
    a: {
      component: "x@1.0.0",
      inputs: { t: { from: "inputs.rows" } },
      parameters: { r: { from: "parameters.rate" }, n: 1 },
    },
    b: { component: "x@1.0.0", parameters: { n: { from: "parameters.other" } } },
  },
};

describe("what is the pipeline's own", () => {
  it("is renamed where it is read, and keeps its place", () => {
    const next = renameOwn("parameters", "rate", "speed")(pipeline);
    expect(Object.keys(next.parameters ?? {})).toEqual(["speed", "other"]);
    expect(next.nodes.a?.parameters).toEqual({ r: { from: "parameters.speed" }, n: 1 });
    expect(next.nodes.b).toBe(pipeline.nodes.b);
    expect(renameOwn("parameters", "rate", "other")(pipeline)).toBe(pipeline);
  });

  it("leaves its value with who read it", () => {
    const next = undeclare("parameters", "rate")(pipeline);
    expect(next.nodes.a?.parameters).toEqual({ r: 0.1, n: 1 });
    expect(undeclare("parameters", "other")(pipeline).nodes.b).toEqual({ component: "x@1.0.0" });
    expect(undeclare("inputs", "rows")(pipeline).nodes.a?.inputs).toBeUndefined();
    expect(undeclare("inputs", "rows")(pipeline).inputs).toBeUndefined();
  });

  it("is set, added and read", () => {
    expect(setOwn("description", "x")(pipeline).description).toBe("x");
    expect("description" in setOwn("description", "")(setOwn("description", "x")(pipeline))).toBe(
      false,
    );
    expect(declare("inputs", "more", { type: "model" })(pipeline).inputs?.more).toEqual({
      type: "model",
    });
    expect(readersOf(pipeline, "parameters", "rate")).toEqual(["a"]);
    const out = setOutput("model", "a.model")(pipeline);
    expect(out.outputs).toEqual({ model: { from: "a.model" } });
    expect("outputs" in setOutput("model", "")(out)).toBe(false);
  });
});

const parameter: Parameter = {
  name: "rate",
  title: "",
  group: "params",
  type: "Float",
  required: false,
  default: 0.5,
  choices: [],
  minimum: 0,
  maximum: 1,
  exclusive_minimum: true,
  exclusive_maximum: false,
  length: null,
  pattern: "",
  columns: null,
  description: "How fast",
};

it("a promoted parameter is declared as it was", () => {
  expect(declaredAs(parameter, undefined)).toEqual({
    type: "Float",
    default: 0.5,
    range: { exclusive_min: 0, max: 1 },
    description: "How fast",
  });
  expect(declaredAs(parameter, 0.7).default).toBe(0.7);
  expect(
    declaredAs({ ...parameter, type: "Column", minimum: null, maximum: null }, "age"),
  ).toMatchObject({ type: "String", default: "age" });
  expect(mayRead(parameter, { type: "Int" })).toBe(true);
  expect(mayRead({ ...parameter, type: "Int" }, { type: "Float" })).toBe(false);
  expect(mayRead({ ...parameter, type: "Column" }, { type: "String" })).toBe(true);
});

it("columns that are promoted are a text, which any names stand", () => {
  const columns: Parameter = { ...parameter, type: "Columns", minimum: null, maximum: null };
  const of = (value: Value) => declaredAs({ ...columns, default: null }, value);
  expect(of(["age", "height"])).toEqual({
    type: "String",
    default: "age,height",
    description: "How fast",
  });
  expect(of("age, height").default).toBe("age,height");
  expect(of(["a, b", "c"]).default).toBe('["a, b","c"]');
  expect(of(["[a]"]).default).toBe('["[a]"]');
  expect(of(undefined).default).toBeUndefined();
  expect(mayRead(columns, { type: "String" })).toBe(true);
  expect(mayRead({ ...columns, type: "Column" }, { type: "Columns" })).toBe(false);
});

it("a value that names a date of the schedule is known, wherever it stands", () => {
  const dated: Pipeline = { ...blank("p"), scheduling_parameters: { day: "$bizdate" } };
  // biome-ignore lint/suspicious/noTemplateCurlyInString: it is of the language of schedules
  const value = "day=${day}";
  expect(isDated(dated, value)).toBe(true);
  expect(isDated(dated, ["a", value])).toBe(true);
  expect(isDated(dated, "day")).toBe(false);
  expect(isDated(dated, undefined)).toBe(false);
  expect(isDated(blank("p"), value)).toBe(false);
});

it("names are letters, digits, _ and -", () => {
  expect(["a", "a-b_1", "", "_a", "a b", "a.b"].map(isName)).toEqual([
    true,
    true,
    false,
    false,
    false,
    false,
  ]);
});
