/** The component that is being made: its text, the form of it, and what the server says of it. */
import { useDebouncedValue } from "@mantine/hooks";
import { keepPreviousData, useQuery } from "@tanstack/react-query";
import { useCallback, useMemo, useState } from "react";
import {
  BLANK,
  type ComponentForm,
  type Named,
  type ReadForm,
  readForm,
  type Tree,
  textAt,
  withAt,
  writeForm,
} from "@/models/componentText";
import { faultAt } from "@/models/faults";
import type { FolderFile } from "@/services/folders";
import { checked } from "@/services/library";

interface Made extends ReadForm {
  text: string;
}

/** The code that goes with the text: a folder that is still to be sent, or one that was. */
export interface CodeFolder {
  files: FolderFile[];
  bundle: string;
  /** The source of code it was taken from, and the commit. */
  origin?: { code: string; commit: string };
}

export const NO_CODE: CodeFolder = { files: [], bundle: "" };

const made = (text: string): Made => ({ text, ...readForm(text) });

export function useMaking(workspace: string, begin: { text: string; code: CodeFolder } | null) {
  const [{ text, form, fault }, setMade] = useState<Made>(() =>
    made(begin?.text ?? writeForm(BLANK)),
  );
  const [code, setCode] = useState(begin?.code ?? NO_CODE);
  const [isTried, setTried] = useState(false);
  const [begun] = useState(text);
  const [asked] = useDebouncedValue(text, 300);
  const check = useQuery({ ...checked(workspace, asked), placeholderData: keepPreviousData });
  // The editor tells of what the form has written, too: rows without a name are not in it.
  const setText = useCallback(
    (text: string) => setMade((now) => (now.text === text ? now : made(text))),
    [],
  );
  const change = useCallback(
    (edit: (form: ComponentForm) => ComponentForm) =>
      setMade((now) => {
        if (!now.form) return now;
        const form = edit(now.form);
        return { text: writeForm(form, now.text), form, fault: null };
      }),
    [],
  );
  const faults = useMemo(() => check.data?.faults ?? [], [check.data]);
  return {
    text,
    form,
    fault,
    setText,
    change,
    code,
    setCode,
    isTried,
    setTried,
    check,
    faults,
    hasUnnamed: hasUnnamed(form),
    isChanged: text !== begun || code.files.length > 0,
  };
}

export type Making = ReturnType<typeof useMaking>;

function hasUnnamed(form: ComponentForm | null): boolean {
  if (!form) return false;
  return [form.inputs, form.outputs, form.parameters].some((rows) =>
    rows.some((row, at) => !row.name || isTwice(rows, at)),
  );
}

export function isTwice(rows: Named[], at: number): boolean {
  return rows.some((row, other) => other < at && row.name === rows[at]?.name);
}

/** What a field of the form needs: where it stands, and how it is read, written and judged. */
export interface Place {
  value: string;
  set: (value: Tree | undefined) => void;
  fault: string;
}

/** A field of the component itself. */
export function fieldOf(making: Making, form: ComponentForm, ...path: string[]): Place {
  const value = textAt(form.fields, ...path);
  return {
    value,
    set: (value) =>
      making.change((form) => ({ ...form, fields: withAt(form.fields, path, value) })),
    fault: shownFault(making, path.join("."), Boolean(value)),
  };
}

/** What is wrong with a field; of an empty one it is said when somebody tried to go on. */
export function shownFault(making: Making, path: string, isFilled: boolean, isWhole = false) {
  if (!isFilled && !making.isTried) return "";
  return faultAt(making.faults, path, isWhole);
}
