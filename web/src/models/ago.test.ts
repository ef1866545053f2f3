import { expect, it } from "vitest";
import { ago } from "./ago";

it("says how long something is past, in the largest unit that fits", () => {
  expect(ago(1000, 1000, "en")).toBe("now");
  expect(ago(1000, 1061, "en")).toBe("1 minute ago");
  expect(ago(1000, 1000 + 2 * 86_400, "en")).toBe("2 days ago");
  expect(ago(1000, 1000 + 3 * 3600, "zh")).toBe("3小时前");
});

it("says of what a clock puts into the future that it is now", () => {
  expect(ago(1010, 1000, "en")).toBe("now");
});
