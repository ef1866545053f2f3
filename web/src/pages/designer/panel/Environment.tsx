import { ActionIcon, Button, TextInput } from "@mantine/core";
import { useState } from "react";
import { CloseIcon } from "@/components/icons";
import type { Json } from "@/models/pipeline/model";
import { withEntry } from "@/models/resources";
import { useStrings } from "@/strings";
import classes from "./Panel.module.css";
import { Fault, useNode } from "./Resources";

/** A node's variables; one that is kept secret is told by the secret's name, never its value. */
export function Environment({ name }: { name: string }) {
  const t = useStrings();
  const { node, set, faultOf } = useNode(name);
  const [added, setAdded] = useState("");
  const variables = Object.entries((node.env ?? {}) as Record<string, Json>);
  const put = (variable: string, value: Json | undefined) =>
    set("env", withEntry(node.env, variable, value));
  const isNew = /^[A-Za-z_]\w*$/.test(added) && !variables.some(([variable]) => variable === added);
  const add = () => {
    if (!isNew) return;
    put(added, "");
    setAdded("");
  };
  return (
    <section aria-label={t("resources.env")}>
      <h3 className={classes.heading}>{t("resources.env")}</h3>
      {variables.map(([variable, value]) => (
        <div key={variable} className={classes.variable}>
          <TextInput
            size="xs"
            flex={1}
            label={variable}
            {...shownAs(value, t("resources.env.secret"))}
            onChange={(event) => put(variable, event.currentTarget.value)}
          />
          <ActionIcon
            variant="subtle"
            color="gray"
            aria-label={t("fields.remove", { name: variable })}
            onClick={() => put(variable, undefined)}
          >
            <CloseIcon size={12} />
          </ActionIcon>
        </div>
      ))}
      <div className={classes.variable}>
        <TextInput
          size="xs"
          flex={1}
          aria-label={t("resources.env.name")}
          placeholder={t("resources.env.name")}
          value={added}
          spellCheck={false}
          onChange={(event) => setAdded(event.currentTarget.value)}
          onKeyDown={(event) => event.key === "Enter" && add()}
        />
        <Button size="xs" variant="default" disabled={!isNew} onClick={add}>
          {t("resources.env.add")}
        </Button>
      </div>
      <Fault text={faultOf("env")} />
    </section>
  );
}

function shownAs(value: Json, secret: string) {
  const isSecret = typeof value === "object" && value !== null && "secret" in value;
  if (isSecret) return { value: `${secret}: ${String(value.secret)}`, readOnly: true };
  return { value: String(value ?? "") };
}
