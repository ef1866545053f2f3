import { ActionIcon, Button, Group, Input, Select, TextInput } from "@mantine/core";
import { useState } from "react";
import { type ComponentForm, type Fields, isFields, type Tree } from "@/models/componentText";
import { useStrings } from "@/strings";
import { fieldOf, type Making, shownFault } from "./editing";
import classes from "./form.module.css";

interface Props {
  making: Making;
  form: ComponentForm;
}

/** The component's own variables: a text each, or the name of a secret. */
export function Variables({ making, form }: Props) {
  const t = useStrings();
  const [added, setAdded] = useState("");
  const field = fieldOf(making, form, "env");
  const variables: Fields = isFields(form.fields.env) ? form.fields.env : {};
  const put = (name: string, value: Tree) => field.set({ ...variables, [name]: value });
  const remove = (name: string) =>
    field.set(Object.fromEntries(Object.entries(variables).filter(([each]) => each !== name)));
  const isNew = added !== "" && !(added in variables);
  const add = () => {
    if (!isNew) return;
    put(added, "");
    setAdded("");
  };
  return (
    <Input.Wrapper label={t("make.env")} description={t("make.env.hint")} labelElement="div">
      {Object.entries(variables).map(([name, value]) => (
        <Variable
          key={name}
          name={name}
          value={value}
          fault={shownFault(making, `env.${name}`, true)}
          put={(value) => put(name, value)}
          remove={() => remove(name)}
        />
      ))}
      <Group mt={4} align="flex-start">
        <TextInput
          size="xs"
          aria-label={t("resources.env.name")}
          placeholder={t("resources.env.name")}
          spellCheck={false}
          value={added}
          onChange={(event) => setAdded(event.currentTarget.value.trim())}
          onKeyDown={(event) => event.key === "Enter" && add()}
        />
        <Button size="xs" variant="default" disabled={!isNew} onClick={add}>
          {t("resources.env.add")}
        </Button>
      </Group>
    </Input.Wrapper>
  );
}

interface VariableProps {
  name: string;
  value: Tree;
  fault: string;
  put: (value: Tree) => void;
  remove: () => void;
}

function Variable({ name, value, fault, put, remove }: VariableProps) {
  const t = useStrings();
  const isSecret = isFields(value);
  const text = isSecret ? value.secret : value;
  const kinds = (["text", "secret"] as const).map((value) => ({
    value,
    label: t(`make.env.${value}`),
  }));
  return (
    <fieldset className={classes.variable} aria-label={name}>
      <TextInput
        size="xs"
        label={name}
        spellCheck={false}
        value={typeof text === "string" ? text : ""}
        error={fault}
        onChange={({ currentTarget }) =>
          put(isSecret ? { secret: currentTarget.value } : currentTarget.value)
        }
      />
      <Select
        size="xs"
        aria-label={t("make.env.kind", { name })}
        data={kinds}
        value={isSecret ? "secret" : "text"}
        allowDeselect={false}
        // What was typed as a text is no secret's name, and should not be taken for one.
        onChange={(kind) => put(kind === "secret" ? { secret: "" } : "")}
      />
      <ActionIcon
        variant="subtle"
        color="gray"
        aria-label={t("make.remove", { name })}
        onClick={remove}
      >
        ×
      </ActionIcon>
    </fieldset>
  );
}
