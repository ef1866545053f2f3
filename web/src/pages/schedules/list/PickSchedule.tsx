import { Select } from "@mantine/core";
import { useDebouncedValue } from "@mantine/hooks";
import { keepPreviousData, useInfiniteQuery } from "@tanstack/react-query";
import { useState } from "react";
import { scheduleList } from "@/services/schedules";
import { useStrings } from "@/strings";

interface Props {
  workspace: string;
  label: string;
  value: string;
  onChange: (name: string) => void;
  width?: number;
}

/** One of the workspace's schedules, found by a part of its name. */
export function PickSchedule({ workspace, label, value, onChange, width }: Props) {
  const t = useStrings();
  const [words, setWords] = useState(value);
  const [search] = useDebouncedValue(words === value ? "" : words.trim(), 200);
  const query = useInfiniteQuery({
    ...scheduleList(workspace, search),
    placeholderData: keepPreviousData,
  });
  const names = query.data?.pages.flatMap((page) => page.items.map((row) => row.name)) ?? [];
  return (
    <Select
      size="xs"
      w={width}
      label={label}
      placeholder={t("schedules.search")}
      searchable
      data={value && !names.includes(value) ? [value, ...names] : names}
      nothingFoundMessage={t("schedules.nothing")}
      searchValue={words}
      onSearchChange={setWords}
      value={value || null}
      onChange={(name) => onChange(name ?? "")}
    />
  );
}
