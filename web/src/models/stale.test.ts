import { expect, it } from "vitest";
import { setParameter } from "./pipeline/edit";
import { blank, type Pipeline } from "./pipeline/model";
import { staleNodes } from "./stale";

const ran: Pipeline = {
  ...blank("p"),
  parameters: { rate: { type: "Float", default: 0.1 } },
  nodes: {
    a: { component: "builtin:read_table" },
    b: {
      component: "x@1.0.0",
      inputs: { t: { from: "a.table" } },
      parameters: { r: { from: "parameters.rate" } },
    },
    c: { component: "x@1.0.0", inputs: { t: { from: "b.table" } } },
    d: { component: "x@1.0.0", inputs: { t: { from: "a.table" } } },
  },
};

it("only what depends on a change is stale", () => {
  expect([...staleNodes(ran, ran)]).toEqual([]);
  expect([...staleNodes(setParameter("b", "n", 1)(ran), ran)]).toEqual(["b", "c"]);
  const other = { ...ran, parameters: { rate: { type: "Float", default: 0.2 } } };
  expect([...staleNodes(other, ran)]).toEqual(["b", "c"]);
  const moved = { ...ran, layout: { a: [1, 2] as [number, number] } };
  expect([...staleNodes(moved, ran)]).toEqual([]);
});
