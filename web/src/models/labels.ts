/** Labels as people write them: a word, or `word=value`. */
export type Labels = Record<string, string>;

export function labelWords(labels: Labels): string[] {
  return Object.entries(labels).map(([name, value]) => (value ? `${name}=${value}` : name));
}

export function labelsOf(words: string[]): Labels {
  return Object.fromEntries(
    words.map((word) => {
      const [name = "", ...value] = word.split("=");
      return [name.trim(), value.join("=").trim()];
    }),
  );
}
