import { Alert, Button, Group, NumberInput, Stack, TextInput, Title } from "@mantine/core";
import { useMutation } from "@tanstack/react-query";
import { useNavigate } from "@tanstack/react-router";
import { useState } from "react";
import { ParameterField } from "@/components/fields/ParameterField";
import { useNames } from "@/components/names";
import classes from "@/components/registry/Registry.module.css";
import type { Value } from "@/models/fields";
import { createRun, type Face } from "@/services/library";
import { useStrings } from "@/strings";
import { wishOf } from "./wish";

/** Runs the component alone, on data that lies somewhere already. */
export function RunForm({ face, workspace }: { face: Face; workspace: string }) {
  const t = useStrings();
  const navigate = useNavigate();
  const [inputs, setInputs] = useState<Record<string, string>>({});
  const [parameters, setParameters] = useState<Record<string, Value>>({});
  const [replicas, setReplicas] = useState<Record<string, number>>({});
  const running = useMutation({
    mutationFn: () => createRun(workspace, wishOf(face, inputs, parameters, replicas)),
    onSuccess: ({ run }) => navigate({ to: "/w/$workspace/runs/$run", params: { workspace, run } }),
  });
  return (
    <form
      className={classes.run}
      onSubmit={(event) => {
        event.preventDefault();
        running.mutate();
      }}
    >
      <Stack>
        {face.inputs.length > 0 && <Inputs face={face} values={inputs} change={setInputs} />}
        {face.parameters.length > 0 && (
          <Title order={2} size="h5">
            {t("about.parameters")}
          </Title>
        )}
        {face.parameters.map((parameter) => (
          <ParameterField
            key={parameter.name}
            parameter={parameter}
            value={parameters[parameter.name]}
            onChange={(value) => setParameters((now) => ({ ...now, [parameter.name]: value }))}
          />
        ))}
        <Roles face={face} values={replicas} change={setReplicas} />
        {running.error && (
          <Alert color="red" role="alert" className={classes.said}>
            {running.error.message}
          </Alert>
        )}
        <Group>
          <Button type="submit" loading={running.isPending}>
            {t("about.run")}
          </Button>
        </Group>
      </Stack>
    </form>
  );
}

interface InputsProps {
  face: Face;
  values: Record<string, string>;
  change: (values: Record<string, string>) => void;
}

function Inputs({ face, values, change }: InputsProps) {
  const t = useStrings();
  const names = useNames();
  return (
    <>
      <Title order={2} size="h5">
        {t("make.inputs")}
      </Title>
      {face.inputs.map(({ name, type, required, description }) => (
        <TextInput
          key={name}
          label={name}
          description={description || undefined}
          placeholder={t("about.input.hint")}
          required={required}
          leftSection={names.mark(type)}
          value={values[name] ?? ""}
          onChange={(event) => change({ ...values, [name]: event.currentTarget.value })}
        />
      ))}
    </>
  );
}

interface RolesProps {
  face: Face;
  values: Record<string, number>;
  change: (values: Record<string, number>) => void;
}

/** How many replicas there are, where the component can have several. */
function Roles({ face, values, change }: RolesProps) {
  const t = useStrings();
  const open = face.roles.filter(({ minimum, maximum }) => maximum === null || maximum > minimum);
  if (face.source === "builtin" || !open.length) return null;
  return (
    <>
      <Title order={2} size="h5">
        {t("about.replicas")}
      </Title>
      <Group>
        {open.map(({ role, minimum, maximum }) => (
          <NumberInput
            key={role}
            label={role}
            w={140}
            min={minimum}
            max={maximum ?? undefined}
            allowDecimal={false}
            placeholder={String(minimum)}
            value={values[role] ?? ""}
            onChange={(value) => {
              const { [role]: _, ...others } = values;
              change(typeof value === "number" ? { ...others, [role]: value } : others);
            }}
          />
        ))}
      </Group>
    </>
  );
}
