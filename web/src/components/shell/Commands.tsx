import { Kbd, Modal, NavLink, ScrollArea, Text, TextInput } from "@mantine/core";
import { useState } from "react";
import { type Command, useRegistry } from "@/services/commands";
import { useStrings } from "@/strings";

/** The command palette: everything that can be done here, found by a few letters. */
export function Commands({ onClose }: { onClose: () => void }) {
  const t = useStrings();
  const [words, setWords] = useState("");
  const [chosen, setChosen] = useState(0);
  const byOwner = useRegistry((registry) => registry.byOwner);
  const found = matching(Object.values(byOwner).flat(), words);
  const at = Math.min(chosen, found.length - 1);
  const carryOut = (command: Command | undefined) => {
    if (!command) return;
    onClose();
    command.run();
  };
  const press = (event: React.KeyboardEvent) => {
    if (event.key === "ArrowDown") setChosen(Math.min(at + 1, found.length - 1));
    else if (event.key === "ArrowUp") setChosen(Math.max(at - 1, 0));
    else if (event.key === "Enter") carryOut(found[at]);
    else return;
    event.preventDefault();
  };
  return (
    <Modal
      opened
      onClose={onClose}
      withCloseButton={false}
      padding="xs"
      yOffset="12vh"
      centered={false}
      title={null}
      aria-label={t("shell.commands")}
    >
      <TextInput
        data-autofocus
        value={words}
        onChange={(event) => {
          setWords(event.currentTarget.value);
          setChosen(0);
        }}
        onKeyDown={press}
        placeholder={t("shell.commands.search")}
        aria-label={t("shell.commands.search")}
      />
      <ScrollArea.Autosize mah={360} mt="xs">
        {found.map((command, index) => (
          <NavLink
            key={command.id}
            label={command.label}
            active={index === at}
            onClick={() => carryOut(command)}
            rightSection={command.keys && <Kbd size="xs">{command.keys}</Kbd>}
          />
        ))}
        {!found.length && <Text p="sm">{t("shell.commands.none")}</Text>}
      </ScrollArea.Autosize>
    </Modal>
  );
}

function matching(commands: Command[], words: string): Command[] {
  const wanted = words.toLowerCase().split(/\s+/).filter(Boolean);
  const fits = (command: Command) =>
    wanted.every((word) => command.label.toLowerCase().includes(word));
  return commands.filter((command) => !command.isDisabled && fits(command)).slice(0, 50);
}
