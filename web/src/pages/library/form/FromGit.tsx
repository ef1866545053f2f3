import { Button, Group, Select, SimpleGrid, Stack, Text, TextInput } from "@mantine/core";
import { useMutation, useQuery } from "@tanstack/react-query";
import { useState } from "react";
import { BLANK, withAt, writeForm } from "@/models/componentText";
import { type GitField, type GitPlace, gitFaults, NOWHERE, sourceName } from "@/models/gitSource";
import { gitConnections, takeFromGit } from "@/services/codes";
import { useStrings } from "@/strings";
import type { CodeFolder } from "./editing";

interface Props {
  workspace: string;
  start: (text: string, code?: CodeFolder) => void;
}

/** A component of a repository: its file and code are read at a commit.
 *
 * Without a file the form is still to be filled in, and the code is fetched when it runs.
 */
export function FromGit({ workspace, start }: Props) {
  const t = useStrings();
  const [said, setSaid] = useState(NOWHERE);
  const place = { ...said, name: said.name || sourceName(said.git) };
  const { data: connections = [] } = useQuery(gitConnections(workspace));
  const taking = useMutation({
    mutationFn: () => takeFromGit(workspace, place),
    onSuccess: ({ text, bundle, code, commit }) =>
      start(text, { files: [], bundle, origin: { code, commit } }),
  });
  const faults = taking.error ? gitFaults(taking.error.message) : {};
  const set = (field: GitField, value: string) => {
    taking.reset();
    setSaid((now) => ({ ...now, [field]: value.trim() }));
  };
  const field = (name: GitField) => ({
    label: t(`make.git.${name}`),
    error: faults[name],
    value: place[name],
  });
  const text = (name: GitField) => ({
    ...field(name),
    onChange: (event: { currentTarget: { value: string } }) => set(name, event.currentTarget.value),
  });
  return (
    <form
      onSubmit={(event) => {
        event.preventDefault();
        if (place.file) taking.mutate();
        else start(codeIn(place));
      }}
    >
      <Stack maw={640}>
        <Text size="sm">{t("make.git.hint")}</Text>
        <TextInput {...text("git")} withAsterisk />
        <SimpleGrid cols={2}>
          <TextInput {...text("ref")} />
          <Select
            {...field("connection")}
            description={t("make.git.connection.hint")}
            value={place.connection || null}
            data={connections}
            clearable
            onChange={(value) => set("connection", value ?? "")}
          />
          <TextInput {...text("file")} description={t("make.git.file.hint")} />
          <TextInput {...text("path")} description={t("make.git.path.hint")} />
        </SimpleGrid>
        {place.file && <TextInput {...text("name")} description={t("make.git.name.hint")} />}
        <Group>
          <Button type="submit" loading={taking.isPending} disabled={!place.git}>
            {t(place.file ? "make.git.read" : "make.git.use")}
          </Button>
        </Group>
      </Stack>
    </form>
  );
}

/** An empty form whose code is in the repository. */
function codeIn({ git, ref, path }: GitPlace): string {
  const code = Object.fromEntries(
    Object.entries({ git, ref, path }).filter(([, value]) => value !== ""),
  );
  return writeForm({ ...BLANK, fields: withAt(BLANK.fields, ["code"], code) });
}
