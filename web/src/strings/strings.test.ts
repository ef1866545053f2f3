// @vitest-environment jsdom
import { describe, expect, it } from "vitest";
import { say, speakerOf, texts } from ".";

const placeholders = (text: string) => [...text.matchAll(/\{(\w+)\}/g)].map((m) => m[1]).sort();

describe("the strings", () => {
  it("are there in both languages, and none is empty", () => {
    expect(Object.keys(texts.zh).sort()).toEqual(Object.keys(texts.en).sort());
    const empty = Object.values(texts).flatMap((all) =>
      Object.entries(all).filter(([, t]) => !t.trim()),
    );
    expect(empty).toEqual([]);
  });

  it("have the same values in both languages", () => {
    for (const [key, text] of Object.entries(texts.en)) {
      const other = texts.zh[key as keyof typeof texts.zh];
      expect([key, placeholders(other)]).toEqual([key, placeholders(text)]);
    }
  });

  it("are Chinese in Chinese", () => {
    const latin = Object.entries(texts.zh).filter(
      ([key, text]) =>
        !/[\u4e00-\u9fff]/.test(text) && text === texts.en[key as keyof typeof texts.en],
    );
    // Names, units and formats are the same in both; everything else must be translated.
    expect(latin.filter(([, text]) => /[a-z]{4,} [a-z]{2,}/.test(text))).toEqual([]);
  });

  it("take values", () => {
    expect(say("en", "shell.commands.go", { place: "Runs" })).toBe("Go to Runs");
    expect(speakerOf("zh")("shell.commands.go", { place: "运行" })).toBe("前往运行");
  });
});
