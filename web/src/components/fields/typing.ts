/** What is being typed stays as it was typed: `0.0` on the way to `0.01` is no `0` yet. */
import { useState } from "react";
import type { Json } from "@/models/pipeline/model";

export function useTyping(
  value: Json | undefined,
  written: string,
  parse: (text: string) => Json | undefined,
): [string, (text: string) => void] {
  const [text, setText] = useState(written);
  return [parse(text) === value ? text : written, setText];
}
