import { expect, it } from "vitest";
import { linkOf, safeLink } from "./links";

it("lets pages and mail through, and nothing that runs or reads", () => {
  expect(safeLink("https://example.com/a")).toBe("https://example.com/a");
  expect(safeLink("mailto:a@example.com")).toBe("mailto:a@example.com");
  for (const bad of [
    "javascript:alert(1)",
    " JaVaScRiPt:alert(1)",
    "data:text/html,x",
    "/relative",
    "",
    undefined,
  ])
    expect(safeLink(bad)).toBeUndefined();
});

it("makes a link of a contact where it is one", () => {
  expect(linkOf("team@example.com")).toBe("mailto:team@example.com");
  expect(linkOf("https://example.com")).toBe("https://example.com");
  expect(linkOf("ask Ada")).toBeUndefined();
});
