import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { pipelines, selections } from "./arbitrary";
import { addNode, connect, disconnect, move, removeNodes, rename, setParameter } from "./edit";
import { blank, type Pipeline, wires } from "./model";

const [first] = ["n0"];

describe("changes of a pipeline", () => {
  it("keep the wires when a node is called something else", () => {
    fc.assert(
      fc.property(pipelines, (pipeline) => {
        const turned = rename(first, "other")(pipeline);
        const name = (each: string) => (each === first ? "other" : each);
        expect(wires(turned)).toEqual(
          wires(pipeline).map((wire) => ({
            ...wire,
            source: name(wire.source),
            target: name(wire.target),
          })),
        );
        expect(rename("other", first)(turned)).toEqual(pipeline);
      }),
    );
  });

  it("leave no wire to a node that was removed, and touch no other", () => {
    fc.assert(
      fc.property(selections, ({ pipeline, names }) => {
        const left = removeNodes(names)(pipeline);
        const stays = (each: string) => !names.includes(each);
        expect(wires(left)).toEqual(
          wires(pipeline).filter(({ source, target }) => stays(source) && stays(target)),
        );
        for (const { from } of Object.values(left.outputs ?? {}))
          expect(names).not.toContain(from.split(".")[0]);
      }),
    );
  });

  it("rename what a condition reads, and nothing that only looks alike", () => {
    const pipeline: Pipeline = {
      ...blank("p"),
      nodes: {
        a: { component: "x" },
        b: { component: "x", when: "a.score > 1 and ba.a == 'a.b'" },
      },
    };
    expect(rename("a", "c")(pipeline).nodes.b?.when).toBe("c.score > 1 and ba.a == 'a.b'");
  });

  it("take back what they did", () => {
    const two = addNode("b", { component: "y" })(addNode("a", { component: "x" })(blank("p")));
    const wire = { source: "a", output: "o", target: "b", input: "i" };
    expect(wires(connect(wire)(two))).toEqual([wire]);
    expect(disconnect(wire)(connect(wire)(two))).toEqual(two);
    expect(setParameter("a", "n", undefined)(setParameter("a", "n", 1)(two))).toEqual(two);
    expect(move({ a: [1.4, 2.6] })(two).layout).toEqual({ a: [1, 3] });
  });
});
