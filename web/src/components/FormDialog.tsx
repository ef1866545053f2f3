import { Alert, Button, Group, Modal, Stack } from "@mantine/core";
import type { ReactNode } from "react";
import { useStrings } from "@/strings";

interface Props {
  title: string;
  /** What the button says that saves. */
  label: string;
  /** Why it could not be saved; empty for no reason. */
  fault: string;
  isSaving: boolean;
  /** What is filled in cannot be saved as it is. */
  isFaulty?: boolean;
  onSave: () => void;
  onClose: () => void;
  children: ReactNode;
}

/** A few fields in a dialog, saved or left. */
export function FormDialog(props: Props) {
  const { title, label, fault, isSaving, isFaulty, onSave, onClose, children } = props;
  const t = useStrings();
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
          onSave();
        }}
      >
        <Stack>
          {children}
          {fault && (
            <Alert color="red" role="alert">
              {fault}
            </Alert>
          )}
          <Group justify="flex-end">
            <Button variant="default" onClick={onClose}>
              {t("shell.cancel")}
            </Button>
            <Button type="submit" disabled={isFaulty ?? false} loading={isSaving}>
              {label}
            </Button>
          </Group>
        </Stack>
      </form>
    </Modal>
  );
}
