/** What may be written into a parameter, and what of it is wrong before the server is asked. */
import type { Json } from "./pipeline/model";
import type { Face } from "./ports";

export type Parameter = Face["parameters"][number];
export type Value = Json | undefined;

export interface Column {
  name: string;
  type: string;
}

/** The tabs that people know from PAI; what is there for tuning stands below the parameters. */
export type Tab = "fields" | "parameters";

export const tabOf = (parameter: Parameter): Tab =>
  parameter.group === "fields" ? "fields" : "parameters";

export const titleOf = (parameter: Parameter): string =>
  parameter.title || parameter.name.replaceAll(/[_-]/g, " ").replace(/^\w/, (c) => c.toUpperCase());

const NUMBER = /^(U?Int(8|16|32|64|128)|Float(16|32|64)|Decimal.*)$/;

const KINDS: Record<string, (type: string) => boolean> = {
  number: (type) => NUMBER.test(type),
  text: (type) => /^(String|Categorical|Enum)/.test(type),
  time: (type) => /^(Date|Time|Duration)/.test(type),
  bool: (type) => type === "Boolean",
};

/** What a type of polars is to people: number, text, time, bool, or "" for any other. */
export const kindOf = (type: string): string =>
  Object.keys(KINDS).find((kind) => KINDS[kind]?.(type)) ?? "";

/** The columns that a picker offers: those of its kind, and those of which no type is known. */
export function offered(parameter: Parameter, columns: readonly Column[]): Column[] {
  const wanted = parameter.columns?.dtype ?? "";
  return columns.filter(({ type }) => !wanted || type === "?" || kindOf(type) === wanted);
}

/** The names that no column has; none if the columns are not all known. */
export function missing(value: Value, columns: readonly Column[] | undefined, isWhole: boolean) {
  if (!columns || !isWhole) return [];
  const known = new Set(columns.map((column) => column.name));
  return listed(value).filter((name) => !known.has(name));
}

/** The names in a value of columns, which may be a list or text. */
export function listed(value: Value): string[] {
  if (Array.isArray(value)) return value.map(String);
  if (typeof value !== "string" || !value.trim()) return [];
  if (value.trimStart().startsWith("[")) {
    try {
      const names: unknown = JSON.parse(value);
      if (Array.isArray(names)) return names.map(String);
    } catch {
      return [value];
    }
  }
  return value.split(",").map((name) => name.trim());
}

/** What was typed, as the file has it: a number if it is one, or else the text for all to see. */
export function typed(parameter: Parameter, text: string): Value {
  if (text === "") return undefined;
  if (parameter.type === "Int" && /^[+-]?\d+$/.test(text.trim())) {
    const number = Number(text);
    // Beyond 2^53 a number of JavaScript is another one: text keeps every digit.
    return Number.isSafeInteger(number) ? number : text.trim();
  }
  if (parameter.type === "Float" && text.trim() && Number.isFinite(Number(text)))
    return Number(text);
  return text;
}

/** A value as it stands in a field or in a sentence. */
export function shown(value: Json | undefined): string {
  if (value === undefined || value === null) return "";
  if (Array.isArray(value)) return value.map(shown).join(", ");
  return typeof value === "object" ? JSON.stringify(value) : String(value);
}

export type Wrong =
  | { key: "fault.required" }
  | { key: "fault.whole" | "fault.number" | "fault.choice" }
  | { key: "fault.least" | "fault.most" | "fault.above" | "fault.below"; bound: number }
  | { key: "fault.length"; least: number; most: number };

/** Why a value cannot be right, as far as that is seen without the server. */
export function wrong(parameter: Parameter, value: Value): Wrong | null {
  if (value === undefined || value === null || value === "")
    return parameter.required && parameter.default === null ? { key: "fault.required" } : null;
  if (parameter.choices.length && !Array.isArray(value)) {
    const known = parameter.choices.some((choice) => shown(choice) === shown(value));
    return known ? null : { key: "fault.choice" };
  }
  if (parameter.type === "Int" || parameter.type === "Float") return wrongNumber(parameter, value);
  if (parameter.type === "String" && parameter.length && typeof value === "string") {
    const [least = 0, most = Number.POSITIVE_INFINITY] = parameter.length;
    const count = [...value].length;
    return count < least || count > most ? { key: "fault.length", least, most } : null;
  }
  return null;
}

function wrongNumber(parameter: Parameter, value: Json): Wrong | null {
  const text = shown(value).trim();
  if (parameter.type === "Int" && !/^[+-]?\d+$/.test(text)) return { key: "fault.whole" };
  const number = Number(text);
  if (!text || !Number.isFinite(number)) return { key: "fault.number" };
  const { minimum, maximum, exclusive_minimum, exclusive_maximum } = parameter;
  if (minimum !== null) {
    if (exclusive_minimum && number <= minimum) return { key: "fault.above", bound: minimum };
    if (number < minimum) return { key: "fault.least", bound: minimum };
  }
  if (maximum !== null) {
    if (exclusive_maximum && number >= maximum) return { key: "fault.below", bound: maximum };
    if (number > maximum) return { key: "fault.most", bound: maximum };
  }
  return null;
}

/** Whether a text wants room: queries, code and whatever has lines. */
export function isLong(parameter: Parameter, value: Value): boolean {
  const has = (text: unknown) => typeof text === "string" && text.includes("\n");
  return (
    has(value) || has(parameter.default) || /(^|_)(sql|query|code|script)$/.test(parameter.name)
  );
}
