/** Finding nodes by what is written in them. */
import type { Pipeline } from "./pipeline/model";
import type { Face } from "./ports";

export interface Found {
  name: string;
  /** Where the words stand: in the name, the component, or a parameter. */
  where: "name" | "component" | "parameter";
  /** The parameter's name and value, if it was one. */
  said: string;
}

const RANK = { name: 0, component: 1, parameter: 2 };

/** Nodes in which all words occur, names first; at most `limit`. */
export function searched(
  pipeline: Pipeline,
  words: string,
  titleOf: (name: string) => string,
  limit = 50,
): Found[] {
  const wanted = wordsOf(words);
  if (!wanted.length) return [];
  const found = Object.keys(pipeline.nodes).flatMap((name): Found[] => {
    const hit = inNode(pipeline, name, wanted, titleOf(name));
    return hit ? [hit] : [];
  });
  return found.sort((a, b) => RANK[a.where] - RANK[b.where]).slice(0, limit);
}

export const wordsOf = (words: string): string[] =>
  words.toLowerCase().split(/\s+/).filter(Boolean);

const has = (text: string, words: string[]) => {
  const low = text.toLowerCase();
  return words.every((word) => low.includes(word));
};

function inNode(pipeline: Pipeline, name: string, words: string[], title: string): Found | null {
  const node = pipeline.nodes[name];
  if (!node) return null;
  if (has(`${name} ${title}`, words)) return { name, where: "name", said: "" };
  if (has(`${name} ${title} ${node.component}`, words))
    return { name, where: "component", said: node.component };
  for (const [parameter, value] of Object.entries(node.parameters ?? {})) {
    const said = `${parameter}: ${typeof value === "string" ? value : JSON.stringify(value)}`;
    if (has(`${name} ${title} ${said}`, words)) return { name, where: "parameter", said };
  }
  return null;
}

/** The components in which all words occur, in their names and descriptions, names first. */
export function facesWith(faces: readonly Face[], words: string): Face[] {
  const wanted = wordsOf(words);
  if (!wanted.length) return [...faces];
  const names = (face: Face) => [face.name, face.title, ...face.aliases].join(" ");
  const more = (face: Face) =>
    [face.summary, face.category, ...face.parameters.map((each) => each.name)].join(" ");
  const first = faces.filter((face) => has(names(face), wanted));
  const rest = faces.filter(
    (face) => !first.includes(face) && has(`${names(face)} ${more(face)}`, wanted),
  );
  return [...first, ...rest];
}
