import { describe, expect, it } from "vitest";
import { boundsOf, fitting, isSeen, levelOf, opening, placeAt, topmostAt } from "./viewport";

const screen = { width: 1000, height: 600 };
const box = (x: number, y: number) => ({
  at: [x, y] as [number, number],
  size: { width: 200, height: 72 },
});
const many = (count: number) =>
  Array.from({ length: count }, (_, at) => box((at % 40) * 240, Math.floor(at / 40) * 120));

describe("the viewport", () => {
  it("sees what is within the screen", () => {
    const view = { x: 0, y: 0, zoom: 1 };
    expect(isSeen(box(900, 500), view, screen)).toBe(true);
    expect(isSeen(box(1001, 0), view, screen)).toBe(false);
    expect(isSeen(box(-250, 0), view, screen)).toBe(false);
    expect(isSeen(box(1500, 0), { ...view, zoom: 0.5 }, screen)).toBe(true);
  });

  it("draws less of many, and paints too many", () => {
    expect(levelOf(many(1000), { x: 0, y: 0, zoom: 1 }, screen)).toBe("near");
    expect(levelOf(many(500), { x: 0, y: 0, zoom: 0.1 }, screen)).toBe("plain");
    expect(levelOf(many(1000), { x: 0, y: 0, zoom: 0.1 }, screen)).toBe("far");
    expect(levelOf(many(5000), { x: 0, y: 0, zoom: 1 }, screen)).toBe("near");
  });

  it("fits all of few, and opens at the beginning of many", () => {
    const few = many(20);
    const view = fitting(few, screen);
    expect(few.every((each) => isSeen(each, view, screen))).toBe(true);
    expect(fitting([box(0, 0)], screen).zoom).toBe(1);
    expect(opening(many(1000), screen).zoom).toBe(1);
    expect(isSeen(box(0, 0), opening(many(1000), screen), screen)).toBe(true);
    expect(boundsOf([])).toBeNull();
  });

  it("finds what lies under the pointer", () => {
    const boxes = [box(0, 0), box(50, 10)];
    expect(topmostAt(boxes, placeAt([100, 100], { x: 40, y: 40, zoom: 1 }))).toBe(boxes[1]);
    expect(topmostAt(boxes, [500, 500])).toBeUndefined();
  });
});
