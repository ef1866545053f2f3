/** What a step was started with, as people read it. */
import type { Schemas } from "@/services/api";

export type Command = Schemas["StepCommand"];

const PLAIN = /^[\w@%+=:,./-]+$/;

/** A word as a shell reads it back. */
export const quoted = (word: string) =>
  PLAIN.test(word) ? word : `'${word.replaceAll("'", "'\\''")}'`;

/** Words as one line that a shell reads as these words. */
export const lineOf = (words: string[]) => words.map(quoted).join(" ");

/** A script of a shell and what it is given, if that is what is run; else the words in one line. */
export function scriptOf(argv: string[]): { script: string; given: string[] } {
  const [program, option, script] = argv;
  if (program === "sh" && option === "-c" && script !== undefined)
    return { script, given: argv.slice(4) };
  return { script: lineOf(argv), given: [] };
}

export interface Variable {
  name: string;
  value: string;
  /** Whether it is the name of a secret: its value is told to nobody. */
  isSecret: boolean;
}

/** The variables in which the words occur, by their names. */
export function variablesOf(command: Command, words: string): Variable[] {
  const wanted = words.trim().toLowerCase();
  const of = (all: Record<string, string>, isSecret: boolean) =>
    Object.entries(all).map(([name, value]) => ({ name, value, isSecret }));
  return [...of(command.variables, false), ...of(command.secrets, true)]
    .filter(({ name, value }) => `${name}=${value}`.toLowerCase().includes(wanted))
    .sort((a, b) => (a.name < b.name ? -1 : 1));
}
