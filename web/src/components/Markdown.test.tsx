// @vitest-environment jsdom
import { MantineProvider } from "@mantine/core";
import { cleanup, render } from "@testing-library/react";
import { afterEach, beforeAll, expect, it } from "vitest";
import { Markdown } from "./Markdown";

beforeAll(() => {
  window.matchMedia = () =>
    ({
      matches: false,
      addEventListener: () => {},
      removeEventListener: () => {},
    }) as unknown as MediaQueryList;
});
afterEach(cleanup);

const shown = (text: string) =>
  render(
    <MantineProvider env="test">
      <Markdown>{text}</Markdown>
    </MantineProvider>,
  ).container;

it("draws headings, lists and code", () => {
  const page = shown("# Title\n\n- one\n- `two`\n");
  expect(page.querySelector("h1")?.textContent).toBe("Title");
  expect(page.querySelectorAll("li")).toHaveLength(2);
});

it("fetches no picture and draws no HTML", () => {
  const page = shown('![seen](https://example.com/x.png) <img src=x onerror="alert(1)"> <b>x</b>');
  expect(page.querySelector("img, b, script")).toBeNull();
  expect(page.textContent).toContain("seen");
});

it("links to pages and mail only, and tells them nothing", () => {
  const page = shown("[good](https://example.com) [bad](javascript:alert(1)) [home](/x)");
  const links = [...page.querySelectorAll("a")];
  expect(links.map((link) => link.getAttribute("href"))).toEqual(["https://example.com"]);
  expect(links[0]?.rel).toContain("noopener");
});
