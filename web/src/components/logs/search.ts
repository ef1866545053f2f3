import { useDebouncedValue } from "@mantine/hooks";
import { useEffect, useMemo, useState } from "react";
import { type LogIndex, matches, type Place } from "@/models/logs";
import type { LogReader } from "@/services/logs";

const MOST = 10_000;
const PAUSE = 250;

export interface LogSearch {
  typed: string;
  setTyped: (words: string) => void;
  /** What was found and is marked. */
  words: string;
  /** How many places there are, of those which of them is shown, from 1 on. */
  count: number;
  at: number;
  place: Place | null;
  isReading: boolean;
  move: (by: number) => void;
}

/** Finds words in a log, for which all of it must be read. */
export function useLogSearch(reader: LogReader, index: LogIndex | null): LogSearch {
  const [typed, setTyped] = useState("");
  const [words] = useDebouncedValue(typed.trim(), PAUSE);
  const [at, setAt] = useState(0);
  const [isReading, setReading] = useState(false);
  useEffect(() => {
    if (!words) return;
    setReading(true);
    void reader.readAll().then(() => setReading(false));
  }, [reader, words]);
  // While parts arrive one after the other each would be searched for nothing.
  const searched = isReading ? null : index;
  const places = useMemo(() => (searched ? matches(searched, words, MOST) : []), [searched, words]);
  const now = Math.min(at, Math.max(0, places.length - 1));
  return {
    typed,
    words: places.length ? words : "",
    setTyped: (text) => {
      setTyped(text);
      setAt(0);
    },
    count: places.length,
    at: places.length ? now + 1 : 0,
    place: places[now] ?? null,
    isReading: isReading || words !== typed.trim(),
    move: (by) => places.length && setAt((now + by + places.length) % places.length),
  };
}
