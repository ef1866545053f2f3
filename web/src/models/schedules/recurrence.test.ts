import { describe, expect, it } from "vitest";
import { howOf, onceADay, split, withHow } from "./recurrence";

const DAILY = { name: "a", every: "day", at: "02:30", holidays: ["2026-12-25"], timezone: "UTC" };

describe("how often", () => {
  it("is read from the fields", () => {
    expect(howOf(DAILY)).toBe("day");
    expect(howOf({ cron: "* * * * *" })).toBe("cron");
    expect(howOf({ every: "fortnight" })).toBe("never");
    expect(howOf({})).toBe("never");
  });

  it("takes out what does not belong to another choice", () => {
    const weekly = withHow(DAILY, "week");
    expect(weekly).toEqual({ ...DAILY, every: "week", on: ["monday"] });
    expect(withHow(weekly, "month")).toEqual({ ...DAILY, every: "month", on: ["1"] });
    const { every: _, at: __, ...rest } = DAILY;
    expect(withHow(DAILY, "cron")).toEqual({ ...rest, cron: "00 30 02 * * ?" });
    expect(withHow(DAILY, "minute")).toEqual({ ...rest, every: "minute", step: "30" });
    expect(withHow(withHow(DAILY, "hour"), "day").at).toBe("02:30");
    expect(withHow(DAILY, "never")).toEqual({ name: "a", timezone: "UTC" });
  });

  it("is once a day for a test run at another time", () => {
    expect(onceADay(DAILY, "")).toBe(DAILY);
    expect(onceADay({ cron: "* * * * *" }, "07:00")).toEqual({ every: "day", at: "07:00" });
    expect(onceADay({ name: "a" }, "")).toEqual({ name: "a", every: "day" });
  });

  it("has times as people write them", () => {
    expect(split(" 02:30, 14:30;16:00 ")).toEqual(["02:30", "14:30", "16:00"]);
  });
});
