import { expect, it } from "vitest";
import { csvComponent } from "./csvSource";

it("names a component after its file and what is in it", () => {
  const named = (file: string) => JSON.parse(csvComponent(file, "0123456789abcdef"));
  expect(named("Orders 2026.csv")).toMatchObject({
    name: "data-orders-2026-01234567",
    display_name: "Orders 2026.csv",
    outputs: { table: { type: "table" } },
  });
  expect(named("订单.csv").name).toBe("data-01234567");
  expect(named('a"; rm -rf $HOME.csv').command).toBe('cp data.csv "$PAI_OUTPUT_TABLE"');
});
