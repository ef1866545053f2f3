/** Undo and redo as a log of commands: what was done, and the states between.
 *
 * Selecting and looking are no commands. What follows within a moment under the same `burst`, such
 * as the keystrokes in one field or the steps of one drag, is one entry (designer.md 2.1).
 */

export interface Entry<S> {
  label: string;
  before: S;
  burst: string;
  time: number;
}

export interface History<S> {
  now: S;
  done: Entry<S>[];
  undone: Entry<S>[];
}

const MOMENT = 1_500;
const MOST = 500;

export const begin = <S>(now: S): History<S> => ({ now, done: [], undone: [] });

export function record<S>(
  history: History<S>,
  label: string,
  next: S,
  burst: string,
  time: number,
): History<S> {
  if (next === history.now) return history;
  const last = history.done.at(-1);
  const isSame =
    burst && last?.burst === burst && time - last.time < MOMENT && !history.undone.length;
  if (isSame) {
    const done = [...history.done.slice(0, -1), { ...last, time }];
    return { now: next, done, undone: [] };
  }
  const entry = { label, before: history.now, burst, time };
  return { now: next, done: [...history.done.slice(1 - MOST), entry], undone: [] };
}

export function undo<S>({ now, done, undone }: History<S>): History<S> {
  const last = done.at(-1);
  if (!last) return { now, done, undone };
  return {
    now: last.before,
    done: done.slice(0, -1),
    undone: [...undone, { ...last, before: now, burst: "" }],
  };
}

export function redo<S>({ now, done, undone }: History<S>): History<S> {
  const last = undone.at(-1);
  if (!last) return { now, done, undone };
  return {
    now: last.before,
    done: [...done, { ...last, before: now }],
    undone: undone.slice(0, -1),
  };
}
