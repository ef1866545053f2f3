import { expect, it } from "vitest";
import { differences } from "./diff";
import { addNode, bind, move, removeNodes, setField, setParameter } from "./pipeline/edit";
import { blank, type Pipeline } from "./pipeline/model";
import { declare, setOwn } from "./pipeline/own";

const before: Pipeline = {
  ...blank("p"),
  nodes: {
    a: { component: "x@1.0.0", parameters: { n: 1 } },
    b: { component: "y@1.0.0", inputs: { t: { from: "a.table" } } },
  },
  layout: { a: [0, 0], b: [0, 100] },
};

it("what is alike has no differences, in whatever order it stands", () => {
  expect(differences(before, before)).toEqual([]);
  const turned = {
    ...before,
    nodes: { a: { parameters: { n: 1 }, component: "x@1.0.0" }, b: { ...before.nodes.b } },
  };
  expect(differences(before, turned as Pipeline)).toEqual([]);
});

it("changes are told one by one", () => {
  const changes = [
    setOwn("version", "0.2.0"),
    setParameter("a", "n", 2),
    setField("a", "retries", 3),
    bind("b", "t", { from: "inputs.rows" }),
    declare("inputs", "rows", { type: "table" }),
    addNode("c", { component: "z@1.0.0" }),
    move({ a: [5, 5] }),
  ];
  const now = changes.reduce((pipeline, change) => change(pipeline), before);
  expect(differences(before, now)).toEqual([
    { key: "said", name: "version", before: "0.1.0", now: "0.2.0" },
    { key: "parameter", node: "a", name: "n", before: "1", now: "2" },
    { key: "field", node: "a", name: "retries", before: "", now: "3" },
    { key: "rewired", node: "b", name: "t", before: "a.table", now: "inputs.rows" },
    { key: "nodeAdded", node: "c", component: "z@1.0.0" },
    { key: "ownAdded", own: "inputs", name: "rows" },
    { key: "moved", count: 1 },
  ]);
});

it("what goes is told with what it took along", () => {
  expect(differences(before, removeNodes(["a"])(before))).toEqual([
    { key: "nodeRemoved", node: "a", component: "x@1.0.0" },
    { key: "unwired", node: "b", name: "t", from: "a.table" },
  ]);
});
