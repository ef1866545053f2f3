import { describe, expect, it } from "vitest";
import { progressOf } from "./backfills";
import { days, heading, isDate, monthOf, moved, span } from "./dates";
import { entryOf, needOf } from "./dependencies";
import { faultOf } from "./faults";
import { levelsOf } from "./graph";
import { clockOf, lookOf, reasonsOf, summed, titleOf } from "./instances";
import { isWhole, ownName, planFor, wishOf } from "./plan";

describe("instances", () => {
  it("are called by schedule, business date and time", () => {
    const cyctime = "2026-03-29T03:30:00+02:00";
    expect(titleOf({ schedule: "nightly", bizdate: "2026-03-28", cyctime })).toBe(
      "nightly · 2026-03-28 · 03:30",
    );
    expect(clockOf("2026-03-29T03:30:15+02:00")).toBe("03:30:15");
  });

  it.each([
    [{}, 0, 0, "none"],
    [{ failed: 1, running: 2, succeeded: 9 }, 0, 0, "failed"],
    [{ starting: 1, succeeded: 9 }, 0, 0, "running"],
    [{ waiting: 2 }, 0, 2, "frozen"],
    [{ waiting: 2, succeeded: 1 }, 0, 1, "mixed"],
    [{ succeeded: 1 }, 1, 0, "dry"],
    [{ succeeded: 2 }, 1, 0, "succeeded"],
    [{ waiting: 1 }, 1, 0, "waiting"],
  ])("of a day look as what matters most: %j", (counts, dry, frozen, look) => {
    expect(lookOf({ counts, dry, frozen })).toBe(look);
  });

  it("answer as one what was asked of several at a time", () => {
    const refused = [
      { instance: "a", reason: "it is over" },
      { instance: "b", reason: "it is frozen already" },
      { instance: "c", reason: "it is over" },
    ];
    const answer = summed([
      { changed: 2, not_changed: 1, refused: refused.slice(0, 1) },
      { changed: 0, not_changed: 2, refused: refused.slice(1) },
    ]);
    expect(answer).toEqual({ changed: 2, not_changed: 3, refused });
    expect(reasonsOf(refused)).toEqual([
      ["it is over", 2],
      ["it is frozen already", 1],
    ]);
  });

  it("stand in a graph by how far they are, and only so many", () => {
    const node = (level: number, schedule: string) => ({ level, schedule, scheduled: 0 });
    const crowd = Array.from({ length: 15 }, (_, at) => node(1, `s${at}`));
    const levels = levelsOf([...crowd, node(0, "b"), node(-1, "a")]);
    expect(levels.map(({ level, nodes, hidden }) => [level, nodes.length, hidden])).toEqual([
      [-1, 1, 0],
      [0, 1, 0],
      [1, 12, 3],
    ]);
  });
});

describe("business dates", () => {
  it("are days of the calendar", () => {
    expect(moved("2024-02-28", 2)).toBe("2024-03-01");
    expect(moved("2026-03-29", 1)).toBe("2026-03-30");
    expect(span("2026-03-01", "2026-03-31")).toBe(31);
    expect(days("2026-02-27", "2026-03-01")).toEqual(["2026-02-27", "2026-02-28", "2026-03-01"]);
    expect(days("2026-03-01", "2026-02-27")).toEqual([]);
    expect(monthOf("2024-02-10")).toEqual(["2024-02-01", "2024-02-29"]);
    expect([isDate("2026-02-28"), isDate("2026-2-8"), isDate("")]).toEqual([true, false, false]);
  });

  it("head their columns in the language of whoever reads", () => {
    expect(heading("2026-03-01", "en")).toMatchObject({ day: "1", weekday: "S", isWeekend: true });
    expect(heading("2026-03-02", "zh").weekday).toBe("一");
  });
});

describe("a backfill", () => {
  it("asks for what was planned", () => {
    const plan = planFor("nightly", "2026-03-01");
    expect(isWhole(plan)).toBe(true);
    expect(isWhole({ ...plan, schedule: "" })).toBe(false);
    expect(isWhole({ ...plan, ranges: [{ first: "", last: "" }] })).toBe(false);
    const wish = wishOf({
      ...plan,
      ranges: [{ first: "2026-03-01", last: "" }],
      downstream: true,
      exclude: ["load"],
      overrides: [
        { schedule: "nightly", name: "rounds", value: "3" },
        { schedule: "nightly", name: "", value: "4" },
      ],
    });
    expect(wish).toMatchObject({
      ranges: [{ first: "2026-03-01", last: "2026-03-01" }],
      downstream: "all",
      exclude: ["load"],
      parameters: { nightly: { rounds: "3" } },
    });
    const chosen = wishOf({ ...plan, downstream: true, include: ["load"] });
    expect([chosen.downstream, chosen.include]).toEqual(["none", ["load"]]);
    expect(ownName("dev", "dev/load")).toBe("load");
    expect(ownName("dev", "prod/load")).toBe("prod/load");
  });

  it("tells how far it is", () => {
    const counts = { succeeded: 5, failed: 1, cancelled: 1, running: 2, starting: 1, waiting: 10 };
    expect(progressOf({ status: "running", total: 20, counts })).toEqual({
      done: 5,
      failed: 2,
      going: 3,
      waiting: 10,
      total: 20,
    });
    expect(progressOf({ status: "succeeded", total: 20, counts: {} }).done).toBe(20);
  });
});

describe("what a schedule waits for", () => {
  it.each([
    ["self"],
    ["children"],
    ["load"],
    [{ file: "s3://lake/done" }],
    [{ schedule: "load", workspace: "prod", cycle: "last" }],
  ])("is written as it was read: %j", (entry) => {
    expect(entryOf(needOf(entry))).toEqual(entry);
  });

  it("is as short as it can be", () => {
    expect(entryOf(needOf({ schedule: "load", cycle: "same" }))).toBe("load");
  });
});

describe("faults", () => {
  const fault = (path: string) => ({
    line: 1,
    column: 1,
    path,
    severity: "error",
    message: `at ${path}`,
  });

  it("belong to the field that they are in", () => {
    const faults = [fault("on[0]"), fault("once"), fault("alerts[0].to")];
    expect(faultOf(faults, "on")).toBe("at on[0]");
    expect(faultOf(faults, "alerts[0]")).toBe("at alerts[0].to");
    expect(faultOf(faults, "alerts", true)).toBe("");
  });
});
