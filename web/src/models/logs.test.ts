import fc from "fast-check";
import { describe, expect, it } from "vitest";
import {
  bytesOf,
  CHUNK,
  goesOn,
  type LogIndex,
  matches,
  numberOf,
  OVERLAP,
  openLog,
  overwritten,
  placeOf,
  rowAt,
  rowOf,
  rowsOf,
  shown,
  spans,
  unread,
  withChunk,
  withMore,
} from "./logs";

const extent = (size: number) => ({ size, lost_from: 0, lost_to: 0 });

function read(index: LogIndex, text: string, chunk: number): LogIndex {
  const { from, to } = bytesOf(index, chunk);
  const following = goesOn(index, chunk) ? text.slice(to, to + OVERLAP) : "";
  return withChunk(index, chunk, text.slice(from, to), following);
}

function linesOf(index: LogIndex): string[] {
  const rows = rowsOf(index);
  return Array.from({ length: rows.total }, (_, row) => {
    const shownRow = rowAt(index, rows, row);
    return shownRow.kind === "line" ? shownRow.text : shownRow.kind;
  });
}

describe("a log that is read in chunks", () => {
  it("has the lines of the text, in whatever order the chunks are read", () => {
    const line = fc.oneof(
      fc.string({ maxLength: 40 }),
      fc.constant(""),
      fc.constant("x".repeat(9000)),
    );
    fc.assert(
      fc.property(fc.array(line, { maxLength: 120 }), fc.boolean(), (some, isReversed) => {
        const ascii = some.map((each) => each.replace(/[^ -~]/g, "?"));
        const text = ascii.join("\n");
        let index = openLog(extent(text.length));
        const order = index.chunks.map((_, chunk) => chunk);
        for (const chunk of isReversed ? order.reverse() : order) index = read(index, text, chunk);
        expect(linesOf(index)).toEqual(text.endsWith("\n") || !text ? ascii.slice(0, -1) : ascii);
      }),
      { numRuns: 60 },
    );
  });

  it("gives a line that begins where a chunk does to the chunk before", () => {
    const text = `${"a".repeat(CHUNK - 1)}\nb\nc\n`;
    let index = openLog(extent(text.length));
    index = read(index, text, 1);
    expect(index.chunks[1]).toEqual(["c"]);
    index = read(index, text, 0);
    expect(index.chunks[0]?.[1]).toBe("b");
  });

  it("asks only for what is shown, and numbers lines once all before is known", () => {
    const text = `${"word\n".repeat(300_000)}`;
    let index = openLog(extent(text.length));
    expect(index.chunks).toHaveLength(3);
    index = read(index, text, 2);
    let rows = rowsOf(index);
    expect(unread(index, rows, rows.total - 30, rows.total - 1)).toEqual([]);
    expect(unread(index, rows, 0, 30)).toEqual([0]);
    expect(numberOf(index, rows, rows.total - 1)).toBeNull();
    for (const chunk of [0, 1]) index = read(index, text, chunk);
    rows = rowsOf(index);
    expect(rows).toMatchObject({ total: 300_000, isExact: true });
    expect(numberOf(index, rows, rows.total - 1)).toBe(300_000);
  });

  it("says where the middle was not kept", () => {
    const lost = { lost_from: 2 * CHUNK, lost_to: 5 * CHUNK + 100 };
    const text = "word\n".repeat((6 * CHUNK) / 5);
    let index = openLog({ size: text.length, ...lost });
    expect(bytesOf(index, 3)).toEqual({ from: 4 * CHUNK, to: 4 * CHUNK });
    expect(bytesOf(index, 5)).toEqual({ from: 5 * CHUNK + 100, to: text.length });
    for (const chunk of [0, 1, 5]) index = read(index, text, chunk);
    const rows = rowsOf(index);
    expect(rows.isExact).toBe(true);
    const holes = linesOf(index).filter((each) => each === "lost");
    expect(holes).toHaveLength(1);
    expect(rowAt(index, rows, rows.starts[2] ?? 0)).toMatchObject({
      kind: "lost",
      bytes: 3 * CHUNK + 100,
    });
  });

  it("goes on with what is printed, from the line that had not ended", () => {
    let index = read(openLog(extent(7)), "one\ntwo", 0);
    index = withMore(index, " and\nthree\nfo");
    expect(linesOf(index)).toEqual(["one", "two and", "three", "fo"]);
    const rows = rowsOf(index);
    const [place] = matches(index, "THREE", 10);
    expect(place && rowOf(index, rows, place)).toBe(2);
  });
});

