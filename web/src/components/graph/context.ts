/** What all nodes of one graph share. */
import { createContext, useContext, useSyncExternalStore } from "react";
import type { NodeStatus, Statuses } from "@/models/graph";
import type { Note, Wire } from "@/models/pipeline/model";
import type { Level } from "@/models/viewport";

export interface Shared {
  level: Level;
  statuses: Statuses;
  isEditable: boolean;
  /** Why a wire is not possible; empty if it is. */
  refusalOf: (wire: Wire) => string;
  onNote?: (index: number, note: Note | null) => void;
}

export const SharedContext = createContext<Shared | null>(null);

export function useShared(): Shared {
  const shared = useContext(SharedContext);
  if (!shared) throw new Error("there is no graph around this");
  return shared;
}

export function useStatus(name: string): NodeStatus | undefined {
  const { statuses } = useShared();
  return useSyncExternalStore(statuses.subscribe, () => statuses.of(name));
}

/** How many rows an output has, where that is known. */
export function useRows(name: string, port: string, way: "in" | "out"): number | undefined {
  const { statuses } = useShared();
  return useSyncExternalStore(statuses.subscribe, () =>
    way === "out" ? statuses.of(name)?.rows?.[port] : undefined,
  );
}
