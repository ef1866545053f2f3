import { TextInput } from "@mantine/core";
import { useState } from "react";

interface NameFieldProps {
  label: string;
  value: string;
  /** Gives something its new name; why that cannot be, "" if it can. */
  onChange: (name: string) => string;
  isQuiet?: boolean;
}

/** A name, which is changed when it is left or confirmed, and not at every letter. */
export function NameField({ label, value, onChange, isQuiet = false }: NameFieldProps) {
  const [text, setText] = useState<string | null>(null);
  const [fault, setFault] = useState("");
  const leave = () => {
    const name = text?.trim() ?? value;
    const why = name === value ? "" : onChange(name);
    setFault(why);
    if (!why) setText(null);
  };
  return (
    <TextInput
      size="xs"
      label={isQuiet ? undefined : label}
      aria-label={label}
      value={text ?? value}
      error={fault || undefined}
      spellCheck={false}
      onChange={(event) => setText(event.currentTarget.value)}
      onBlur={leave}
      onKeyDown={(event) => {
        if (event.key === "Enter") leave();
        if (event.key !== "Escape" || text === null) return;
        event.stopPropagation();
        setText(null);
        setFault("");
      }}
    />
  );
}
