import { Button, Group, Modal, Stack, Text, TextInput } from "@mantine/core";
import { useState } from "react";
import { type Parameter, titleOf } from "@/models/fields";
import { promote } from "@/models/pipeline/edit";
import type { Json } from "@/models/pipeline/model";
import { declaredAs, isDated, isName } from "@/models/pipeline/own";
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
  const [name, setName] = useState(parameter.name.replaceAll(".", "_"));
  const fault = useFault(name, value);
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

/** Why the parameter cannot be called so, or not stand for that value; "" if it can. */
function useFault(name: string, value: Json | undefined): string {
  const t = useStrings();
  const pipeline = useDesigner((designer) => designer.history.now);
  if (isDated(pipeline, value)) return t("panel.promote.dated");
  if (name in { ...pipeline.parameters, ...pipeline.inputs }) return t("panel.name.taken");
  return isName(name) ? "" : t("panel.name.wrong");
}
