import { describe, expect, it } from "vitest";
import { worded } from "./worded";

describe("a value of a document", () => {
  it("is said in words", () => {
    expect(worded([{ schedule: "load", cycle: "last" }, "self"])).toBe(
      "schedule: load, cycle: last, self",
    );
    expect([worded(null), worded(3), worded(true)]).toEqual(["", "3", "true"]);
  });
});
