import { describe, expect, it } from "vitest";
import {
  isLong,
  kindOf,
  listed,
  missing,
  offered,
  type Parameter,
  shown,
  typed,
  wrong,
} from "./fields";

const parameter = (some: Partial<Parameter>): Parameter => ({
  name: "p",
  title: "",
  group: "params",
  type: "String",
  required: false,
  default: null,
  choices: [],
  minimum: null,
  maximum: null,
  exclusive_minimum: false,
  exclusive_maximum: false,
  length: null,
  pattern: "",
  columns: null,
  description: "",
  ...some,
});

describe("what is typed", () => {
  it("is a number where it can be one, and otherwise kept as it is", () => {
    expect(typed(parameter({ type: "Int" }), "12")).toBe(12);
    expect(typed(parameter({ type: "Int" }), "1x")).toBe("1x");
    expect(typed(parameter({ type: "Int" }), "9007199254740993")).toBe("9007199254740993");
    expect(typed(parameter({ type: "Float" }), "1e-3")).toBe(0.001);
    expect(typed(parameter({}), "12")).toBe("12");
    expect(typed(parameter({}), "")).toBeUndefined();
  });

  it("is checked against its bounds", () => {
    const rate = parameter({ type: "Float", minimum: 0, exclusive_minimum: true, maximum: 1 });
    expect(wrong(rate, 0)).toEqual({ key: "fault.above", bound: 0 });
    expect(wrong(rate, 1)).toBeNull();
    expect(wrong(rate, 2)).toEqual({ key: "fault.most", bound: 1 });
    expect(wrong(parameter({ type: "Int" }), "1.5")).toEqual({ key: "fault.whole" });
    expect(wrong(parameter({ type: "Float" }), "x")).toEqual({ key: "fault.number" });
    expect(wrong(parameter({ length: [2, 3] }), "a")?.key).toBe("fault.length");
    expect(wrong(parameter({ choices: ["a", "b"] }), "c")).toEqual({ key: "fault.choice" });
    expect(wrong(parameter({ required: true }), undefined)).toEqual({ key: "fault.required" });
    expect(wrong(parameter({ required: true, default: "x" }), undefined)).toBeNull();
  });
});

describe("columns", () => {
  const columns = [
    { name: "age", type: "Int64" },
    { name: "name", type: "String" },
    { name: "other", type: "?" },
  ];
  const picker = parameter({
    type: "Columns",
    columns: { port: "table", dtype: "number", many: true },
  });

  it("are offered by their kind, and those of unknown type too", () => {
    expect(offered(picker, columns).map((column) => column.name)).toEqual(["age", "other"]);
  });

  it("that no table has are missing, if all are known", () => {
    expect(missing(["age", "gone"], columns, true)).toEqual(["gone"]);
    expect(missing(["age", "gone"], columns, false)).toEqual([]);
    expect(missing("gone", undefined, true)).toEqual([]);
  });

  it("are read from lists and from text", () => {
    expect(listed("a, b")).toEqual(["a", "b"]);
    expect(listed('["height, cm"]')).toEqual(["height, cm"]);
    expect(listed(undefined)).toEqual([]);
  });

  it("have kinds", () => {
    expect(
      ["UInt8", "Decimal(10, 2)", "Date", "Categorical(x)", "Boolean", "List(Int64)"].map(kindOf),
    ).toEqual(["number", "number", "time", "text", "bool", ""]);
  });
});

it("values are shown for people", () => {
  expect([shown(["a", "b"]), shown(1.5), shown(null), shown(true)]).toEqual([
    "a, b",
    "1.5",
    "",
    "true",
  ]);
});

it("queries get room", () => {
  expect([
    isLong(parameter({ name: "sql" }), undefined),
    isLong(parameter({}), "a\nb"),
    isLong(parameter({}), "a"),
  ]).toEqual([true, true, false]);
});
