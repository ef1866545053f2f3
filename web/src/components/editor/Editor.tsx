/** A text with its syntax; heavy, so only loaded where it is shown. */
import { defaultKeymap, history, historyKeymap, indentWithTab } from "@codemirror/commands";
import { json } from "@codemirror/lang-json";
import { python } from "@codemirror/lang-python";
import { yaml } from "@codemirror/lang-yaml";
import {
  bracketMatching,
  defaultHighlightStyle,
  foldGutter,
  syntaxHighlighting,
} from "@codemirror/language";
import { Compartment, EditorState, type Extension, RangeSetBuilder } from "@codemirror/state";
import { Decoration, EditorView, keymap, lineNumbers } from "@codemirror/view";
import { useComputedColorScheme } from "@mantine/core";
import { useEffect, useRef } from "react";
import { darkHighlight } from "./dark";
import classes from "./Editor.module.css";

export interface EditorProps {
  value: string;
  language: "yaml" | "json" | "python" | "text";
  label: string;
  onChange?: (text: string) => void;
  /** Lines with faults, from 1. */
  faults?: { line: number; message: string }[];
  isReadOnly?: boolean;
}

const LANGUAGES: Record<EditorProps["language"], () => Extension> = {
  yaml,
  json,
  python,
  text: () => [],
};

export function Editor(props: EditorProps) {
  const { value, language, label, onChange, faults, isReadOnly = false } = props;
  const isDark = useComputedColorScheme("light") === "dark";
  const host = useRef<HTMLDivElement>(null);
  const view = useRef<EditorView | null>(null);
  const told = useRef(onChange);
  told.current = onChange;
  const first = useRef({ value, language, label, isReadOnly, isDark });
  useEffect(() => {
    if (!host.current) return;
    const made = begin(host.current, first.current, (text) => told.current?.(text));
    view.current = made;
    return () => made.destroy();
  }, []);
  useEffect(() => {
    const editor = view.current;
    if (!editor || editor.state.doc.toString() === value) return;
    editor.dispatch({ changes: { from: 0, to: editor.state.doc.length, insert: value } });
  }, [value]);
  useEffect(() => {
    view.current?.dispatch({ effects: colours.reconfigure(coloursOf(isDark)) });
  }, [isDark]);
  useEffect(() => {
    view.current?.dispatch({ effects: marks.reconfigure(marked(faults ?? [])) });
  }, [faults]);
  return <div ref={host} className={classes.editor} />;
}

const colours = new Compartment();
const marks = new Compartment();

const coloursOf = (isDark: boolean): Extension =>
  syntaxHighlighting(isDark ? darkHighlight : defaultHighlightStyle);

interface First {
  value: string;
  language: EditorProps["language"];
  label: string;
  isReadOnly: boolean;
  isDark: boolean;
}

function begin(parent: HTMLElement, first: First, tell: (text: string) => void): EditorView {
  const extensions = [
    lineNumbers(),
    foldGutter(),
    history(),
    bracketMatching(),
    LANGUAGES[first.language](),
    colours.of(coloursOf(first.isDark)),
    marks.of([]),
    EditorState.readOnly.of(first.isReadOnly),
    EditorView.lineWrapping,
    EditorView.contentAttributes.of({ "aria-label": first.label, spellcheck: "false" }),
    keymap.of([...defaultKeymap, ...historyKeymap, indentWithTab]),
    EditorView.updateListener.of((update) => {
      if (update.docChanged) tell(update.state.doc.toString());
    }),
  ];
  return new EditorView({ parent, state: EditorState.create({ doc: first.value, extensions }) });
}

function marked(faults: { line: number; message: string }[]): Extension {
  return EditorView.decorations.of((editor) => {
    const builder = new RangeSetBuilder<Decoration>();
    const within = faults.filter(({ line }) => line >= 1 && line <= editor.state.doc.lines);
    const byLine = new Map(within.map((fault) => [fault.line, fault.message]));
    for (const line of [...byLine.keys()].sort((a, b) => a - b)) {
      const at = editor.state.doc.line(line).from;
      const attributes = { title: byLine.get(line) ?? "" };
      builder.add(at, at, Decoration.line({ class: classes.fault, attributes }));
    }
    return builder.finish();
  });
}
