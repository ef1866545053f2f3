import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { clash, grouped, obstacle, type Types, ungrouped } from "./groups";
import { selections } from "./pipeline/arbitrary";
import { blank, type Pipeline } from "./pipeline/model";

const types: Types = { output: () => "table", input: () => "any", parameter: () => "Float" };

/** Without the order of nodes, which a file may have in any way. */
const graphOf = ({ nodes, outputs, inputs, parameters, layout }: Pipeline) => ({
  nodes,
  outputs,
  inputs,
  parameters,
  layout,
});

describe("groups", () => {
  it("give an equal graph when they are taken apart again", () => {
    fc.assert(
      fc.property(selections, ({ pipeline, names }) => {
        fc.pre(obstacle(pipeline, names) === null);
        const { inner, outer } = grouped(pipeline, names, "part", types);
        const whole = outer("part", "part@1.0.0")(pipeline);
        const back = ungrouped("part", inner)(whole);
        expect(graphOf(back)).toEqual(graphOf(pipeline));
      }),
    );
  });

  it("have a port for each thing that crosses their border, and no more", () => {
    const pipeline: Pipeline = {
      ...blank("p"),
      nodes: {
        a: { component: "x" },
        b: { component: "x", inputs: { t: { from: "a.out" }, u: { from: "a.out" } } },
        c: { component: "x", inputs: { t: { from: "b.out" } }, parameters: { n: { from: "a.n" } } },
        d: { component: "x", inputs: { t: { from: "c.out" } }, after: ["b"] },
      },
      outputs: { o: { from: "c.out" } },
    };
    const { inner, outer } = grouped(pipeline, ["b", "c"], "part", types);
    expect(inner.inputs).toEqual({ t: { type: "table" } });
    expect(inner.parameters).toEqual({ n: { type: "Float" } });
    expect(inner.outputs).toEqual({ out: { from: "c.out" } });
    const after = outer("part", "part@1.0.0")(pipeline);
    expect(after.nodes).toEqual({
      a: { component: "x" },
      part: {
        component: "part@1.0.0",
        inputs: { t: { from: "a.out" } },
        parameters: { n: { from: "a.n" } },
      },
      d: { component: "x", inputs: { t: { from: "part.out" } }, after: ["part"] },
    });
    expect(after.outputs).toEqual({ o: { from: "part.out" } });
  });

  it("know the scheduling parameters that their nodes may say", () => {
    const dates = { bizdate: "$bizdate" };
    const nodes = {
      a: { component: "x" },
      // biome-ignore lint/suspicious/noTemplateCurlyInString: it is of the language of schedules
      b: { component: "x", parameters: { day: "${bizdate}" } },
    };
    const { inner, outer } = grouped(
      { ...blank("p"), scheduling_parameters: dates, nodes },
      ["b"],
      "part",
      types,
    );
    expect(inner.scheduling_parameters).toEqual(dates);
    const bare = outer("part", "part@1.0.0")({ ...blank("q"), nodes });
    expect(ungrouped("part", inner)(bare).scheduling_parameters).toEqual(dates);
  });

  it("are not taken apart where both sides call different dates the same", () => {
    const [here, there] = [{ ...blank("p") }, { ...blank("part") }];
    const known = { ...here, scheduling_parameters: { day: "$bizdate", hour: "$[hh]" } };
    expect(clash(here, { ...there, scheduling_parameters: { day: "$bizdate" } })).toBe("");
    expect(clash(known, { ...there, scheduling_parameters: { day: "$bizdate", more: "x" } })).toBe(
      "",
    );
    expect(clash(known, { ...there, scheduling_parameters: { day: "$[yyyy]" } })).toBe("day");
    expect(clash(known, there)).toBe("");
  });

  it("take columns from outside as a text, for they have no table of their own", () => {
    const nodes = {
      a: { component: "x" },
      b: { component: "x", parameters: { n: { from: "a.n" } } },
    };
    const columns: Types = { ...types, parameter: () => "Columns" };
    const { inner } = grouped({ ...blank("p"), nodes }, ["b"], "part", columns);
    expect(inner.parameters).toEqual({ n: { type: "String" } });
  });

  it("cannot be of nodes with a way out and back in", () => {
    const nodes = {
      a: { component: "x" },
      b: { component: "x", inputs: { t: { from: "a.out" } } },
      c: { component: "x", inputs: { t: { from: "b.out" } } },
    };
    expect(obstacle({ ...blank("p"), nodes }, ["a", "c"])).toBe("ring");
    expect(obstacle({ ...blank("p"), nodes }, ["a", "b"])).toBeNull();
    expect(obstacle({ ...blank("p"), nodes }, [])).toBe("none");
  });

  it("cannot be where a condition or a loop reads across the border", () => {
    const nodes = {
      a: { component: "x" },
      b: { component: "x", when: "a.score > 1" },
      c: { component: "x", foreach: { from: "a.list", into: "n" } },
    };
    expect(obstacle({ ...blank("p"), nodes }, ["b"])).toBe("when");
    expect(obstacle({ ...blank("p"), nodes }, ["a"])).toBe("when");
    expect(obstacle({ ...blank("p"), nodes }, ["c"])).toBe("foreach");
    expect(obstacle({ ...blank("p"), nodes }, ["a", "b"])).toBeNull();
  });

  it("call what is taken out of them otherwise where its name is taken", () => {
    const inside = {
      ...blank("part"),
      nodes: { a: { component: "x" } },
      outputs: { o: { from: "a.out" } },
    };
    const pipeline = {
      ...blank("p"),
      nodes: {
        a: { component: "y", inputs: { t: { from: "part.o" } } },
        part: { component: "part" },
      },
    };
    expect(ungrouped("part", inside)(pipeline).nodes).toEqual({
      a: { component: "y", inputs: { t: { from: "a_2.out" } } },
      a_2: { component: "x" },
    });
  });
});
