import { Anchor, Badge, Group, Menu, Table, Text } from "@mantine/core";
import { notifications } from "@mantine/notifications";
import { useMutation } from "@tanstack/react-query";
import { Link, useNavigate } from "@tanstack/react-router";
import { lazy, Suspense, useState } from "react";
import { Actions } from "@/components/Actions";
import { Confirm } from "@/components/Confirm";
import { Time } from "@/components/Time";
import { useMay } from "@/services/access";
import { deleteThing } from "@/services/library";
import { openPublished, type Published, TEMPLATE } from "@/services/pipelines";
import { useStrings } from "@/strings";

const SaidDialog = lazy(() => import("@/components/SaidDialog"));

export function PublishedList({
  workspace,
  pipelines,
}: {
  workspace: string;
  pipelines: Published[];
}) {
  const t = useStrings();
  const [gone, setGone] = useState<string>();
  const [said, setSaid] = useState<Published>();
  return (
    <>
      <Table highlightOnHover verticalSpacing={6} layout="fixed">
        <Table.Thead>
          <Table.Tr>
            <Table.Th>{t("pipelines.name")}</Table.Th>
            <Table.Th w={90}>{t("pipelines.version")}</Table.Th>
            <Table.Th w={170}>{t("pipelines.changed")}</Table.Th>
            <Table.Th w={140}>{t("pipelines.by")}</Table.Th>
            <Table.Th w={48} />
          </Table.Tr>
        </Table.Thead>
        <Table.Tbody>
          {pipelines.map((each) => (
            <Row
              key={each.name}
              workspace={workspace}
              pipeline={each}
              change={() => setSaid(each)}
              remove={() => setGone(each.name)}
            />
          ))}
        </Table.Tbody>
      </Table>
      {said && (
        <Suspense>
          <SaidDialog
            thing={{ workspace, kind: "pipeline", name: said.name }}
            said={said}
            onClose={() => setSaid(undefined)}
          />
        </Suspense>
      )}
      {gone && (
        <Confirm
          title={t("pipelines.delete.published", { name: gone })}
          label={t("shell.delete")}
          act={() => deleteThing({ workspace, kind: "pipeline", name: gone })}
          onClose={() => setGone(undefined)}
        >
          {t("pipelines.delete.published.hint")}
        </Confirm>
      )}
    </>
  );
}

interface RowProps {
  workspace: string;
  pipeline: Published;
  change: () => void;
  remove: () => void;
}

function Row({ workspace, pipeline, change, remove }: RowProps) {
  const t = useStrings();
  const may = useMay(workspace);
  const opening = useOpening(workspace);
  return (
    <Table.Tr>
      <Table.Td>
        <Group gap="xs" wrap="nowrap">
          <Named workspace={workspace} pipeline={pipeline} />
          {TEMPLATE in pipeline.labels && (
            <Badge variant="light" tt="none">
              {t("pipelines.template")}
            </Badge>
          )}
          {pipeline.deprecated && (
            <Badge variant="default" tt="none">
              {t("library.deprecated")}
            </Badge>
          )}
        </Group>
        <Text size="xs" c="dimmed" truncate>
          {pipeline.description.split("\n", 1)[0]}
        </Text>
      </Table.Td>
      <Table.Td>{pipeline.version}</Table.Td>
      <Table.Td>
        <Time at={pipeline.changed} />
      </Table.Td>
      <Table.Td>
        <Text size="sm" truncate>
          {pipeline.creator}
        </Text>
      </Table.Td>
      <Table.Td>
        {may.make && (
          <Actions of={pipeline.name}>
            <Menu.Item onClick={() => opening.mutate(pipeline.name)}>
              {t("pipelines.edit")}
            </Menu.Item>
            {may.write(pipeline.creator) && (
              <>
                <Menu.Item onClick={change}>{t("about.said.change")}</Menu.Item>
                <Menu.Item color="red" onClick={remove}>
                  {t("shell.delete")}
                </Menu.Item>
              </>
            )}
          </Actions>
        )}
      </Table.Td>
    </Table.Tr>
  );
}

function Named({ workspace, pipeline }: { workspace: string; pipeline: Published }) {
  return (
    <Anchor
      size="sm"
      fw={600}
      renderRoot={(props) => (
        <Link
          to="/w/$workspace/components/$reference"
          params={{ workspace, reference: `${pipeline.name}@${pipeline.version}` }}
          {...props}
        />
      )}
    >
      {pipeline.name}
    </Anchor>
  );
}

function useOpening(workspace: string) {
  const navigate = useNavigate();
  return useMutation({
    mutationFn: (name: string) => openPublished(workspace, name),
    onSuccess: (draft) =>
      navigate({ to: "/w/$workspace/pipelines/$draft", params: { workspace, draft } }),
    onError: (error) => notifications.show({ color: "red", message: error.message }),
  });
}
