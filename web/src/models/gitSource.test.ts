import { describe, expect, it } from "vitest";
import { gitFaults, refOf, sourceName } from "./gitSource";

describe("a repository", () => {
  it("gives its source a name", () => {
    expect(sourceName("https://example.org/team/My_Steps.git")).toBe("my-steps");
    expect(sourceName("git@example.org:steps/")).toBe("steps");
    expect(sourceName("https://example.org/7zip")).toBe("zip");
    expect(sourceName("")).toBe("");
  });

  it("is taken at a branch, or at a commit if that is said whole", () => {
    expect(refOf("main")).toEqual({ branch: "main", commit: "" });
    expect(refOf("a".repeat(40))).toEqual({ branch: "", commit: "a".repeat(40) });
    expect(refOf("a".repeat(12))).toEqual({ branch: "a".repeat(12), commit: "" });
  });

  it("is wrong at a field", () => {
    expect(gitFaults("repository: https://host/path\nbranch: the name of a branch")).toEqual({
      git: "https://host/path",
      ref: "the name of a branch",
    });
    expect(gitFaults("path: the repository has no file x at this commit")).toEqual({
      file: "the repository has no file x at this commit",
    });
    const missing = "https://example.org/a has no branch or tag v9 (a commit needs all its digits)";
    expect(gitFaults(missing)).toEqual({ ref: missing });
    const inside = "127.0.0.1 is not of the public network; a connection of type git allows it";
    expect(gitFaults(inside)).toEqual({ connection: inside });
    const away = "cannot fetch https://example.org/a: no host example.org";
    expect(gitFaults(away)).toEqual({ git: away });
  });
});
