/** What can be done at present, for the command palette and the keyboard. */
import { useEffect } from "react";
import { create } from "zustand";

export interface Command {
  id: string;
  label: string;
  /** As people read it, such as `Ctrl+Z`; the page that has the command listens to it. */
  keys?: string;
  isDisabled?: boolean;
  run: () => void;
}

interface Registry {
  byOwner: Record<string, Command[]>;
  set: (owner: string, commands: Command[]) => void;
  remove: (owner: string) => void;
}

export const useRegistry = create<Registry>((set) => ({
  byOwner: {},
  set: (owner, commands) => set(({ byOwner }) => ({ byOwner: { ...byOwner, [owner]: commands } })),
  remove: (owner) => set(({ byOwner: { [owner]: _, ...byOwner } }) => ({ byOwner })),
}));

/** Offers commands while the component that calls it is shown; `commands` must be memoised. */
export function useCommands(owner: string, commands: Command[]) {
  const { set, remove } = useRegistry.getState();
  useEffect(() => {
    set(owner, commands);
    return () => remove(owner);
  }, [owner, commands, set, remove]);
}

/** Whether a key belongs to a field that is being written in, and so to nobody else. */
export function isTyping(event: KeyboardEvent): boolean {
  const target = event.target;
  if (!(target instanceof HTMLElement)) return false;
  return target.isContentEditable || /^(input|textarea|select)$/i.test(target.tagName);
}
