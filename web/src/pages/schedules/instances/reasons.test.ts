import { describe, expect, it, vi } from "vitest";

vi.stubGlobal("localStorage", { getItem: () => "en" });
const { speakerOf } = await import("@/strings");
const { reasonText } = await import("./reasons");

const english = speakerOf("en");
const told = (code: string, values: Record<string, string | number> = {}) =>
  reasonText({ code, values }, english);

describe("why an instance is as it is", () => {
  it("is told in words, without ids", () => {
    expect(told("run_failed", { run: "1ryag0519cfb3f" })).toBe("Its run has failed");
    expect(told("run_failed", { run: "r", why: "exit code 3" })).toBe(
      "Its run has failed: exit code 3",
    );
    expect(told("missed_none", { late: 10_800 })).toBe(
      "Missed by 3 h: the schedule catches up nothing",
    );
    expect(told("undone", { name: "self" })).toContain(english("instance.waits.self"));
  });

  it("is told of what waits for many", () => {
    const cycle = { name: "load", date: "2026-03-01", number: 3, status: "waiting", more: 4 };
    expect(told("cycle", cycle)).toBe("load, business date 2026-03-01: Waiting; 4 more to come");
    expect(told("not_begun", { because: "cycle", ...cycle, more: 0 })).toBe(
      "Not begun: load, business date 2026-03-01: Waiting",
    );
  });

  it("is what the server said, where there are no words for it", () => {
    expect(told("said", { text: "a reason of tomorrow" })).toBe("a reason of tomorrow");
    expect(told("not_begun", { because: "said", text: "why" })).toBe("Not begun: why");
    expect(told("of_tomorrow", { name: "x" })).toBe("of_tomorrow");
  });
});
