import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { begin, type History, record, redo, undo } from "./history";

const histories = fc
  .array(fc.record({ next: fc.integer(), burst: fc.constantFrom("", "drag"), pause: fc.nat(3000) }))
  .map((steps) => {
    let time = 0;
    return steps.reduce<History<number>>((done, { next, burst, pause }) => {
      time += pause;
      return record(done, "did", next, burst, time);
    }, begin(0));
  });

describe("the history", () => {
  it("is where it was after undo and redo", () => {
    fc.assert(
      fc.property(histories, (history) => {
        expect(redo(undo(history)).now).toBe(history.now);
        expect(redo(undo(history)).done.length).toBe(history.done.length);
      }),
    );
  });

  it("leads back to the beginning", () => {
    fc.assert(
      fc.property(histories, (history) => {
        let back = history;
        for (let at = history.done.length; at > 0; at--) back = undo(back);
        expect(back.now).toBe(0);
        expect(back.undone.length).toBe(history.done.length);
      }),
    );
  });

  it("takes a burst as one entry, and what comes later as another", () => {
    const once = record(record(begin(0), "a", 1, "drag", 0), "a", 2, "drag", 500);
    expect(once.done.length).toBe(1);
    expect(undo(once).now).toBe(0);
    expect(record(once, "a", 3, "drag", 5_000).done.length).toBe(2);
    expect(record(once, "b", 3, "other", 600).done.length).toBe(2);
  });

  it("forgets what was undone when something else is done", () => {
    const other = record(undo(record(begin(0), "a", 1, "", 0)), "b", 2, "", 0);
    expect(redo(other)).toEqual(other);
  });
});
