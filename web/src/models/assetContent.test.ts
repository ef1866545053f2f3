import { expect, it } from "vitest";
import { contentOf } from "./assetContent";

it("the document of a model says what it is and where it comes from", () => {
  const content = contentOf({
    uri: "s3://bucket/m",
    type: "model",
    format: "onnx",
    metrics: { auc: 0.91, curve: [1, 2] },
    specs: { inference: { cpu: 2, env: { A: "b" } } },
    options: { region: "x" },
    mount_path: "/ml/m",
    source: { run: "r", step: "learn", port: "model", digest: "d" },
  });
  expect(content).toEqual({
    type: "model",
    uri: "s3://bucket/m",
    format: "onnx",
    framework: "",
    mountPath: "/ml/m",
    metrics: [
      ["auc", "0.91"],
      ["curve", "1, 2"],
    ],
    specs: [
      [
        "inference",
        [
          ["cpu", "2"],
          ["env", "A: b"],
        ],
      ],
    ],
    options: ["region=x"],
    source: { kind: "output", run: "r", step: "learn", port: "model" },
  });
});

it("a document that says little, or something else, is read all the same", () => {
  expect(contentOf({}).source).toEqual({ kind: "none" });
  expect(contentOf({ source: null, metrics: [1], specs: { x: 1 }, uri: 3 })).toMatchObject({
    uri: "",
    metrics: [],
    specs: [["x", []]],
    source: { kind: "none" },
  });
  expect(contentOf({ source: { dataset: "flights", version: "v1" } }).source).toEqual({
    kind: "dataset",
    name: "flights",
    version: "v1",
  });
});
