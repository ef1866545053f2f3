import type { runs as english } from "../en/runs";

export const runs: Record<keyof typeof english, string> = {};
