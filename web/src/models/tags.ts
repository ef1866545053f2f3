/** Tags as they are typed: `team=vision`. */

export interface Typed {
  tags: Record<string, string>;
  /** What is no tag, or one whose name was there before. */
  bad: string[];
}

export const wordsOf = (tags: Record<string, string>) =>
  Object.entries(tags).map(([name, value]) => `${name}=${value}`);

export function tagsOf(words: string[]): Typed {
  const typed: Typed = { tags: {}, bad: [] };
  for (const word of words) {
    const [name = "", ...rest] = word.split("=");
    const key = name.trim();
    if (!key || !rest.length || Object.hasOwn(typed.tags, key)) typed.bad.push(word);
    else typed.tags[key] = rest.join("=").trim();
  }
  return typed;
}
