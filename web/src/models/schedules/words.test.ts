import { describe, expect, it } from "vitest";
import { recurs } from "./words";

/** What the server says (`schedule/words.py`), and the same in Chinese. */
const SAID: [string, string][] = [
  ["when it is asked for", "按需触发"],
  ["every day at 02:30, Europe/Berlin", "每天 02:30，Europe/Berlin"],
  ["every day at 02:30 and 14:30, UTC", "每天 02:30、14:30，UTC"],
  ["at 02:30 every Monday and Friday, UTC", "02:30 每周一、周五，UTC"],
  ["at 06:30 on Monday to Friday, UTC", "06:30，周一至周五，UTC"],
  ["every 2 hours, UTC", "每 2 小时，UTC"],
  ["every minute, UTC", "每分钟，UTC"],
  [
    "every 2 hours from 08:00 to 18:00 on Monday to Friday, Asia/Shanghai",
    "每 2 小时 08:00 至 18:00，周一至周五，Asia/Shanghai",
  ],
  [
    "at 00:00 on day 1 and the last day of every month, UTC",
    "00:00，日期 1、最后一天（每月），UTC",
  ],
  ["at 00:00 on day 1, and Monday, in every month, UTC", "00:00，日期 1、周一（每月），UTC"],
  ["at 00:00 on 29 February of every year, UTC", "00:00，2月29日（每年），UTC"],
  ["at 03:00 on the third Friday of every month, UTC", "03:00，第三个周五（每月），UTC"],
  [
    "every day at 02:30, UTC, from 2026-01-01, until 2026-12-31, without 2 holidays, with 1 more day",
    "每天 02:30，UTC，自 2026-01-01 起，至 2026-12-31 止，除 2 个假日，另加 1 天",
  ],
];

describe("how often a schedule is due", () => {
  it.each(SAID)("%s", (english, chinese) => {
    expect(recurs(english, "zh")).toBe(chinese);
    expect(recurs(english, "en")).toBe(english);
  });
});
