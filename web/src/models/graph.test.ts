import { describe, expect, it } from "vitest";
import { type GraphWire, shownWires } from "./graph";

const wire = (source: string, target: string): GraphWire => ({
  source,
  output: "out",
  target,
  input: "in",
  kind: "data",
  type: "folder",
});
const many = Array.from({ length: 400 }, (_, at) => `n${at}`);

describe("the wires that are drawn", () => {
  it("are all of them where each can be told from the others", () => {
    const wires = [...many.map((name) => wire(name, `${name}-after`)), wire("a", "b")];
    expect(shownWires(wires, new Set())).toHaveLength(wires.length);
  });

  it("are those of what is selected where very many end at one port", () => {
    const wires = [
      ...many.map((name) => wire("first", name)),
      ...many.map((name) => wire(name, "last")),
      wire("a", "b"),
    ];
    const shown = shownWires(wires, new Set(["n7", "first"]));
    expect(shown).toEqual([wire("first", "n7"), wire("n7", "last"), wire("a", "b")]);
  });
});
