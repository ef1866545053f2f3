/** How wide and high the parts of the frame are, remembered in this browser. */
import { useCallback, useState } from "react";

export interface Sizes {
  rail: number;
  panel: number;
  drawer: number;
  hasRail: boolean;
  hasPanel: boolean;
  hasDrawer: boolean;
}

const KEPT = "millwork.designer.sizes";

export const LIMITS: Record<"rail" | "panel" | "drawer", [number, number]> = {
  rail: [180, 420],
  panel: [240, 560],
  drawer: [120, 700],
};

function first(): Sizes {
  const isSmall = window.innerWidth < 1200;
  const usual: Sizes = {
    rail: isSmall ? 208 : 256,
    panel: isSmall ? 272 : 328,
    drawer: 280,
    hasRail: true,
    hasPanel: true,
    hasDrawer: false,
  };
  try {
    return { ...usual, ...(JSON.parse(localStorage.getItem(KEPT) ?? "{}") as Partial<Sizes>) };
  } catch {
    return usual;
  }
}

export function useSizes() {
  const [sizes, setSizes] = useState(first);
  const change = useCallback((some: Partial<Sizes>) => {
    setSizes((now) => {
      const next = { ...now, ...some };
      localStorage.setItem(KEPT, JSON.stringify(next));
      return next;
    });
  }, []);
  return [sizes, change] as const;
}
