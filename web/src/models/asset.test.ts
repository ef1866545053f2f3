import { describe, expect, it } from "vitest";
import { assetOf, named } from "./asset";

describe("a reference", () => {
  it("names a version of what has a page", () => {
    expect(assetOf("model:greeter@0.1.0")).toEqual({
      kind: "model",
      name: "greeter",
      version: "0.1.0",
    });
    expect(assetOf("dataset:flights@v1")?.version).toBe("v1");
    expect(assetOf("pipeline:train@1.0.0")?.kind).toBe("pipeline");
  });

  it("is none of anything else", () => {
    for (const words of ["image:x@1", "model:x", "model:@1", "model:x@", "x@1", ""])
      expect(assetOf(words)).toBeNull();
  });

  it("may be without its kind, and its version", () => {
    expect(named("greeter")).toEqual({ name: "greeter", version: "" });
    expect(named("greeter@1.10")).toEqual({ name: "greeter", version: "1.10" });
  });
});
