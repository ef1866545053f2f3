import { Loader } from "@mantine/core";
import { useNavigate } from "@tanstack/react-router";
import { useVirtualizer } from "@tanstack/react-virtual";
import { useEffect, useMemo, useRef, useState } from "react";
import { PlaceLink } from "@/components/PlaceLink";
import { heading } from "@/models/schedules/dates";
import { LETTERS, lookOf, total } from "@/models/schedules/instances";
import type { GridCell, GridRow } from "@/services/instances";
import { type Key, type Speak, useStrings } from "@/strings";
import { type Chosen, keyOf, toggled } from "./chosen";
import classes from "./grid.module.css";

interface Props {
  workspace: string;
  rows: GridRow[];
  days: string[];
  isChoosing: boolean;
  chosen: Chosen;
  onChoose: (chosen: Chosen) => void;
  /** What to do with a cell that has several instances. */
  onOpenDay: (schedule: string, bizdate: string) => void;
  hasMore: boolean;
  isReading: boolean;
  onMore: () => void;
}

const HEIGHT = 32;
const NEAR = 20;

/** Rows are schedules, columns business dates; the rows that are looked at are drawn. */
export function Grid(props: Props) {
  const { rows, days, chosen, onChoose, isChoosing, hasMore, isReading, onMore } = props;
  const t = useStrings();
  const scroll = useRef<HTMLDivElement>(null);
  const list = useVirtualizer({
    count: rows.length,
    getScrollElement: () => scroll.current,
    estimateSize: () => HEIGHT,
    overscan: 10,
  });
  const items = list.getVirtualItems();
  const last = items.at(-1)?.index ?? 0;
  useEffect(() => {
    if (hasMore && !isReading && last > rows.length - NEAR) onMore();
  }, [last, hasMore, isReading, rows.length, onMore]);
  const end = days.at(-1);
  // The latest dates are what people look for, and the first that a narrow window would hide.
  useEffect(() => {
    if (end && scroll.current) scroll.current.scrollLeft = scroll.current.scrollWidth;
  }, [end]);
  const { place, press } = useKeys(rows.length, days.length, scroll, list.scrollToIndex);
  const ofDay = (day: string) =>
    rows.flatMap((row) => {
      const cell = row.cells.find(({ bizdate }) => bizdate === day);
      return cell ? [{ schedule: row.schedule, cell }] : [];
    });
  return (
    <div className={classes.scroll} ref={scroll}>
      {/* biome-ignore lint/a11y/useSemanticElements: only the rows that are looked at are there */}
      <div
        role="grid"
        tabIndex={-1}
        aria-label={t("instances.grid")}
        aria-rowcount={rows.length + 1}
        aria-colcount={days.length + 1}
        aria-multiselectable={isChoosing}
        className={classes.grid}
        style={{ "--days": days.length } as React.CSSProperties}
        onKeyDown={press}
      >
        <Head
          days={days}
          onDay={isChoosing ? (day) => onChoose(toggled(chosen, ofDay(day))) : null}
        />
        {/* biome-ignore lint/a11y/useSemanticElements: as above */}
        <div role="rowgroup" style={{ height: list.getTotalSize(), position: "relative" }}>
          {items.map((item) => {
            const row = rows[item.index];
            return (
              row && (
                <Row
                  key={row.schedule}
                  {...props}
                  row={row}
                  index={item.index}
                  top={item.start}
                  column={place.row === item.index ? place.column : -1}
                />
              )
            );
          })}
        </div>
      </div>
      {isReading && <Loader size="sm" m="md" />}
    </div>
  );
}

/** Whether the cell was there to be given the keyboard. */
function focusOn(within: HTMLElement | null, to: { row: number; column: number }) {
  const cell = within?.querySelector<HTMLElement>(`[data-at="${to.row},${to.column}"]`);
  cell?.focus();
  return Boolean(cell);
}

/** The cell that has the keyboard, which arrows move. */
function useKeys(
  rows: number,
  columns: number,
  scroll: React.RefObject<HTMLDivElement | null>,
  show: (index: number) => void,
) {
  const [place, setPlace] = useState({ row: 0, column: columns - 1 });
  const held = { row: Math.min(place.row, rows - 1), column: Math.min(place.column, columns - 1) };
  const press = (event: React.KeyboardEvent<HTMLDivElement>) => {
    const cell = (event.target as HTMLElement).closest<HTMLElement>("[data-at]");
    const [row = 0, column = 0] = (cell?.dataset.at ?? "").split(",").map(Number);
    const steps: Record<string, [number, number]> = {
      ArrowUp: [-1, 0],
      ArrowDown: [1, 0],
      ArrowLeft: [0, -1],
      ArrowRight: [0, 1],
      Home: [0, -columns],
      End: [0, columns],
      PageUp: [-10, 0],
      PageDown: [10, 0],
    };
    const step = steps[event.key];
    if (!cell || !step) return;
    event.preventDefault();
    const to = {
      row: Math.max(0, Math.min(rows - 1, row + step[0])),
      column: Math.max(0, Math.min(columns - 1, column + step[1])),
    };
    setPlace(to);
    show(to.row);
    // A row that is not drawn yet is there with the next frame; all else takes the next key at once.
    if (!focusOn(scroll.current, to)) requestAnimationFrame(() => focusOn(scroll.current, to));
  };
  return { place: held, press };
}

