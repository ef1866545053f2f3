import { describe, expect, it } from "vitest";
import { type Command, lineOf, scriptOf, variablesOf } from "./command";

const command: Command = {
  run: "1abc",
  step: "train",
  attempt: "1abc-1",
  replica: "worker-0",
  replicas: ["worker-0"],
  folder: "/ml",
  image: "",
  argv: ["sh", "-c", "train $PAI_USER_ARGS", "sh", "--rate", "0.1"],
  variables: { RANK: "0", PAI_HPS_RATE: "0.1" },
  secrets: { KEY: "api-key" },
};

describe("a command", () => {
  it("is a line that a shell reads as its words", () => {
    expect(lineOf(["python", "a b.py", "it's", "", "$HOME"])).toBe(
      "python 'a b.py' 'it'\\''s' '' '$HOME'",
    );
  });

  it("of a shell is its script, and what that is given", () => {
    expect(scriptOf(command.argv)).toEqual({
      script: "train $PAI_USER_ARGS",
      given: ["--rate", "0.1"],
    });
    expect(scriptOf(["python", "x y"])).toEqual({ script: "python 'x y'", given: [] });
  });
});

describe("the variables", () => {
  it("stand by their names, secrets among them", () => {
    expect(variablesOf(command, "").map(({ name, isSecret }) => [name, isSecret])).toEqual([
      ["KEY", true],
      ["PAI_HPS_RATE", false],
      ["RANK", false],
    ]);
  });

  it("are found by name and value", () => {
    expect(variablesOf(command, "rate").map(({ name }) => name)).toEqual(["PAI_HPS_RATE"]);
    expect(variablesOf(command, "API-").map(({ name }) => name)).toEqual(["KEY"]);
  });
});
