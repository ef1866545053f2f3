import { expect, it } from "vitest";
import { blank } from "./pipeline/model";
import type { Face } from "./ports";
import { facesWith, searched } from "./search";

const pipeline = {
  ...blank("p"),
  nodes: {
    read: { component: "builtin:read_csv" },
    split: { component: "builtin:split_rows", parameters: { column: "species", fraction: 0.7 } },
    species: { component: "builtin:join" },
  },
};
const find = (words: string) => searched(pipeline, words, (name) => name);

it("finds nodes by name, component and value, names first", () => {
  expect(find("SPEC").map(({ name, where }) => [name, where])).toEqual([
    ["species", "name"],
    ["split", "parameter"],
  ]);
  expect(find("split_rows")[0]).toEqual({
    name: "split",
    where: "component",
    said: "builtin:split_rows",
  });
  expect(find("fraction 0.7")[0]?.said).toBe("fraction: 0.7");
  expect([find(""), find("nothing")]).toEqual([[], []]);
});

it("finds components by all their names, those called so first", () => {
  const face = (name: string, some: Partial<Face>) =>
    ({
      name,
      title: name,
      aliases: [],
      summary: "",
      category: "",
      parameters: [],
      ...some,
    }) as unknown as Face;
  const faces = [
    face("join", { summary: "split by a key" }),
    face("split_rows", { aliases: ["拆分"] }),
  ];
  expect(facesWith(faces, "split").map(({ name }) => name)).toEqual(["split_rows", "join"]);
  expect(facesWith(faces, "拆分").map(({ name }) => name)).toEqual(["split_rows"]);
  expect(facesWith(faces, " ")).toEqual(faces);
});
