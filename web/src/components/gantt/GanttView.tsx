import { ActionIcon, Text, Tooltip } from "@mantine/core";
import { useVirtualizer } from "@tanstack/react-virtual";
import { type ReactNode, useRef, useState } from "react";
import { StatusMark, useStatusWord } from "@/components/status/StatusMark";
import { durationOf } from "@/models/duration";
import { type Bar, type Gantt, type GanttRow, ticks } from "@/models/gantt";
import { useStrings } from "@/strings";
import classes from "./GanttView.module.css";

interface View {
  gantt: Gantt;
  selected: string;
  onSelect: (name: string) => void;
}

const HEIGHT = 28;
const MOST_ZOOM = 64;
const TICKS = 8;

/** When each step ran: a row a step, a bar an attempt; the rows that are looked at are drawn. */
export function GanttView({ gantt, selected, onSelect }: View) {
  const t = useStrings();
  const [zoom, setZoom] = useState(1);
  const scroll = useRef<HTMLDivElement>(null);
  const list = useVirtualizer({
    count: gantt.rows.length,
    getScrollElement: () => scroll.current,
    estimateSize: () => HEIGHT,
    overscan: 10,
  });
  if (!gantt.rows.some((row) => row.bars.length))
    return (
      <Text p="md" size="sm" c="dimmed">
        {t("run.gantt.none")}
      </Text>
    );
  return (
    <div className={classes.view}>
      <div className={classes.bar}>
        <span className={classes.legend}>{t("run.gantt.legend")}</span>
        <Zoom label={t("run.gantt.out")} onClick={() => setZoom(Math.max(1, zoom / 2))}>
          −
        </Zoom>
        <Zoom label={t("run.gantt.in")} onClick={() => setZoom(Math.min(MOST_ZOOM, zoom * 2))}>
          +
        </Zoom>
        <Zoom label={t("run.gantt.fit")} onClick={() => setZoom(1)}>
          ⤢
        </Zoom>
      </div>
      <section
        className={classes.scroll}
        ref={scroll}
        aria-label={t("run.gantt.label")}
        // biome-ignore lint/a11y/noNoninteractiveTabindex: it is scrolled by the keyboard
        tabIndex={0}
      >
        <div style={{ width: `${zoom * 100}%`, minWidth: "100%" }}>
          <Scale gantt={gantt} zoom={zoom} />
          <div style={{ height: list.getTotalSize(), position: "relative" }}>
            {list.getVirtualItems().map((item) => {
              const row = gantt.rows[item.index];
              return (
                row && (
                  <div
                    key={row.name}
                    className={classes.row}
                    data-selected={row.name === selected || undefined}
                    style={{ height: HEIGHT, transform: `translateY(${item.start}px)` }}
                  >
                    <Row row={row} gantt={gantt} onSelect={onSelect} />
                  </div>
                )
              );
            })}
          </div>
        </div>
      </section>
    </div>
  );
}

interface OneRow {
  row: GanttRow;
  gantt: Gantt;
  onSelect: (name: string) => void;
}

function Row({ row, gantt, onSelect }: OneRow) {
  const t = useStrings();
  return (
    <>
      <button type="button" className={classes.name} onClick={() => onSelect(row.name)}>
        <StatusMark status={row.status} isWordy={false} size={12} />
        <span>{row.name}</span>
        {row.isCritical && (
          <span className={classes.critical} role="img" aria-label={t("run.gantt.critical")} />
        )}
      </button>
      <div className={classes.track}>
        {row.bars.map((bar) => (
          <Attempt key={bar.attempt} bar={bar} row={row} gantt={gantt} />
        ))}
      </div>
    </>
  );
}

interface OneBar {
  bar: Bar;
  row: GanttRow;
  gantt: Gantt;
}

function Attempt({ bar, row, gantt }: OneBar) {
  const t = useStrings();
  const wordOf = useStatusWord();
  const share = (time: number) => `${((time - gantt.from) / length(gantt)) * 100}%`;
  const label = t("run.gantt.attempt", {
    step: row.name,
    number: bar.number,
    status: wordOf(bar.status),
    duration: durationOf(bar.to - bar.from),
  });
  const long = (from: number, to: number) => `${((to - from) / length(gantt)) * 100}%`;
  return (
    <>
      <span
        className={classes.wait}
        style={{ left: share(bar.created), width: long(bar.created, bar.from) }}
      />
      <Tooltip label={label}>
        <span
          role="img"
          aria-label={label}
          className={classes.attempt}
          data-critical={row.isCritical || undefined}
          style={{
            left: share(bar.from),
            width: long(bar.from, bar.to),
            background: `var(--status-${bar.status})`,
          }}
        />
      </Tooltip>
      {bar.restarts.map((time) => (
        <span key={time} className={classes.restart} style={{ left: share(time) }} />
      ))}
    </>
  );
}

const length = (gantt: Gantt) => Math.max(1e-6, gantt.to - gantt.from);

function Scale({ gantt, zoom }: { gantt: Gantt; zoom: number }) {
  const all = length(gantt);
  return (
    <div className={classes.scale} aria-hidden="true">
      <div className={classes.corner} />
      <div className={classes.track}>
        {ticks(all, TICKS * zoom).map((at) => (
          <span key={at} style={{ left: `${(at / all) * 100}%` }}>
            {durationOf(at)}
          </span>
        ))}
      </div>
    </div>
  );
}

interface Button {
  label: string;
  onClick: () => void;
  children: ReactNode;
}

function Zoom({ label, onClick, children }: Button) {
  return (
    <Tooltip label={label}>
      <ActionIcon variant="default" size="sm" aria-label={label} onClick={onClick}>
        {children}
      </ActionIcon>
    </Tooltip>
  );
}
