import { Button, Group, Select, Text } from "@mantine/core";
import { useDebouncedValue } from "@mantine/hooks";
import { keepPreviousData, useInfiniteQuery } from "@tanstack/react-query";
import { lazy, Suspense, useState } from "react";
import { versions } from "@/services/library";
import { published } from "@/services/pipelines";
import { useStrings } from "@/strings";
import { fieldOf, type Part } from "./editing";
import { Section } from "./Field";

const NewPipeline = lazy(() =>
  import("@/components/pipeline/NewPipeline").then(({ NewPipeline }) => ({ default: NewPipeline })),
);

/** What runs: a published pipeline found by its name, or a new one that is made first. */
export function PipelinePart({ isNew, ...part }: Part & { isNew: boolean }) {
  const t = useStrings();
  const { workspace } = part.making;
  const { value, fault } = fieldOf(part, "pipeline");
  const [isOpen, setOpen] = useState(false);
  const [name = "", version = ""] = value.split("@");
  const take = (name: string, version: string) =>
    part.making.change((fields) => {
      const { pipeline: _, ...rest } = fields;
      if (!name) return rest;
      const pipeline = version ? `${name}@${version}` : name;
      return { ...rest, pipeline, ...(!fields.name && { name: `${name}-daily` }) };
    });
  return (
    <Section title="scheduling.what">
      <Group align="flex-start" gap="sm">
        <Pick workspace={workspace} name={name} fault={fault} onPick={(name) => take(name, "")} />
        {name && (
          <Version
            workspace={workspace}
            name={name}
            version={version}
            onPick={(version) => take(name, version)}
          />
        )}
      </Group>
      {isNew && (
        <Group gap="xs">
          <Text size="sm">{t("scheduling.pipeline.new")}</Text>
          <Button size="compact-sm" variant="default" onClick={() => setOpen(true)}>
            {t("scheduling.pipeline.begin")}
          </Button>
          <Text size="xs" c="dimmed">
            {t("scheduling.pipeline.then")}
          </Text>
        </Group>
      )}
      <Suspense>
        {isOpen && <NewPipeline workspace={workspace} onClose={() => setOpen(false)} />}
      </Suspense>
    </Section>
  );
}

interface PickProps {
  workspace: string;
  name: string;
  fault: string;
  onPick: (name: string) => void;
}

function Pick({ workspace, name, fault, onPick }: PickProps) {
  const t = useStrings();
  const [words, setWords] = useState(name);
  const [search] = useDebouncedValue(words === name ? "" : words.trim(), 200);
  const query = useInfiniteQuery({
    ...published(workspace, search),
    placeholderData: keepPreviousData,
  });
  const names = query.data?.pages.flatMap((page) => page.items.map((item) => item.name)) ?? [];
  return (
    <Select
      size="xs"
      flex={2}
      label={t("scheduling.pipeline")}
      placeholder={t("scheduling.pipeline.find")}
      withAsterisk
      searchable
      data={name && !names.includes(name) ? [name, ...names] : names}
      nothingFoundMessage={t("scheduling.pipeline.none")}
      searchValue={words}
      onSearchChange={setWords}
      value={name || null}
      error={fault}
      onChange={(chosen) => onPick(chosen ?? "")}
    />
  );
}

interface VersionProps {
  workspace: string;
  name: string;
  version: string;
  onPick: (version: string) => void;
}

function Version({ workspace, name, version, onPick }: VersionProps) {
  const t = useStrings();
  const query = useInfiniteQuery(versions({ workspace, kind: "pipeline", name }));
  const known = query.data?.pages.flatMap((page) => page.items.map((row) => row.version)) ?? [];
  const all = version && !known.includes(version) ? [version, ...known] : known;
  return (
    <Select
      size="xs"
      flex={1}
      miw={180}
      label={t("scheduling.pipeline.version")}
      allowDeselect={false}
      data={[{ value: "", label: t("scheduling.pipeline.latest") }, ...all]}
      value={version}
      onChange={(chosen) => onPick(chosen ?? "")}
    />
  );
}
