/** A part of the designer that is made anew each time, drawn again only if it holds something else. */
import { useRef } from "react";
import { type Designer, useDesigner } from "@/services/designer/store";

export function useShallow<T>(part: (designer: Designer) => T): T {
  const last = useRef<{ key: string; value: T } | null>(null);
  return useDesigner((designer) => {
    const value = part(designer);
    const key = JSON.stringify(value);
    if (last.current?.key !== key) last.current = { key, value };
    return last.current.value;
  });
}
