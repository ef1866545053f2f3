import { useDebouncedValue } from "@mantine/hooks";
import { useQuery } from "@tanstack/react-query";
import { useEffect, useMemo, useState } from "react";
import { type LogIndex, liveMatches, matches, type Place, placeOf } from "@/models/logs";
import { type LogAddress, type LogReader, logHits, MOST_HITS, SHORT } from "@/services/logs";

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
  error: Error | null;
  move: (by: number) => void;
}

/** Finds words in a log: here in a short one, by the server in one that is not read as a whole. */
export function useLogSearch(
  address: LogAddress,
  reader: LogReader,
  index: LogIndex | null,
): LogSearch {
  const [typed, setTyped] = useState("");
  const [words] = useDebouncedValue(typed.trim(), PAUSE);
  const [at, setAt] = useState(0);
  const isLong = index !== null && index.size > SHORT;
  const read = useRead(reader, words, isLong);
  const told = useQuery({
    ...logHits(address, words, index?.size ?? 0),
    enabled: isLong && words !== "",
  });
  const isReading = isLong ? told.isLoading : read.isReading;
  const places = useMemo(() => {
    // While parts arrive one after the other each would be searched for nothing.
    if (!index || !words || isReading) return [];
    if (!isLong) return matches(index, words, MOST_HITS);
    const hits = told.data?.items.filter(({ offset }) => offset < index.size) ?? [];
    const places = hits.map((hit) => placeOf(index, hit));
    return [...places, ...liveMatches(index, words, MOST_HITS - places.length)];
  }, [index, words, isReading, isLong, told.data]);
  const now = Math.min(at, Math.max(0, places.length - 1));
  const place = places[now] ?? null;
  const isThere = !place || place.chunk < 0 || Boolean(index?.chunks[place.chunk]);
  useEffect(() => {
    if (place && !isThere) reader.read(place.chunk);
  }, [reader, place, isThere]);
  return {
    typed,
    words: places.length ? words : "",
    setTyped: (text) => {
      setTyped(text);
      setAt(0);
    },
    count: places.length,
    at: places.length ? now + 1 : 0,
    place: isThere ? place : null,
    isReading: isReading || words !== typed.trim(),
    error: isLong && words ? told.error : null,
    move: (by) => places.length && setAt((now + by + places.length) % places.length),
  };
}

/** All of a short log is read to be searched. */
function useRead(reader: LogReader, words: string, isLong: boolean) {
  const [isReading, setReading] = useState(false);
  useEffect(() => {
    if (!words || isLong) return;
    setReading(true);
    void reader.readAll().then(() => setReading(false));
  }, [reader, words, isLong]);
  return { isReading };
}
