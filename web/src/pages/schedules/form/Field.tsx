import { Select, Stack, TextInput, Title } from "@mantine/core";
import type { ReactNode } from "react";
import { type Key, useStrings } from "@/strings";
import { fieldOf, type Part } from "./editing";

/** A part of the form, with its title and what adds to it. */
export function Section({
  title,
  action,
  children,
}: {
  title: Key;
  action?: ReactNode;
  children: ReactNode;
}) {
  const t = useStrings();
  return (
    <section>
      <div style={{ display: "flex", justifyContent: "space-between", marginBottom: 8 }}>
        <Title order={2} size="h5">
          {t(title)}
        </Title>
        {action}
      </div>
      <Stack gap="sm">{children}</Stack>
    </section>
  );
}

interface FieldProps extends Part {
  path: string;
  label: Key;
  about?: Key;
  placeholder?: string;
  type?: "date" | "time";
  isRequired?: boolean;
  isFixed?: boolean;
}

/** A field of one line. */
export function Field(props: FieldProps) {
  const { making, fields, path, label, about, placeholder, type, isRequired, isFixed } = props;
  const t = useStrings();
  const { value, set, fault } = fieldOf({ making, fields }, path);
  return (
    <TextInput
      size="xs"
      label={t(label)}
      description={about && t(about)}
      inputWrapperOrder={["label", "input", "description", "error"]}
      placeholder={placeholder}
      type={type ?? "text"}
      withAsterisk={isRequired}
      disabled={isFixed}
      value={value}
      error={fault}
      onChange={(event) => set(event.currentTarget.value)}
    />
  );
}

interface ChoiceProps extends Part {
  path: string;
  label: Key;
  words: string[];
  /** The one that is meant if the file says nothing. */
  first: string;
  /** Under which its words are in the strings. */
  area: "schedules.catch_up" | "schedules.rerun" | "scheduling.clock" | "scheduling.instances";
}

/** One of some words. */
export function Choice({ path, label, words, first, area, ...part }: ChoiceProps) {
  const t = useStrings();
  const { value, set, fault } = fieldOf(part, path);
  return (
    <Select
      size="xs"
      label={t(label)}
      allowDeselect={false}
      data={words.map((word) => ({ value: word, label: t(`${area}.${word}` as Key) }))}
      value={value || first}
      error={fault}
      onChange={(word) => set(word === first ? undefined : (word ?? undefined))}
    />
  );
}