function Head({ days, onDay }: { days: string[]; onDay: ((day: string) => void) | null }) {
  const t = useStrings();
  return (
    // biome-ignore lint/a11y/useSemanticElements: as above
    // biome-ignore lint/a11y/useFocusableInteractive: its cells are
    <div role="row" className={classes.head} aria-rowindex={1}>
      {/* biome-ignore lint/a11y/useSemanticElements: as above */}
      {/* biome-ignore lint/a11y/useFocusableInteractive: its link is */}
      <div role="columnheader" className={classes.corner} aria-colindex={1}>
        {t("schedules.column.name")}
      </div>
      {days.map((day, at) => {
        const { day: number, weekday, month, whole, isWeekend } = heading(day, t.language);
        const top = at === 0 || number === "1" ? month : weekday;
        const shown = (
          <>
            <small>{top}</small> <span>{number}</span>
          </>
        );
        return (
          // biome-ignore lint/a11y/useSemanticElements: as above
          // biome-ignore lint/a11y/useFocusableInteractive: its button is
          <div
            key={day}
            role="columnheader"
            aria-colindex={at + 2}
            className={classes.day}
            data-weekend={isWeekend || undefined}
            title={whole}
            aria-label={whole}
          >
            {onDay ? (
              <button
                type="button"
                aria-label={t("instances.choose.day", { date: `${top} ${number} (${day})` })}
                onClick={() => onDay(day)}
              >
                {shown}
              </button>
            ) : (
              shown
            )}
          </div>
        );
      })}
    </div>
  );
}

interface RowProps extends Props {
  row: GridRow;
  index: number;
  top: number;
  /** The column of the cell that the keyboard reaches, if it is in this row. */
  column: number;
}

function Row(props: RowProps) {
  const { workspace, row, index, top, column, days, isChoosing, chosen, onChoose } = props;
  const t = useStrings();
  const cells = useMemo(() => new Map(row.cells.map((cell) => [cell.bizdate, cell])), [row.cells]);
  const all = days.flatMap((day) => {
    const cell = cells.get(day);
    return cell ? [{ schedule: row.schedule, cell }] : [];
  });
  return (
    // biome-ignore lint/a11y/useSemanticElements: as above
    // biome-ignore lint/a11y/useFocusableInteractive: its cells are
    <div
      role="row"
      className={classes.row}
      aria-rowindex={index + 2}
      style={{ height: HEIGHT, transform: `translateY(${top}px)` }}
    >
      {/* biome-ignore lint/a11y/useSemanticElements: as above */}
      {/* biome-ignore lint/a11y/useFocusableInteractive: its link is */}
      <div role="rowheader" className={classes.name} aria-colindex={1}>
        {isChoosing ? (
          <button
            type="button"
            aria-label={t("instances.choose.row", { schedule: row.schedule })}
            onClick={() => onChoose(toggled(chosen, all))}
          >
            {row.schedule}
          </button>
        ) : (
          <PlaceLink
            to="/w/$workspace/schedules/$schedule"
            params={{ workspace, schedule: row.schedule }}
            size="sm"
          >
            {row.schedule}
          </PlaceLink>
        )}
        {row.state !== "on" && <small>{t(`schedules.state.${row.state}`)}</small>}
      </div>
      {days.map((day, at) => (
        <Cell
          key={day}
          {...props}
          day={day}
          cell={cells.get(day)}
          at={at}
          isReached={at === column}
        />
      ))}
    </div>
  );
}

interface CellProps extends RowProps {
  day: string;
  cell: GridCell | undefined;
  at: number;
  isReached: boolean;
}

function Cell({ workspace, row, index, day, cell, at, isReached, ...rest }: CellProps) {
  const { isChoosing, chosen, onChoose, onOpenDay } = rest;
  const t = useStrings();
  const navigate = useNavigate();
  const tabIndex = isReached ? 0 : -1;
  const place = `${index},${at}`;
  if (!cell)
    return (
      // biome-ignore lint/a11y/useSemanticElements: as above
      <div
        role="gridcell"
        aria-colindex={at + 2}
        className={classes.cell}
        tabIndex={tabIndex}
        data-at={place}
      />
    );
  const look = lookOf(cell);
  const many = total(cell.counts);
  const isChosen = chosen.has(keyOf(row.schedule, day));
  const choose = () => onChoose(toggled(chosen, [{ schedule: row.schedule, cell }]));
  const open = () =>
    cell.instance
      ? void navigate({
          to: "/w/$workspace/instances/$instance",
          params: { workspace, instance: cell.instance },
        })
      : onOpenDay(row.schedule, day);
  const label = labelOf(t, row.schedule, day, cell);
  return (
    // biome-ignore lint/a11y/useSemanticElements: as above
    <div
      role="gridcell"
      aria-colindex={at + 2}
      aria-label={label}
      aria-selected={isChoosing ? isChosen : undefined}
      title={label}
      className={classes.cell}
      data-look={look}
      data-letter={LETTERS[look]}
      data-count={many > 1 ? many : undefined}
      data-chosen={isChosen || undefined}
      data-is-link
      onClick={isChoosing ? choose : open}
      onKeyDown={(event) => {
        if (event.key !== "Enter" && event.key !== " ") return;
        event.preventDefault();
        if (event.key === " " && isChoosing) choose();
        else open();
      }}
      tabIndex={tabIndex}
      data-at={place}
    />
  );
}

/** What a cell says to whoever cannot see it. */
function labelOf(t: Speak, schedule: string, date: string, cell: GridCell): string {
  const word = (status: string) => t(`instance.status.${status}` as Key);
  if (total(cell.counts) === 1)
    return t("instances.cell", { schedule, date, status: word(lookOf(cell)) });
  const counts = Object.entries(cell.counts)
    .filter(([, count]) => count)
    .map(([status, count]) => t("instances.count", { count, status: word(status) }))
    .join(", ");
  return t("instances.cell.many", { schedule, date, counts });
}
