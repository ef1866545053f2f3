import { useEffect, useState } from "react";

const SECOND = 1_000;

/** The time in Unix seconds, anew every second while it matters. */
export function useNow(isTicking: boolean): number {
  const [now, setNow] = useState(() => Date.now() / SECOND);
  useEffect(() => {
    if (!isTicking) return;
    setNow(Date.now() / SECOND);
    const timer = setInterval(() => setNow(Date.now() / SECOND), SECOND);
    return () => clearInterval(timer);
  }, [isTicking]);
  return now;
}
