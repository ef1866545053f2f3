import { expect, it } from "vitest";
import { sizeOf } from "./size";

it("is in the unit that makes it short", () => {
  expect([0, 512, 1024, 1500, 20_480, 3 * 1024 ** 3].map((bytes) => sizeOf(bytes, "en"))).toEqual([
    "0 B",
    "512 B",
    "1 KiB",
    "1.5 KiB",
    "20 KiB",
    "3 GiB",
  ]);
});
