import { describe, expect, it } from "vitest";
import { assetOf } from "./asset";

describe("a reference", () => {
  it("names a version of a model or a dataset", () => {
    expect(assetOf("model:greeter@0.1.0")).toEqual({
      kind: "model",
      name: "greeter",
      version: "0.1.0",
    });
    expect(assetOf("dataset:flights@v1")?.version).toBe("v1");
  });

  it("is none of anything else", () => {
    expect(assetOf("component:x@1.0.0")).toBeNull();
    expect(assetOf("model:x")).toBeNull();
  });
});
