/** A page while it is loaded, when that failed, and when there is nothing. */
import { Button, Center, Loader, Stack, Text, Title } from "@mantine/core";
import type { ReactNode } from "react";
import { Problem } from "@/services/api";
import { useStrings } from "@/strings";

export function Loading() {
  const t = useStrings();
  return (
    <Center mih={240} role="status" aria-label={t("shell.loading")}>
      <Loader type="dots" />
    </Center>
  );
}

export function Failed({ error, reset }: { error: unknown; reset?: () => void }) {
  const t = useStrings();
  const isAway = error instanceof Problem && error.status === 0;
  const said = isAway ? t("shell.failed.away") : error instanceof Error ? error.message : "";
  return (
    <Center mih={240} role="alert" p="md">
      <Stack align="center" gap="xs" maw={560}>
        <Title order={3}>{t("shell.failed")}</Title>
        <Text c="dimmed" ta="center">
          {said}
        </Text>
        {reset && (
          <Button variant="default" onClick={reset}>
            {t("shell.failed.again")}
          </Button>
        )}
      </Stack>
    </Center>
  );
}

interface Nothing {
  title: string;
  children?: ReactNode;
  action?: ReactNode;
}

/** Says that there is nothing yet, and what to do about it. */
export function Empty({ title, children, action }: Nothing) {
  return (
    <Center mih={240} p="md">
      <Stack align="center" gap="xs" maw={480}>
        <Title order={3}>{title}</Title>
        {children && (
          <Text c="dimmed" ta="center">
            {children}
          </Text>
        )}
        {action}
      </Stack>
    </Center>
  );
}
