import {
  Alert,
  Button,
  Center,
  Paper,
  PasswordInput,
  Stack,
  Text,
  TextInput,
  Title,
} from "@mantine/core";
import { useMutation } from "@tanstack/react-query";
import { useState } from "react";
import { api, asked } from "@/services/api";
import { useStrings } from "@/strings";

/** Where whoever is not logged in comes first. */
export function LoginPage() {
  const t = useStrings();
  const [person, setPerson] = useState("");
  const [password, setPassword] = useState("");
  const entering = useMutation({
    mutationFn: () => asked(api.POST("/api/v1/login", { body: { person, password, link: null } })),
    onSuccess: () => window.location.assign(wanted(window.location.search)),
  });
  return (
    <Center mih="100dvh" component="main">
      <Paper withBorder p="xl" w={380}>
        <form
          onSubmit={(event) => {
            event.preventDefault();
            entering.mutate();
          }}
        >
          <Stack>
            <Title order={1} size="h3">
              {t("login.title")}
            </Title>
            <TextInput
              label={t("login.person")}
              value={person}
              autoComplete="username"
              required
              onChange={(event) => setPerson(event.currentTarget.value)}
            />
            <PasswordInput
              label={t("login.password")}
              value={password}
              autoComplete="current-password"
              required
              onChange={(event) => setPassword(event.currentTarget.value)}
            />
            {entering.error && (
              <Alert color="red" role="alert">
                {entering.error.message}
              </Alert>
            )}
            <Button type="submit" loading={entering.isPending}>
              {t("login.enter")}
            </Button>
            <Text size="sm" c="dimmed">
              {t("login.hint")}
            </Text>
          </Stack>
        </form>
      </Paper>
    </Center>
  );
}

/** Where they wanted to go, if that is a place of this console and of nobody else's. */
export function wanted(search: string): string {
  const to = new URLSearchParams(search).get("to") ?? "/";
  if (!URL.canParse(to, window.location.origin)) return "/";
  const { origin, pathname, search: rest } = new URL(to, window.location.origin);
  const isOurs = origin === window.location.origin && /^\/w\/[^/]/.test(pathname);
  return isOurs ? pathname + rest : "/";
}
