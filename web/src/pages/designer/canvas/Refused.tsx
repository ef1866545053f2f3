import { Button, Stack, Text } from "@mantine/core";
import { notifications } from "@mantine/notifications";
import { useStrings } from "@/strings";

interface Props {
  reason: string;
  help: { title: string; apply: () => void } | null;
}

/** Why a wire was refused, and what would make it fit. */
export function Refused({ reason, help }: Props) {
  const t = useStrings();
  return (
    <Stack gap={6} align="flex-start">
      <Text size="sm">{reason}</Text>
      {help && (
        <Button
          size="compact-xs"
          onClick={() => {
            notifications.hide("refused");
            help.apply();
          }}
        >
          {t("canvas.refused.convert", { title: help.title })}
        </Button>
      )}
    </Stack>
  );
}