describe("a line", () => {
  it("is what a terminal shows at last", () => {
    expect(overwritten("10%\r50%\r100%")).toBe("100%");
    expect(overwritten("done\r")).toBe("done");
    expect(shown("\x1b[31mred\x1b[0m \x1b]0;title\x07end")).toBe("red end");
  });

  it("is in pieces of one style each", () => {
    const { spans: found } = spans("a\x1b[1;31mb\x1b[39mc\x1b[0md\x1b[94me\x1b[48;5;3mf");
    expect(found.map((each) => [each.text, each.styles.join(" ")])).toEqual([
      ["a", ""],
      ["b", "bold red"],
      ["c", "bold"],
      ["d", ""],
      ["e", "blue"],
      ["f", "blue"],
    ]);
  });

  it("is cut if it is too long to be looked at", () => {
    expect(spans("x".repeat(100_000)).isCut).toBe(true);
  });

  it("is never anything but its text", () => {
    fc.assert(
      fc.property(fc.string(), (text) => {
        expect(
          spans(text)
            .spans.map((each) => each.text)
            .join(""),
        ).toBe(shown(text));
      }),
    );
  });
});

describe("a line that the server has found", () => {
  /** What `logs.search` tells of the line that begins at a byte. */
  const told = (text: string, offset: number, from = 0) => {
    const block = Math.max(from, Math.floor((offset - 1) / CHUNK) * CHUNK);
    return { offset, line: offset ? text.slice(block, offset).split("\n").length - 1 : 0 };
  };

  it("is in its place, wherever the chunks begin", () => {
    // Of these lines one begins where a chunk does, one behind that, and one goes over a chunk.
    const lengths = [CHUNK - 1, 0, 5, CHUNK - 10, 3, 9000, CHUNK - 4000, 7];
    const text = lengths
      .map((length, at) => `${at}`.padEnd(length, "x").slice(0, length))
      .join("\n");
    let index = openLog(extent(text.length));
    index.chunks.forEach((_, chunk) => {
      index = read(index, text, chunk);
    });
    const rows = rowsOf(index);
    let offset = 0;
    for (const [row, length] of lengths.entries()) {
      const place = placeOf(index, told(text, offset));
      const found = rowAt(index, rows, rowOf(index, rows, place));
      const said = found.kind === "line" ? [found.text[0], found.text.length] : [];
      expect(said).toEqual([length ? `${row}` : undefined, length]);
      expect([row, rowOf(index, rows, place)]).toEqual([row, row]);
      offset += length + 1;
    }
  });

  it("is in its place behind what was not kept", () => {
    const text = `${"a\n".repeat(CHUNK / 2)}${"\0".repeat(2 * CHUNK + 100)}tail\nlast`;
    const lost = { lost_from: CHUNK, lost_to: 3 * CHUNK + 100 };
    let index = openLog({ size: text.length, ...lost });
    for (const chunk of [0, 3]) {
      const { from, to } = bytesOf(index, chunk);
      index = withChunk(index, chunk, text.slice(from, to), "");
    }
    const rows = rowsOf(index);
    const textOf = (offset: number) => {
      const place = placeOf(index, told(text, offset, lost.lost_to));
      return rowAt(index, rows, rowOf(index, rows, place));
    };
    expect(textOf(lost.lost_to)).toMatchObject({ text: "tail" });
    expect(textOf(lost.lost_to + 5)).toMatchObject({ text: "last" });
  });
});
