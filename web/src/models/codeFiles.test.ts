import { expect, it } from "vitest";
import { codeFiles } from "./codeFiles";

const file = (path: string) => {
  const made = new File(["x"], path.split("/").at(-1) ?? "");
  Object.defineProperty(made, "webkitRelativePath", { value: path });
  return made;
};

it("names files within their folder, without what is no code", () => {
  const paths = ["src/main.py", "src/a/b.py", "src/.git/HEAD", "src/a/__pycache__/b.pyc"];
  expect(codeFiles(paths.map(file)).map(({ path }) => path)).toEqual(["main.py", "a/b.py"]);
});

it("takes single files, too", () => {
  expect(codeFiles([new File(["x"], "main.py")]).map(({ path }) => path)).toEqual(["main.py"]);
});
