// @vitest-environment jsdom
import { MantineProvider } from "@mantine/core";
import { cleanup, fireEvent, render, screen } from "@testing-library/react";
import { useState } from "react";
import { afterEach, beforeAll, expect, it } from "vitest";
import { type ComponentForm, readForm, writeForm } from "@/models/componentText";
import type { Fault } from "@/models/faults";
import { ComponentFields } from "./ComponentFields";
import { type Making, NO_CODE } from "./editing";

beforeAll(() => {
  window.matchMedia = () =>
    ({
      matches: false,
      addEventListener: () => {},
      removeEventListener: () => {},
    }) as unknown as MediaQueryList;
  window.ResizeObserver = class {
    observe() {}
    unobserve() {}
    disconnect() {}
  };
  Element.prototype.scrollIntoView = () => {};
  Object.defineProperty(document, "fonts", { value: new EventTarget() });
});
afterEach(cleanup);

const TEXT = `apiVersion: millwork/v1
kind: Component
name: fit
version: 1.0.0
command: python main.py
inputs:
  train: {type: table}
parameters:
  rounds: {type: Int, default: x}
`;

const fault = (path: string, message: string): Fault => ({
  path,
  message,
  line: 1,
  column: 1,
  severity: "error",
});

let written = "";
const SLOW = 30_000;

/** The form on a text, as the page has it, with what the server would have said. */
function Page({ text, faults, isTried }: { text: string; faults: Fault[]; isTried: boolean }) {
  const [form, setForm] = useState<ComponentForm | null>(readForm(text).form);
  if (!form) return null;
  written = writeForm(form, text);
  const change = (edit: (form: ComponentForm) => ComponentForm) => setForm(edit(form));
  const making = { form, faults, isTried, change, code: NO_CODE, setCode: () => {} };
  return <ComponentFields making={making as unknown as Making} form={form} />;
}

const shown = (faults: Fault[] = [], text = TEXT, isTried = false) =>
  render(
    <MantineProvider env="test">
      <Page text={text} faults={faults} isTried={isTried} />
    </MantineProvider>,
  );

/** A row by its name: roles of a form of this size take jsdom seconds to work out. */
function row(name: string): HTMLElement {
  const found = document.querySelector<HTMLElement>(`fieldset[aria-label="${name}"]`);
  if (!found) throw new Error(`there is no row ${name}`);
  return found;
}

const type = (input: Element | null, value: string) =>
  fireEvent.change(input as Element, { target: { value } });

it("shows each fault at its field", { timeout: SLOW }, () => {
  shown([
    fault("version", "three numbers"),
    fault("parameters.rounds.default", "expected a whole number"),
    fault("parameters.rounds", "a name too many"),
  ]);
  expect(row("rounds").textContent).toContain("expected a whole number");
  expect(row("rounds").textContent).toContain("a name too many");
  const version = screen.getByLabelText(/^Version/).getAttribute("aria-describedby");
  expect(version?.trim()).toBe(screen.getByText("three numbers").id);
});

it("reproaches nobody for what is to be filled in until they save", { timeout: SLOW }, () => {
  const text = TEXT.replace("command: python main.py\n", "");
  const faults = [fault("command", "missing: the command")];
  shown(faults, text);
  expect(screen.queryByText("missing: the command")).toBeNull();
  cleanup();
  shown(faults, text, true);
  expect(screen.getByText("missing: the command")).toBeTruthy();
});

it("adds an input, and says what is wrong with its name", { timeout: SLOW }, () => {
  shown();
  fireEvent.click(screen.getByText("+ Input"));
  expect(written).toContain("input: {type: folder}");
  type(row("input").querySelector("input"), "");
  expect(row("").textContent).toContain("It needs a name");
  type(row("").querySelector("input"), "train");
  const [, twin] = document.querySelectorAll('fieldset[aria-label="train"]');
  expect(twin?.textContent).toContain("There is another 'train'");
  type(twin?.querySelector("input") ?? null, "test");
  expect(written).toContain("  train: {type: table}\n  test: {type: folder}\n");
});

it("writes what is filled in into the file", { timeout: SLOW }, () => {
  shown();
  type(screen.getByLabelText("Image"), "python:3.11");
  fireEvent.click(screen.getByLabelText("Say what compute it can use"));
  expect(written).toContain("image: python:3.11\ncommand: python main.py\n");
  expect(written).toContain("constraints: {instance_type: CPU}\n");
});

it("takes variables, texts and secrets, and metrics", { timeout: SLOW }, () => {
  shown([fault("metrics[0].regex", "exactly one group"), fault("env.WORD", "not this name")]);
  type(screen.getByLabelText("Name of a variable"), "WORD");
  fireEvent.click(screen.getByText("Add"));
  type(row("WORD").querySelector("input"), "0x1");
  expect(written).toContain("env:\n  WORD: 0x1\n");
  expect(row("WORD").textContent).toContain("not this name");
  fireEvent.click(screen.getByText("+ Metric"));
  expect(row("metric").textContent).toContain("exactly one group");
  type(row("metric").querySelector("input"), "loss");
  expect(written).toContain('metrics:\n  - {name: loss, regex: "metric=([0-9.]+)"}\n');
  fireEvent.click(screen.getByLabelText("Remove WORD"));
  expect(written).not.toContain("env");
});

it("keeps the secret of a variable by its name", { timeout: SLOW }, () => {
  shown([], `${TEXT}env: {TOKEN: {secret: forge}}\n`);
  expect(row("TOKEN").querySelector("input")?.value).toBe("forge");
  type(row("TOKEN").querySelector("input"), "forge-2");
  expect(written).toContain("env: {TOKEN: {secret: forge-2}}\n");
});

it("says how an elastic batch is cut", { timeout: SLOW }, () => {
  const text = TEXT.replace(
    "command:",
    "job_type: ElasticBatchJob\nbatch: {input: train}\ncommand:",
  );
  shown([fault("batch.max_retries", "expected a whole number")], text, true);
  expect(screen.getByText("expected a whole number")).toBeTruthy();
  type(screen.getByLabelText("Items that may fail"), "-1");
  expect(written).toContain("batch: {input: train, error_threshold: -1}\n");
  fireEvent.click(screen.getByLabelText(/Idle workers get a copy/));
  expect(written).toContain("speculates: false}\n");
  fireEvent.click(screen.getByLabelText("It uses paths below /ml"));
  expect(written).toContain("mounts: none\n");
});
