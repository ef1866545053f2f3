import { useVirtualizer } from "@tanstack/react-virtual";
import { useEffect, useLayoutEffect, useMemo, useRef } from "react";
import {
  type LogIndex,
  numberOf,
  type Place,
  type Row,
  type Rows,
  rowAt,
  rowOf,
  rowsOf,
  shown,
} from "@/models/logs";
import { sizeOf } from "@/models/size";
import type { LogReader } from "@/services/logs";
import { useStrings } from "@/strings";
import { LogLine } from "./LogLine";
import classes from "./LogView.module.css";

const HEIGHT = 18;
const NEAR_END = 4;

interface Lines {
  reader: LogReader;
  index: LogIndex;
  isOver: boolean;
  isWrapped: boolean;
  isFollowing: boolean;
  setFollowing: (follows: boolean) => void;
  place: Place | null;
  words: string;
}

/** The rows that are looked at, and no others, whatever the length of the log. */
export function LogLines(props: Lines) {
  const { reader, index, isOver, isWrapped, isFollowing, setFollowing, place, words } = props;
  const t = useStrings();
  const scroll = useRef<HTMLDivElement>(null);
  const rows = useMemo(() => rowsOf(index), [index]);
  const list = useVirtualizer({
    count: rows.total,
    getScrollElement: () => scroll.current,
    estimateSize: () => HEIGHT,
    overscan: 20,
  });
  const items = list.getVirtualItems();
  const first = items[0]?.index ?? 0;
  const last = items.at(-1)?.index ?? 0;
  // biome-ignore lint/correctness/useExhaustiveDependencies: what is shown has changed with the index
  useEffect(() => reader.show(first, last), [reader, index, first, last]);
  useEnd(list.scrollToIndex, rows.total, isFollowing);
  usePlace(index, rows, place, list.scrollToIndex, setFollowing);
  useStill(index, rows, scroll, isFollowing || isWrapped);
  // biome-ignore lint/correctness/useExhaustiveDependencies: other heights are right now
  useEffect(() => list.measure(), [isWrapped]);
  const scrolled = (event: React.UIEvent<HTMLDivElement>) => {
    const { scrollTop, scrollHeight, clientHeight } = event.currentTarget;
    setFollowing(scrollHeight - scrollTop - clientHeight < NEAR_END * HEIGHT);
  };
  if (!rows.total)
    return <p className={classes.nothing}>{t(isOver ? "log.empty" : "log.waiting")}</p>;
  return (
    <div
      className={classes.scroll}
      ref={scroll}
      onScroll={scrolled}
      // biome-ignore lint/a11y/noNoninteractiveTabindex: it is scrolled by the keyboard
      tabIndex={0}
      role="log"
      aria-live="off"
    >
      <div className={classes.space} style={{ height: list.getTotalSize() }}>
        <div
          className={classes.rows}
          data-wraps={isWrapped || undefined}
          style={{ transform: `translateY(${items[0]?.start ?? 0}px)` }}
        >
          {items.map((item) => (
            <div
              key={item.key}
              data-index={item.index}
              ref={isWrapped ? list.measureElement : null}
            >
              <LogRow
                row={rowAt(index, rows, item.index)}
                number={numberOf(index, rows, item.index)}
                words={words}
                isNow={place !== null && rowOf(index, rows, place) === item.index}
              />
            </div>
          ))}
        </div>
      </div>
    </div>
  );
}

interface OneRow {
  row: Row;
  number: number | null;
  words: string;
  isNow: boolean;
}

function LogRow({ row, number, words, isNow }: OneRow) {
  const t = useStrings();
  if (row.kind !== "line") {
    const said =
      row.kind === "lost"
        ? t("log.lost", { size: sizeOf(row.bytes, t.language) })
        : t("log.loading");
    return (
      <div className={classes.row}>
        <span className={classes.number} />
        <span className={classes.said}>{said}</span>
      </div>
    );
  }
  const isFound = words && shown(row.text).toLowerCase().includes(words.toLowerCase());
  const found = isNow && isFound ? "now" : isFound ? "yes" : undefined;
  return <LogLine text={row.text} number={number} words={words} found={found} />;
}

type GoTo = (row: number, how: { align: "start" | "center" | "end" }) => void;

/** Keeps to the end while that is what is looked at. */
function useEnd(goTo: GoTo, total: number, isFollowing: boolean) {
  useLayoutEffect(() => {
    if (isFollowing && total) goTo(total - 1, { align: "end" });
  }, [goTo, total, isFollowing]);
}

/** Goes to a place that was found, once for each. */
function usePlace(
  index: LogIndex,
  rows: Rows,
  place: Place | null,
  goTo: GoTo,
  setFollowing: (follows: boolean) => void,
) {
  const gone = useRef<Place | null>(null);
  useEffect(() => {
    const isSame = gone.current?.chunk === place?.chunk && gone.current?.line === place?.line;
    if (isSame) return;
    gone.current = place;
    if (!place) return;
    setFollowing(false);
    goTo(rowOf(index, rows, place), { align: "center" });
  }, [index, rows, place, goTo, setFollowing]);
}

/** Keeps the lines that are looked at in their place while how many are before them gets known. */
function useStill(
  index: LogIndex,
  rows: Rows,
  scroll: React.RefObject<HTMLDivElement | null>,
  isFree: boolean,
) {
  const before = useRef({ index, rows });
  useLayoutEffect(() => {
    const { rows: old } = before.current;
    before.current = { index, rows };
    const box = scroll.current;
    if (!box || isFree || old === rows || old.starts.length !== rows.starts.length) return;
    const top = box.scrollTop / HEIGHT;
    const chunk = old.starts.findLastIndex((start) => start <= top);
    const moved = (rows.starts[chunk] ?? 0) - (old.starts[chunk] ?? 0);
    if (moved) box.scrollTop += moved * HEIGHT;
  }, [index, rows, scroll, isFree]);
}
