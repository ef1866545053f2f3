import { Button, Group, Modal, Stack, TextInput } from "@mantine/core";
import { useMutation } from "@tanstack/react-query";
import { useState } from "react";
import { Problem } from "@/services/api";
import { useStrings } from "@/strings";

interface Props {
  title: string;
  /** What is asked for, if it is no name. */
  field?: string;
  initial: string;
  label: string;
  act: (name: string) => Promise<unknown>;
  onClose: () => void;
}

/** Asks for a name, and says at the field why one is not accepted. */
export function NameDialog({ title, field, initial, label, act, onClose }: Props) {
  const t = useStrings();
  const [name, setName] = useState(initial);
  const acting = useMutation({ mutationFn: act, onSuccess: onClose });
  const isTaken = acting.error instanceof Problem && acting.error.status === 409;
  return (
    <Modal
      opened
      onClose={onClose}
      title={title}
      closeButtonProps={{ "aria-label": t("shell.close") }}
    >
      <form
        onSubmit={(event) => {
          event.preventDefault();
          acting.mutate(name.trim());
        }}
      >
        <Stack>
          <TextInput
            label={field ?? t("pipelines.name")}
            value={name}
            data-autofocus
            onChange={(event) => setName(event.currentTarget.value)}
            error={isTaken ? t("pipelines.taken") : acting.error?.message}
          />
          <Group justify="flex-end">
            <Button variant="default" onClick={onClose}>
              {t("shell.cancel")}
            </Button>
            <Button type="submit" loading={acting.isPending} disabled={!name.trim()}>
              {label}
            </Button>
          </Group>
        </Stack>
      </form>
    </Modal>
  );
}
