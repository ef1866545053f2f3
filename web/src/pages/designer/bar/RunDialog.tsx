import { Button, Checkbox, Group, Modal, Stack, Text, TextInput } from "@mantine/core";
import { useState } from "react";
import { ParameterField } from "@/components/fields/ParameterField";
import type { Value } from "@/models/fields";
import { formOf } from "@/models/pipeline/asks";
import type { Wish } from "@/services/designer/running";
import { useDesigner } from "@/services/designer/store";
import { useStrings } from "@/strings";

interface RunDialogProps {
  onRun: (wish: Wish) => void;
  onClose: () => void;
}

/** Asks what this one run is given: the pipeline's parameters and inputs. */
export function RunDialog({ onRun, onClose }: RunDialogProps) {
  const t = useStrings();
  const pipeline = useDesigner((designer) => designer.history.now);
  const parameters = Object.entries(pipeline.parameters ?? {});
  const inputs = Object.entries(pipeline.inputs ?? {});
  const [values, setValues] = useState<Record<string, Value>>({});
  const [places, setPlaces] = useState<Record<string, string>>({});
  const [isForced, setForced] = useState(false);
  const missing = inputs.filter(
    ([name, input]) => input.required !== false && !places[name]?.trim(),
  );
  const run = () => {
    const given = Object.entries(values).filter(([, value]) => value !== undefined);
    const told = Object.entries(places).filter(([, place]) => place.trim());
    onRun({
      parameters: Object.fromEntries(given),
      ...(told.length && { inputs: Object.fromEntries(told) }),
      ...(isForced && { force: Object.keys(pipeline.nodes) }),
    });
    onClose();
  };
  return (
    <Modal
      opened
      onClose={onClose}
      closeButtonProps={{ "aria-label": t("shell.close") }}
      title={t("running.dialog")}
    >
      <form
        onSubmit={(event) => {
          event.preventDefault();
          if (!missing.length) run();
        }}
      >
        <Stack gap="sm">
          {!parameters.length && !inputs.length && (
            <Text size="sm" c="dimmed">
              {t("running.dialog.none")}
            </Text>
          )}
          {inputs.map(([name, input]) => (
            <TextInput
              key={name}
              size="xs"
              label={name}
              description={t("running.dialog.input", { type: input.type })}
              required={input.required !== false}
              value={places[name] ?? ""}
              spellCheck={false}
              onChange={(event) => setPlaces({ ...places, [name]: event.currentTarget.value })}
            />
          ))}
          {parameters.map(([name, declared]) => (
            <ParameterField
              key={name}
              parameter={formOf(name, declared)}
              value={values[name]}
              onChange={(value) => setValues({ ...values, [name]: value })}
            />
          ))}
          <Checkbox
            size="xs"
            label={t("running.dialog.force")}
            checked={isForced}
            onChange={(event) => setForced(event.currentTarget.checked)}
          />
          <Group justify="flex-end" gap="xs">
            <Button variant="default" onClick={onClose}>
              {t("shell.cancel")}
            </Button>
            <Button type="submit" disabled={missing.length > 0}>
              {t("running.all")}
            </Button>
          </Group>
        </Stack>
      </form>
    </Modal>
  );
}
