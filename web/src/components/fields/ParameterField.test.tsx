// @vitest-environment jsdom
import { MantineProvider } from "@mantine/core";
import { cleanup, render, screen } from "@testing-library/react";
import userEvent from "@testing-library/user-event";
import { useState } from "react";
import { afterEach, beforeAll, describe, expect, it } from "vitest";
import type { Column, Parameter, Value } from "@/models/fields";
import { ParameterField } from "./ParameterField";

beforeAll(() => {
  // jsdom has neither; Mantine asks for both.
  window.matchMedia = (query) =>
    ({ matches: false, media: query, addEventListener() {}, removeEventListener() {} }) as never;
  window.ResizeObserver = class {
    observe() {}
    unobserve() {}
    disconnect() {}
  };
  Element.prototype.scrollIntoView = () => {};
});
afterEach(cleanup);

const parameter = (some: Partial<Parameter>): Parameter => ({
  name: "rate",
  title: "",
  group: "params",
  type: "Float",
  required: false,
  default: 0.1,
  choices: [],
  minimum: null,
  maximum: null,
  exclusive_minimum: false,
  exclusive_maximum: false,
  length: null,
  pattern: "",
  columns: null,
  description: "How fast",
  ...some,
});

let last: Value;

function Shown({ of, first, columns }: { of: Parameter; first?: Value; columns?: Column[] }) {
  const [value, setValue] = useState<Value>(first);
  last = value;
  return (
    <MantineProvider env="test">
      <ParameterField parameter={of} value={value} onChange={setValue} columns={columns} />
    </MantineProvider>
  );
}

describe("a parameter's field", () => {
  it("takes a number as it is typed, and says what is wrong with it", async () => {
    render(<Shown of={parameter({ maximum: 1 })} />);
    const field = screen.getByLabelText("Rate");
    await userEvent.type(field, "0.05");
    expect(last).toBe(0.05);
    expect((field as HTMLInputElement).value).toBe("0.05");
    await userEvent.clear(field);
    expect(last).toBeUndefined();
    await userEvent.type(field, "2");
    expect(screen.getByText("At most 1.")).toBeTruthy();
  });

  it("is on or off", async () => {
    render(<Shown of={parameter({ name: "verbose", type: "Bool", default: false })} />);
    await userEvent.click(screen.getByRole("switch", { name: "Verbose" }));
    expect(last).toBe(true);
  });

  it("offers columns of its kind, takes others, and marks those that are gone", async () => {
    const columns = [
      { name: "age", type: "Int64" },
      { name: "name", type: "String" },
    ];
    const of = parameter({
      name: "features",
      type: "Columns",
      default: null,
      columns: { port: "table", dtype: "number", many: true },
    });
    render(<Shown of={of} first={["gone"]} columns={columns} />);
    expect(screen.getByText("Not among the columns: gone")).toBeTruthy();
    const field = screen.getByLabelText("Features");
    await userEvent.click(field);
    expect(screen.getByRole("option", { name: /age/, hidden: true })).toBeTruthy();
    expect(screen.queryByRole("option", { name: /name/, hidden: true })).toBeNull();
    await userEvent.type(field, "other{Enter}");
    expect(last).toEqual(["gone", "other"]);
  });
});
