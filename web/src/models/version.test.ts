import { expect, it } from "vitest";
import { isLater, isVersion, latest, next, proposed } from "./version";

it("versions are compared as numbers", () => {
  expect(isLater("1.10.0", "1.9.0")).toBe(true);
  expect(isLater("1.0.0", "1.0.0")).toBe(false);
  expect(latest(["1.9.0", "1.10.0", "0.20.0"])).toBe("1.10.0");
  expect(["1.0.0", "1.0", "01.0.0", "1.0.x"].map(isVersion)).toEqual([true, false, false, false]);
});

it("the next one follows", () => {
  expect(next("1.2.3")).toEqual({ fix: "1.2.4", addition: "1.3.0", break: "2.0.0" });
  expect(proposed("0.1.0", [])).toBe("0.1.0");
  expect(proposed("1.0.0", ["1.0.0"])).toBe("1.0.1");
  expect(proposed("2.0.0", ["1.0.0"])).toBe("2.0.0");
});
