import fc from "fast-check";
import { beforeAll, describe, expect, it } from "vitest";
import { BOX } from "./graph";
import { loadLayout, placesOf, settle, tidied, tidy } from "./layout";
import { pipelines } from "./pipeline/arbitrary";
import { addNode } from "./pipeline/edit";
import { blank, needs } from "./pipeline/model";

describe("the layout", () => {
  beforeAll(() => loadLayout());

  it("puts each node below what it needs, and none upon another", () => {
    fc.assert(
      fc.property(pipelines, (pipeline) => {
        const places = tidied(pipeline);
        const all = Object.entries(places);
        for (const [name, [, y]] of all)
          for (const need of needs(pipeline, name))
            expect(places[need]?.[1] ?? 0).toBeLessThan(y - BOX.height + 1);
        for (const [name, [x, y]] of all)
          for (const [other, [left, top]] of all)
            if (name !== other)
              expect(Math.abs(x - left) >= BOX.width || Math.abs(y - top) >= BOX.height).toBe(true);
      }),
      { numRuns: 30 },
    );
  });

  it("leaves what was added meanwhile, and forgets what is gone", () => {
    const pipeline = addNode("a", { component: "x" }, [9, 9])(blank("p"));
    const places = tidied(pipeline);
    const later = addNode("b", { component: "x" }, [500, 500])(pipeline);
    expect(tidy(places)(later).layout?.b).toEqual([500, 500]);
    expect(tidy({ ...places, gone: [0, 0] })(later).layout).not.toHaveProperty("gone");
  });

  it("gives a place to nodes without one, below the others", () => {
    const pipeline = addNode("b", { component: "x" })(
      addNode("a", { component: "x" }, [10, 20])(blank("p")),
    );
    expect(placesOf(pipeline)).toEqual({ a: [10, 20], b: [0, 140] });
    expect(settle(pipeline).layout).toEqual(placesOf(pipeline));
    expect(settle(settle(pipeline))).toEqual(settle(pipeline));
  });
});
