import type { panels as english } from "../en/panels";

export const panels: Record<keyof typeof english, string> = {};
