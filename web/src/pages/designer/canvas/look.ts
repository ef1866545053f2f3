/** The canvas that is on the screen, for what stands beside it, such as the palette. */
import { create } from "zustand";
import type { GraphControl } from "@/components/graph/types";

interface Look {
  control: GraphControl | null;
  show: (control: GraphControl | null) => void;
}

export const useLook = create<Look>((set) => ({
  control: null,
  show: (control) => set({ control }),
}));
