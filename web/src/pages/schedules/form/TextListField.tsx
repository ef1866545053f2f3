import { TextInput } from "@mantine/core";
import { useEffect, useState } from "react";
import { withAt } from "@/models/componentText";
import { joined, split } from "@/models/schedules/recurrence";
import { itemsAt } from "@/models/schedules/text";
import { type Key, useStrings } from "@/strings";
import { type Part, shownFault } from "./editing";

interface Props extends Part {
  path: string;
  label: Key;
  about?: Key;
  /** What is done with what was written, if more than this field changes. */
  onText?: (text: string) => void;
}

/** One or several words in one line: `02:30, 14:30`; one alone stands in the file without a list. */
export function TextListField({ making, fields, path, label, about, onText }: Props) {
  const t = useStrings();
  const said = joined(itemsAt(fields, path).map(String));
  const [typed, setTyped] = useState(said);
  // What somebody is typing stays as it is; what was changed elsewhere is shown.
  useEffect(() => setTyped((now) => (joined(split(now)) === said ? now : said)), [said]);
  const write = (text: string) => {
    setTyped(text);
    if (onText) return onText(text);
    const words = split(text);
    making.change((fields) => withAt(fields, [path], words.length > 1 ? words : words[0]));
  };
  return (
    <TextInput
      size="xs"
      label={t(label)}
      description={about && t(about)}
      inputWrapperOrder={["label", "input", "description", "error"]}
      value={typed}
      error={shownFault(making, path)}
      onChange={(event) => write(event.currentTarget.value)}
    />
  );
}
