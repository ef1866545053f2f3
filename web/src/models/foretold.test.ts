import { expect, it } from "vitest";
import { foretell } from "./foretold";
import { setParameter } from "./pipeline/edit";
import { blank, type Pipeline } from "./pipeline/model";

const ran: Pipeline = {
  ...blank("p"),
  nodes: {
    a: { component: "x@1.0.0" },
    b: { component: "x@1.0.0", inputs: { t: { from: "a.table" } } },
    c: { component: "x@1.0.0", inputs: { t: { from: "b.table" } } },
    d: { component: "x@1.0.0", inputs: { t: { from: "a.table" } } },
  },
};
const told = (now: Pipeline, statuses: Record<string, string> = {}, odd = "") =>
  Object.fromEntries(
    foretell(now, {
      ran,
      statusOf: (node) => statuses[node] ?? (node in ran.nodes ? "succeeded" : undefined),
      isDeterministic: (node) => node !== odd,
    }),
  );

it("says what is taken as it is, what is done again, and why", () => {
  const reuse = { next: "reuse" };
  expect(told(ran)).toEqual({ a: reuse, b: reuse, c: reuse, d: reuse });
  expect(told(setParameter("b", "n", 1)(ran))).toEqual({
    a: reuse,
    b: { next: "changed" },
    c: { next: "reads", from: "b" },
    d: reuse,
  });
  const failed = told(ran, { b: "failed", c: "skipped" });
  expect([failed.b, failed.c]).toEqual([{ next: "failed" }, { next: "failed" }]);
  const odd = told(ran, {}, "a");
  expect([odd.a, odd.c]).toEqual([{ next: "never" }, { next: "reads", from: "b" }]);
  const more = { ...ran, nodes: { ...ran.nodes, e: { component: "x@1.0.0" } } };
  expect(told(more).e).toEqual({ next: "new" });
});
