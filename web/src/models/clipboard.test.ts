import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { copied, pasted, readFragment } from "./clipboard";
import { pipelines, selections } from "./pipeline/arbitrary";
import { blank, wires } from "./pipeline/model";

describe("the clipboard", () => {
  it("keeps the wires among the copied, into any pipeline", () => {
    fc.assert(
      fc.property(selections, pipelines, ({ pipeline, names }, target) => {
        const fragment = readFragment(copied(pipeline, names));
        if (!fragment) throw new Error("nothing was copied");
        const paste = pasted(target, fragment, [1000, 2000]);
        const after = paste.change(target);
        const called = new Map(
          Object.keys(fragment.nodes).map((name, at) => [name, paste.names[at]]),
        );
        const among = (some: string[]) => (wire: { source: string; target: string }) =>
          some.includes(wire.source) && some.includes(wire.target);
        const wanted = wires(pipeline)
          .filter(among(names))
          .map((wire) => ({
            ...wire,
            source: called.get(wire.source),
            target: called.get(wire.target),
          }));
        const found = wires(after).filter(among(paste.names));
        expect(found).toHaveLength(wanted.length);
        expect(found).toEqual(expect.arrayContaining(wanted));
        for (const [name, node] of Object.entries(target.nodes))
          expect(after.nodes[name]).toBe(node);
      }),
    );
  });

  it("puts the upper left corner where it is told", () => {
    const text = "nodes: {a: {component: x}, b: {component: x}}\nlayout: {a: [5, 40], b: [50, 10]}";
    const fragment = readFragment(text);
    const { change } = pasted(blank("p"), fragment ?? { nodes: {} }, [100, 100]);
    expect(change(blank("p")).layout).toEqual({ a: [100, 130], b: [145, 100] });
  });

  it("leaves behind what the other pipeline has not", () => {
    const text =
      "nodes: {a: {component: x, inputs: {t: {from: inputs.rows}}, parameters: {p: {from: parameters.q}}}}";
    const fragment = readFragment(text);
    const { change } = pasted(blank("p"), fragment ?? { nodes: {} }, [0, 0]);
    expect(change(blank("p")).nodes.a).toEqual({ component: "x" });
    const own = { ...blank("p"), inputs: { rows: { type: "table" } } };
    expect(change(own).nodes.a?.inputs).toEqual({ t: { from: "inputs.rows" } });
  });

  it("takes no other text for nodes", () => {
    for (const text of ["", "hello", "nodes: 5", "nodes: {a: 5}", "nodes: [", "a: &x {b: *x}"])
      expect(readFragment(text)).toBeNull();
  });
});
