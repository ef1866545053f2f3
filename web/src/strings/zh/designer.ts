import type { designer as english } from "../en/designer";

export const designer: Record<keyof typeof english, string> = {};
