import { Button, Group, Modal, Stack, Text, TextInput } from "@mantine/core";
import { useState } from "react";
import { type Parameter, titleOf } from "@/models/fields";
import { promote } from "@/models/pipeline/edit";
import type { Json } from "@/models/pipeline/model";
import { declaredAs, isName } from "@/models/pipeline/own";
import { useDesigner, useDesignerStore } from "@/services/designer/store";
import { useStrings } from "@/strings";

interface PromoteProps {
  node: string;
  parameter: Parameter;
  value: Json | undefined;
  onClose: () => void;
}

/** Asks what the pipeline's parameter is called that stands for one of a node. */
export function PromoteDialog({ node, parameter, value, onClose }: PromoteProps) {
  const t = useStrings();
  const { edit } = useDesignerStore().getState();
  const pipeline = useDesigner((designer) => designer.history.now);
  const [name, setName] = useState(parameter.name.replaceAll(".", "_"));
  const isTaken = name in { ...pipeline.parameters, ...pipeline.inputs };
  const fault = isTaken ? t("panel.name.taken") : isName(name) ? "" : t("panel.name.wrong");
  const carryOut = () => {
    const declared = declaredAs(parameter, value);
    edit(t("panel.did.promote", { name }), promote(node, parameter.name, name, declared));
    onClose();
  };
  return (
    <Modal
      opened
      onClose={onClose}
      closeButtonProps={{ "aria-label": t("shell.close") }}
      title={t("panel.promote.title", { name: titleOf(parameter) })}
    >
      <form
        onSubmit={(event) => {
          event.preventDefault();
          if (!fault) carryOut();
        }}
      >
        <Stack gap="sm">
          <Text size="sm">{t("panel.promote.about")}</Text>
          <TextInput
            data-autofocus
            label={t("panel.promote.name")}
            value={name}
            error={fault || undefined}
            spellCheck={false}
            onChange={(event) => setName(event.currentTarget.value)}
          />
          <Group justify="flex-end" gap="xs">
            <Button variant="default" onClick={onClose}>
              {t("shell.cancel")}
            </Button>
            <Button type="submit" disabled={Boolean(fault)}>
              {t("panel.promote.do")}
            </Button>
          </Group>
        </Stack>
      </form>
    </Modal>
  );
}
