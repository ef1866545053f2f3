import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { pipelines, selections } from "./arbitrary";
import { addNode, move, removeNodes, setParameter } from "./edit";
import { read, write } from "./text";

const TEXT = `# What this is for
apiVersion: millwork/v1
kind: Pipeline
name: delays
version: 1.10.0 # kept as written
nodes:
  # the beginning
  read:
    component: builtin:read_csv # a file
    inputs: {file: {path: ./a.csv}}
  split: {component: builtin:split_rows, inputs: {table: {from: read.table}}}
layout: {read: [0, 0], split: [0, 120]}
`;

describe("the text of a pipeline", () => {
  it("says what was written", () => {
    fc.assert(
      fc.property(pipelines, (pipeline) => {
        expect(read(write(pipeline)).pipeline).toEqual(pipeline);
      }),
    );
  });

  it("says what was written into another text", () => {
    fc.assert(
      fc.property(selections, ({ pipeline, names }) => {
        const less = removeNodes(names)(pipeline);
        expect(read(write(less, write(pipeline))).pipeline).toEqual(less);
      }),
    );
  });

  it("is left alone by no change", () => {
    const { pipeline } = read(TEXT);
    expect(pipeline && write(pipeline, TEXT)).toBe(TEXT);
  });

  it("keeps its comments and its order through edits", () => {
    const { pipeline } = read(TEXT);
    if (!pipeline) throw new Error("unread");
    const changes = [
      addNode("join", { component: "builtin:join" }, [240, 0]),
      setParameter("split", "fraction", 0.7),
      move({ read: [10, 10] }),
    ];
    const text = write(
      changes.reduce((now, change) => change(now), pipeline),
      TEXT,
    );
    for (const comment of [
      "# What this is for",
      "# kept as written",
      "# the beginning",
      "# a file",
    ])
      expect(text).toContain(comment);
    expect(text.indexOf("read:")).toBeLessThan(text.indexOf("split:"));
    expect(text).toContain("fraction: 0.7");
  });

  it("is written as people write it", () => {
    const { pipeline } = read("nodes: {}\n");
    if (!pipeline) throw new Error("unread");
    const text = write(addNode("a", { component: "x" }, [-3, 4])(pipeline), "nodes: {}\n");
    expect(text).toContain("nodes:\n  a:\n    component: x\n");
    expect(text).toContain("layout:\n  a: [-3, 4]\n");
  });

  it("says why it is no pipeline", () => {
    expect(read("nodes: [").fault).not.toBe("");
    expect(read("5").pipeline).toBeNull();
    expect(read("nodes: 5").pipeline).toBeNull();
    expect(read("nodes: {a: {component: x}, a: {component: y}}").fault).toContain('"a"');
    expect(read("version: 1.10\nnodes: {}").pipeline?.version).toBe("1.10");
  });
});
