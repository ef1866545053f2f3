import { Menu, Table, Text } from "@mantine/core";
import { useNavigate } from "@tanstack/react-router";
import { useState } from "react";
import { Actions } from "@/components/Actions";
import { Confirm } from "@/components/Confirm";
import { NameDialog } from "@/components/NameDialog";
import { Time } from "@/components/Time";
import { useMay } from "@/services/access";
import {
  createDraft,
  type DraftRow,
  deleteDraft,
  draftSource,
  renameDraft,
} from "@/services/pipelines";
import { useStrings } from "@/strings";
import { DraftLink } from "./DraftLink";

interface Asked {
  what: "rename" | "copy" | "delete";
  name: string;
}

export function Drafts({ workspace, drafts }: { workspace: string; drafts: DraftRow[] }) {
  const t = useStrings();
  const may = useMay(workspace);
  const [asked, ask] = useState<Asked>();
  return (
    <>
      <Table highlightOnHover verticalSpacing={6} layout="fixed">
        <Table.Thead>
          <Table.Tr>
            <Table.Th>{t("pipelines.name")}</Table.Th>
            <Table.Th w={170}>{t("pipelines.changed")}</Table.Th>
            <Table.Th w={140}>{t("pipelines.by")}</Table.Th>
            <Table.Th w={48} />
          </Table.Tr>
        </Table.Thead>
        <Table.Tbody>
          {drafts.map(({ name, changed, author, creator }) => (
            <Table.Tr key={name}>
              <Table.Td>
                <DraftLink workspace={workspace} draft={name} />
              </Table.Td>
              <Table.Td>
                <Time at={changed} />
              </Table.Td>
              <Table.Td>
                <Text size="sm" truncate>
                  {author}
                </Text>
              </Table.Td>
              <Table.Td>
                {may.make && <DraftActions name={name} isOurs={may.write(creator)} ask={ask} />}
              </Table.Td>
            </Table.Tr>
          ))}
        </Table.Tbody>
      </Table>
      {asked && <Dialog workspace={workspace} asked={asked} onClose={() => ask(undefined)} />}
    </>
  );
}

interface ActionsProps {
  name: string;
  /** Whether whoever looks may change it. */
  isOurs: boolean;
  ask: (asked: Asked) => void;
}

function DraftActions({ name, isOurs, ask }: ActionsProps) {
  const t = useStrings();
  return (
    <Actions of={name}>
      {isOurs && (
        <Menu.Item onClick={() => ask({ what: "rename", name })}>{t("pipelines.rename")}</Menu.Item>
      )}
      <Menu.Item onClick={() => ask({ what: "copy", name })}>{t("pipelines.copy")}</Menu.Item>
      {isOurs && (
        <Menu.Item color="red" onClick={() => ask({ what: "delete", name })}>
          {t("shell.delete")}
        </Menu.Item>
      )}
    </Actions>
  );
}

interface DialogProps {
  workspace: string;
  asked: Asked;
  onClose: () => void;
}

function Dialog({ workspace, asked: { what, name }, onClose }: DialogProps) {
  const t = useStrings();
  const navigate = useNavigate();
  if (what === "delete")
    return (
      <Confirm
        title={t("pipelines.delete.draft", { name })}
        label={t("shell.delete")}
        act={() => deleteDraft(workspace, name)}
        onClose={onClose}
      >
        {t("pipelines.delete.draft.hint")}
      </Confirm>
    );
  if (what === "rename")
    return (
      <NameDialog
        title={t("pipelines.rename.title", { name })}
        initial={name}
        label={t("pipelines.rename")}
        act={(to) => (to === name ? Promise.resolve() : renameDraft(workspace, name, to))}
        onClose={onClose}
      />
    );
  const copy = async (to: string) => {
    const draft = await createDraft(workspace, to, await draftSource(workspace, name));
    await navigate({ to: "/w/$workspace/pipelines/$draft", params: { workspace, draft } });
  };
  return (
    <NameDialog
      title={t("pipelines.copy.title", { name })}
      initial={`${name}-2`}
      label={t("pipelines.copy")}
      act={copy}
      onClose={onClose}
    />
  );
}
