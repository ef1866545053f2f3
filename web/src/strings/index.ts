/** What the console says, in the language that was chosen. */
import { create } from "zustand";
import { en } from "./en";
import { zh } from "./zh";

export type Key = keyof typeof en;
export type Language = "en" | "zh";
export type Values = Record<string, string | number>;

export const texts: Record<Language, Record<Key, string>> = { en, zh };
export const languages: Record<Language, string> = { en: "English", zh: "中文" };

const KEPT = "millwork.language";

function first(): Language {
  const kept = localStorage.getItem(KEPT);
  if (kept === "en" || kept === "zh") return kept;
  return navigator.language.startsWith("zh") ? "zh" : "en";
}

interface Chosen {
  language: Language;
  choose: (language: Language) => void;
}

export const useLanguage = create<Chosen>((set) => ({
  language: first(),
  choose: (language) => {
    localStorage.setItem(KEPT, language);
    document.documentElement.lang = language;
    set({ language });
  },
}));

/** The text of a key, `{name}` in it replaced by the value of that name. */
export function say(language: Language, key: Key, values: Values = {}): string {
  return texts[language][key].replace(/\{(\w+)\}/g, (all, name: string) =>
    name in values ? String(values[name]) : all,
  );
}

export interface Speak {
  (key: Key, values?: Values): string;
  /** Of `KEY.one` and `KEY.other` that which fits the number; `{count}` is that number. */
  count: (key: Plural, count: number, values?: Values) => string;
  /** The text of a key that is made of a server's word; of one that it has anew, the word itself. */
  known: (key: string, word: string, values?: Values) => string;
  language: Language;
}

type Plural = Key extends infer K ? (K extends `${infer P}.other` ? P : never) : never;

/** How a component speaks: `const t = useStrings(); t("runs.title")`. */
export function useStrings(): Speak {
  return speakerOf(useLanguage((chosen) => chosen.language));
}

const speakers = new Map<Language, Speak>();

export function speakerOf(language: Language): Speak {
  const known = speakers.get(language);
  if (known) return known;
  const rules = new Intl.PluralRules(language);
  const speak = ((key, values) => say(language, key, values)) as Speak;
  speak.language = language;
  speak.known = (key, word, values) =>
    key in texts[language] ? say(language, key as Key, values) : word;
  speak.count = (key, count, values) => {
    const form = rules.select(count) === "one" ? "one" : "other";
    const shown = count.toLocaleString(language);
    return say(language, `${key}.${form}` as Key, { count: shown, ...values });
  };
  speakers.set(language, speak);
  return speak;
}
