import fc from "fast-check";
import { describe, expect, it } from "vitest";
import {
  BLANK,
  boundsOf,
  type ComponentForm,
  freshRow,
  readForm,
  successor,
  textAt,
  withAt,
  withBounds,
  writeForm,
} from "./componentText";

const FILE = `apiVersion: millwork/v1
kind: Component
name: train # what it does
version: 1.10
run_policy: {restarts: 3}
command: python main.py "$@"
inputs:
  train: {type: table, required: true}
parameters:
  rounds: {type: Int, default: 010, range: [1, 5000]} # of boosting
`;

const formOf = (text: string): ComponentForm => {
  const { form } = readForm(text);
  if (!form) throw new Error("no form");
  return form;
};

describe("a component's file", () => {
  it("is read as it is written, whatever YAML would make of it", () => {
    const form = formOf(FILE);
    expect(form.fields.version).toBe("1.10");
    expect(form.inputs[0]?.fields.required).toBe("true");
    expect(form.parameters[0]?.fields.default).toBe("010");
  });

  it("keeps comments, order and what the form does not know", () => {
    const form = formOf(FILE);
    expect(writeForm(form, FILE)).toBe(FILE);
    const changed = { ...form, fields: withAt(form.fields, ["name"], "fit") };
    expect(writeForm(changed, FILE)).toBe(FILE.replace("name: train", "name: fit"));
  });

  it("puts a new field where a file has it", () => {
    const form = formOf(FILE);
    const fields = withAt(withAt(form.fields, ["image"], "python:3.11"), ["resources", "gpu"], "1");
    const text = writeForm({ ...form, fields }, FILE);
    expect(text).toContain("run_policy: {restarts: 3}\nimage: python:3.11\ncommand:");
    expect(text.endsWith("resources: {gpu: 1}\n")).toBe(true);
  });

  it("is written as a person would write it", () => {
    const form: ComponentForm = {
      ...BLANK,
      fields: {
        ...BLANK.fields,
        name: "x",
        command: "python a.py\npython b.py\n",
        description: "A: *b*",
        tags: { contact: "a@example.com" },
      },
      inputs: [{ name: "train", fields: { type: "table", description: "one, two" } }],
      parameters: [{ name: "p", fields: { type: "Float", range: ["0", "1"] } }],
    };
    expect(writeForm(form)).toBe(`apiVersion: millwork/v1
kind: Component
name: x
version: 1.0.0
description: "A: *b*"
tags: {contact: a@example.com}
command: |
  python a.py
  python b.py
inputs:
  train: {type: table, description: "one, two"}
parameters:
  p: {type: Float, range: [0, 1]}
`);
  });

  it("is followed by the version after it, of which nothing is said yet", () => {
    const text = FILE.replace("1.10", "1.0.9\nversion_description: quantiles");
    expect(successor(text)).toBe(FILE.replace("1.10", "1.0.10"));
    expect(successor(FILE)).toBe(FILE);
  });

  it("is no form if it is of another flavour, or no YAML", () => {
    expect(readForm('{"InputChannels": []}')).toEqual({ form: null, fault: null });
    expect(readForm("a: [1,\nb: {")).toMatchObject({ form: null, fault: { line: 2 } });
    expect(readForm("name: a\nname: b\n").fault).not.toBeNull();
    expect(readForm("- 1").form).toBeNull();
  });
});

describe("the form", () => {
  const word = fc.stringMatching(/^[ -~\u4e00-\u4eff]{1,12}$/);
  const name = fc.stringMatching(/^[A-Za-z][A-Za-z0-9_-]{0,8}$/);
  const row = fc.record({
    name,
    fields: fc.dictionary(name, fc.oneof(word, fc.array(word, { minLength: 1, maxLength: 3 })), {
      noNullPrototype: true,
    }),
  });
  const rows = fc.uniqueArray(row, { selector: (each) => each.name, maxLength: 4 });
  const forms = fc.record({
    fields: fc
      .dictionary(fc.constantFrom("name", "command", "description", "image", "timeout"), word, {
        noNullPrototype: true,
      })
      .map((fields) => ({ ...BLANK.fields, ...fields })),
    inputs: rows,
    outputs: rows,
    parameters: rows,
  });

  it("comes back from its file as it was, alone and into another's file", () => {
    fc.assert(
      fc.property(forms, forms, (form, other) => {
        expect(formOf(writeForm(form))).toEqual(form);
        expect(sorted(formOf(writeForm(form, writeForm(other))))).toEqual(sorted(form));
      }),
      { numRuns: 60 },
    );
  }, 30_000);

  it("leaves rows without a name out of the file", () => {
    const form = { ...BLANK, inputs: [{ name: "", fields: { type: "table" } }] };
    expect(writeForm(form)).not.toContain("inputs");
  });

  it("takes out what is emptied, and what that leaves empty", () => {
    const fields = withAt({ code: { git: "x" } }, ["code", "git"], "");
    expect(fields).toEqual({});
    expect(textAt(withAt({}, ["tags", "contact"], "a"), "tags", "contact")).toBe("a");
  });

  it("writes a range as a pair where that says it", () => {
    const bounds = { least: "0", greatest: "1", isAbove: false, isBelow: false };
    expect(withBounds({}, bounds)).toEqual({ range: ["0", "1"] });
    const open = { ...bounds, isAbove: true, greatest: "" };
    expect(withBounds({}, open)).toEqual({ range: { exclusive_min: "0" } });
    for (const each of [bounds, open]) expect(boundsOf(withBounds({}, each))).toEqual(each);
    expect(withBounds({ range: ["1", "2"] }, { ...bounds, least: "", greatest: "" })).toEqual({});
  });

  it("calls a new row what no other is called", () => {
    const form = { ...BLANK, inputs: [{ name: "data", fields: {} }] };
    expect(freshRow(form, "data")).toBe("data2");
    expect(freshRow(form, "model")).toBe("model");
  });
});

/** Rows that stay keep their places in a file that has them already. */
function sorted(form: ComponentForm): ComponentForm {
  const by = (rows: ComponentForm["inputs"]) =>
    [...rows].sort((a, b) => (a.name < b.name ? -1 : 1));
  return {
    ...form,
    inputs: by(form.inputs),
    outputs: by(form.outputs),
    parameters: by(form.parameters),
  };
}
