/** What a pipeline asks of whoever runs it. */
import type { Parameter } from "../fields";
import type { Declared, Pipeline } from "./model";

/** Whether it cannot run before something is said. */
export function asksFor({ inputs = {}, parameters = {} }: Pipeline): boolean {
  return (
    Object.values(inputs).some((input) => input.required !== false) ||
    Object.values(parameters).some((each) => each.required === true && each.default === undefined)
  );
}

/** A declared parameter as the form of a component's shows it. */
export function formOf(name: string, declared: Declared): Parameter {
  const range = declared.range as
    | [number, number]
    | { min?: number; max?: number; exclusive_min?: number; exclusive_max?: number }
    | undefined;
  const bounds = Array.isArray(range) ? { min: range[0], max: range[1] } : (range ?? {});
  const { min, max, exclusive_min, exclusive_max } = bounds as Record<string, number | undefined>;
  return {
    name,
    title: String(declared.display_name ?? ""),
    group: "params",
    type: declared.type,
    required: declared.required === true,
    default: (declared.default ?? null) as Parameter["default"],
    choices: Array.isArray(declared.enum) ? (declared.enum as Parameter["choices"]) : [],
    minimum: min ?? exclusive_min ?? null,
    maximum: max ?? exclusive_max ?? null,
    exclusive_minimum: exclusive_min !== undefined,
    exclusive_maximum: exclusive_max !== undefined,
    length: Array.isArray(declared.length) ? (declared.length as number[]) : null,
    pattern: String(declared.pattern ?? ""),
    columns: null,
    description: String(declared.description ?? ""),
  };
}
