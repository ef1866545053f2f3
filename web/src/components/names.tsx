/** What the server's words are called for people: types of ports, categories of components. */
import { useMemo } from "react";
import { PortMark } from "@/components/graph/PortMark";
import { type Key, type Speak, texts, useStrings } from "@/strings";

export function useNames() {
  const t = useStrings();
  return useMemo(
    () => ({
      type: (type: string) => named(t, `library.type.${type}`, type),
      category: (category: string) => named(t, `library.category.${category}`, category),
      mark: (type: string) => <PortMark type={type} label="" />,
    }),
    [t],
  );
}

/** A text by a key made of the server's word; of a word that it has anew, the word itself. */
function named(t: Speak, key: string, word: string): string {
  return key in texts[t.language] ? t(key as Key) : word;
}
