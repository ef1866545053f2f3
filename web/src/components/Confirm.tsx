import { Alert, Button, Group, Modal, Stack, Text } from "@mantine/core";
import { useMutation } from "@tanstack/react-query";
import { useStrings } from "@/strings";

interface Props {
  title: string;
  /** What will be lost. */
  children: string;
  /** What the button says that does it. */
  label: string;
  act: () => Promise<unknown>;
  onClose: () => void;
}

/** Asks before something is done that cannot be taken back. */
export function Confirm({ title, children, label, act, onClose }: Props) {
  const t = useStrings();
  const acting = useMutation({ mutationFn: act, onSuccess: onClose });
  return (
    <Modal
      opened
      onClose={onClose}
      title={title}
      closeButtonProps={{ "aria-label": t("shell.close") }}
    >
      <Stack>
        <Text size="sm">{children}</Text>
        {acting.error && (
          <Alert color="red" role="alert">
            {acting.error.message}
          </Alert>
        )}
        <Group justify="flex-end">
          <Button variant="default" onClick={onClose} data-autofocus>
            {t("shell.cancel")}
          </Button>
          <Button color="red.9" loading={acting.isPending} onClick={() => acting.mutate()}>
            {label}
          </Button>
        </Group>
      </Stack>
    </Modal>
  );
}
