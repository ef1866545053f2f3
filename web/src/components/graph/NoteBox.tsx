/** A note on the canvas: Markdown, which a double click makes writable. */
import { ActionIcon, ColorSwatch, Group, Textarea } from "@mantine/core";
import { type NodeProps, NodeResizer } from "@xyflow/react";
import { lazy, Suspense, useState } from "react";
import type { Note } from "@/models/pipeline/model";
import { useStrings } from "@/strings";
import { useShared } from "./context";
import type { NoteNode } from "./flow";
import styles from "./NoteBox.module.css";

const Markdown = lazy(async () => ({ default: (await import("../Markdown")).Markdown }));
const COLOURS = ["yellow", "blue", "green", "red", "grey"] as const;

export function NoteBox({ data: { note, index } }: NodeProps<NoteNode>) {
  const t = useStrings();
  const { level, onNote } = useShared();
  const [isWriting, setWriting] = useState(!note.text && Boolean(onNote));
  if (level === "plain") return <div className={styles.note} data-colour={note.colour} />;
  const keep = (some: Partial<Note>) => onNote?.(index, { ...note, ...some });
  const press = (event: React.KeyboardEvent) => {
    if (event.target !== event.currentTarget || !onNote) return;
    if (event.key === "Enter") setWriting(true);
    else if (event.key === "Delete" || event.key === "Backspace") onNote(index, null);
    else return;
    event.preventDefault();
    event.stopPropagation();
  };
  return (
    <section
      className={styles.note}
      data-colour={note.colour ?? "yellow"}
      data-note={index}
      aria-label={t("graph.note")}
      // biome-ignore lint/a11y/noNoninteractiveTabindex: a note is written in from the keyboard too.
      tabIndex={0}
      onDoubleClick={() => onNote && setWriting(true)}
      onKeyDown={press}
    >
      {onNote && <Tools note={note} keep={keep} remove={() => onNote(index, null)} />}
      {isWriting ? (
        <Writing
          note={note}
          done={(text) => {
            setWriting(false);
            if (text !== note.text) keep({ text });
          }}
        />
      ) : (
        <Suspense fallback={note.text}>
          <div className={`${styles.text} nowheel`}>
            <Markdown>{note.text}</Markdown>
          </div>
        </Suspense>
      )}
    </section>
  );
}

function Writing({ note, done }: { note: Note; done: (text: string) => void }) {
  const t = useStrings();
  return (
    <Textarea
      className="nodrag nowheel"
      aria-label={t("graph.note.text")}
      placeholder={t("graph.note.hint")}
      defaultValue={note.text}
      autoFocus
      autosize
      minRows={2}
      onBlur={(event) => done(event.currentTarget.value)}
      onKeyDown={(event) => {
        event.stopPropagation();
        if (event.key === "Escape") event.currentTarget.blur();
      }}
    />
  );
}

interface ToolsProps {
  note: Note;
  keep: (some: Partial<Note>) => void;
  remove: () => void;
}

function Tools({ note, keep, remove }: ToolsProps) {
  const t = useStrings();
  return (
    <>
      <NodeResizer
        minWidth={100}
        minHeight={48}
        lineClassName={styles.edge}
        handleClassName={styles.corner}
        onResizeEnd={(_, { x, y, width, height }) =>
          keep({
            at: [Math.round(x), Math.round(y)],
            size: [Math.round(width), Math.round(height)],
          })
        }
      />
      <Group gap={4} className={`${styles.tools} nodrag`}>
        {COLOURS.map((colour) => (
          <ColorSwatch
            key={colour}
            component="button"
            size={14}
            color={`var(--note-${colour})`}
            aria-label={t(`graph.note.${colour}`)}
            aria-pressed={(note.colour ?? "yellow") === colour}
            onClick={() => keep({ colour })}
          />
        ))}
        <ActionIcon
          size={16}
          variant="subtle"
          color="gray"
          aria-label={t("graph.note.delete")}
          onClick={remove}
        >
          ×
        </ActionIcon>
      </Group>
    </>
  );
}
