import { Button, FileButton, Group, Text } from "@mantine/core";
import { type ReactNode, useState } from "react";
import { useStrings } from "@/strings";
import classes from "./DropText.module.css";

interface Props {
  hint: string;
  accept: string;
  /** Its text, and what it is called. */
  onText: (text: string, name: string) => void;
  children?: ReactNode;
}

/** Where a file of text is dropped, or chosen. */
export function DropText({ hint, accept, onText, children }: Props) {
  const t = useStrings();
  const [isOver, setOver] = useState(false);
  const take = async (file: File | null | undefined) => {
    if (file) onText(await file.text(), file.name);
  };
  return (
    <section
      className={classes.place}
      aria-label={hint}
      data-over={isOver || undefined}
      onDragOver={(event) => {
        event.preventDefault();
        setOver(true);
      }}
      onDragLeave={() => setOver(false)}
      onDrop={(event) => {
        event.preventDefault();
        setOver(false);
        void take(event.dataTransfer.files[0]);
      }}
    >
      <Group justify="space-between" wrap="nowrap">
        <Text size="sm" c="dimmed">
          {hint}
        </Text>
        <FileButton accept={accept} onChange={(file) => void take(file)}>
          {(props) => (
            <Button variant="default" size="xs" style={{ flex: "none" }} {...props}>
              {t("library.file.choose")}
            </Button>
          )}
        </FileButton>
      </Group>
      {children}
    </section>
  );
}
