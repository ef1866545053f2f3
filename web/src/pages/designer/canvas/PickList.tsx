/** A list that is searched and chosen from by keyboard or pointer, however long it is. */
import { Text, TextInput } from "@mantine/core";
import { useVirtualizer } from "@tanstack/react-virtual";
import { type KeyboardEvent, type ReactNode, useId, useRef, useState } from "react";
import { useStrings } from "@/strings";
import styles from "./PickList.module.css";

export interface Item {
  key: string;
  label: string;
  /** More about it, at the end of its line. */
  hint?: ReactNode;
  mark?: ReactNode;
  /** A heading is passed over. */
  isHeading?: boolean;
  /** What a drag of it carries, by type. */
  drag?: Record<string, string>;
}

interface Props {
  label: string;
  words: string;
  onWords: (words: string) => void;
  items: Item[];
  onPick: (key: string) => void;
  onEscape?: () => void;
  isFocused?: boolean;
  empty?: ReactNode;
  /** In pixels; without it the list fills its parent. */
  height?: number;
}

const ROW = 28;

export function PickList(props: Props) {
  const { label, words, onWords, items, onPick, isFocused, height, empty } = props;
  const t = useStrings();
  const id = useId();
  const scroller = useRef<HTMLDivElement>(null);
  const [chosen, setChosen] = useState(0);
  const rows = useVirtualizer({
    count: items.length,
    getScrollElement: () => scroller.current,
    estimateSize: () => ROW,
    overscan: 4,
    initialRect: { width: 300, height: height ?? 600 },
  });
  const at = nearest(items, chosen, 1);
  const choose = (index: number) => {
    if (index < 0) return;
    setChosen(index);
    rows.scrollToIndex(index);
  };
  const press = (event: KeyboardEvent) => {
    if (event.key === "ArrowDown") choose(nearest(items, at + 1, 1));
    else if (event.key === "ArrowUp") choose(nearest(items, at - 1, -1));
    else if (event.key === "Enter" && items[at]) onPick(items[at].key);
    else if (event.key === "Escape" && props.onEscape) props.onEscape();
    else return;
    event.preventDefault();
    event.stopPropagation();
  };
  return (
    <div className={styles.list} style={height ? { height } : undefined}>
      <TextInput
        size="xs"
        m={8}
        role="combobox"
        aria-expanded
        aria-controls={id}
        aria-activedescendant={items[at] ? `${id}-${at}` : undefined}
        aria-label={label}
        placeholder={label}
        value={words}
        data-autofocus={isFocused || undefined}
        autoFocus={isFocused}
        onChange={(event) => {
          onWords(event.currentTarget.value);
          setChosen(0);
        }}
        onKeyDown={press}
      />
      <div
        ref={scroller}
        className={styles.rows}
        id={id}
        {...(items.length && { role: "listbox", "aria-label": label })}
      >
        {!items.length && (
          <Text size="sm" c="var(--graph-dim)" p="sm">
            {empty ?? t("canvas.pick.none")}
          </Text>
        )}
        <div style={{ height: rows.getTotalSize(), position: "relative" }}>
          {rows.getVirtualItems().map(({ index, start }) => {
            const item = items[index];
            if (!item) return null;
            const place = { transform: `translateY(${start}px)`, height: ROW };
            if (item.isHeading)
              return (
                <div key={item.key} className={styles.heading} style={place} role="presentation">
                  {item.label}
                </div>
              );
            return (
              // biome-ignore lint/a11y/useFocusableInteractive: the search field keeps the keyboard.
              // biome-ignore lint/a11y/useKeyWithClickEvents: Enter in the search field does the same.
              <div
                key={item.key}
                id={`${id}-${index}`}
                className={styles.row}
                style={place}
                role="option"
                aria-selected={index === at}
                title={item.label}
                draggable={Boolean(item.drag)}
                onDragStart={(event) => {
                  for (const [type, data] of Object.entries(item.drag ?? {}))
                    event.dataTransfer.setData(type, data);
                  event.dataTransfer.effectAllowed = "copy";
                }}
                onClick={() => onPick(item.key)}
              >
                {item.mark}
                <span className={styles.label}>{item.label}</span>
                {item.hint && <span className={styles.hint}>{item.hint}</span>}
              </div>
            );
          })}
        </div>
      </div>
    </div>
  );
}

/** The first item from `index` on, in a direction, that can be chosen; else the one before. */
function nearest(items: Item[], index: number, way: 1 | -1): number {
  for (let at = index; at >= 0 && at < items.length; at += way)
    if (!items[at]?.isHeading) return at;
  for (let at = index - way; at >= 0 && at < items.length; at -= way)
    if (!items[at]?.isHeading) return at;
  return -1;
}
