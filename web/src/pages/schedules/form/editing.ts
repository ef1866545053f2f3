/** The schedule that is being made: its text, the form of it, and what the server says of it. */
import { useDebouncedValue } from "@mantine/hooks";
import { keepPreviousData, useQuery } from "@tanstack/react-query";
import { useCallback, useMemo, useState } from "react";
import { type Fields, type Tree, textAt, withAt } from "@/models/componentText";
import { faultOf, isMissing } from "@/models/schedules/faults";
import { type ReadSchedule, readSchedule, writeSchedule } from "@/models/schedules/text";
import { schedulePreview } from "@/services/schedules";

interface Made extends ReadSchedule {
  text: string;
}

const made = (text: string): Made => ({ text, ...readSchedule(text) });

export function useMaking(workspace: string, begin: string) {
  const [{ text, fields, fault }, setMade] = useState<Made>(() => made(begin));
  const [isTried, setTried] = useState(false);
  const [count, setCount] = useState(5);
  const [asked] = useDebouncedValue(text, 300);
  const check = useQuery({
    ...schedulePreview(workspace, asked, count),
    placeholderData: keepPreviousData,
  });
  // The editor tells of what the form has written, too.
  const setText = useCallback(
    (text: string) => setMade((now) => (now.text === text ? now : made(text))),
    [],
  );
  const change = useCallback(
    (edit: (fields: Fields) => Fields) =>
      setMade((now) => {
        if (!now.fields) return now;
        const fields = edit(now.fields);
        return { text: writeSchedule(fields, now.text), fields, fault: null };
      }),
    [],
  );
  const faults = useMemo(() => check.data?.faults ?? [], [check.data]);
  return {
    workspace,
    text,
    fields,
    fault,
    setText,
    change,
    count,
    setCount,
    isTried,
    setTried,
    check,
    faults,
    isChanged: text !== begin,
  };
}

export type Making = ReturnType<typeof useMaking>;

/** What a part of the form is given. */
export interface Part {
  making: Making;
  fields: Fields;
}

/** What a field of the form needs: where it stands, and how it is read, written and judged. */
export interface Place {
  value: string;
  set: (value: Tree | undefined) => void;
  fault: string;
}

export function fieldOf({ making, fields }: Part, ...path: string[]): Place {
  return {
    value: textAt(fields, ...path),
    set: (value) => making.change((fields) => withAt(fields, path, value)),
    fault: shownFault(making, path.join(".")),
  };
}

/** What is wrong with a field; what is still to be filled in is said when somebody tried to go on. */
export function shownFault(making: Making, path: string, isWhole = false) {
  const { faults, isTried } = making;
  return faultOf(isTried ? faults : faults.filter((fault) => !isMissing(fault)), path, isWhole);
}
