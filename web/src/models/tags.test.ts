import { describe, expect, it } from "vitest";
import { tagsOf, wordsOf } from "./tags";

describe("tags", () => {
  it("are read as they are written", () => {
    const tags = { team: "vision", empty: "", sum: "1+1=2" };
    expect(tagsOf(wordsOf(tags))).toEqual({ tags, bad: [] });
  });

  it("have a name, and each name once", () => {
    expect(tagsOf(["team", "=x", "a=1", " a = 2"])).toEqual({
      tags: { a: "1" },
      bad: ["team", "=x", " a = 2"],
    });
  });
});
