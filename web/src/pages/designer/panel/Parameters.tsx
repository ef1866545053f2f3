import { ActionIcon, Badge, Button, Menu, Stack, Text } from "@mantine/core";
import { useState } from "react";
import { ParameterField } from "@/components/fields/ParameterField";
import { MoreIcon } from "@/components/icons";
import { type Parameter, type Tab, tabOf, titleOf, type Value } from "@/models/fields";
import { setParameter } from "@/models/pipeline/edit";
import { isFrom, type Json, split } from "@/models/pipeline/model";
import { mayRead } from "@/models/pipeline/own";
import { faceOf, useDesigner, useDesignerStore } from "@/services/designer/store";
import { useStrings } from "@/strings";
import { faultAt, useFaults } from "./faults";
import classes from "./Panel.module.css";
import { PromoteDialog } from "./PromoteDialog";

interface ParametersProps {
  name: string;
  tab: Tab;
}

/** The parameters of a node that stand under one tab. */
export function Parameters({ name, tab }: ParametersProps) {
  const t = useStrings();
  const face = useDesigner((designer) => faceOf(designer, name));
  if (!face)
    return (
      <Text size="xs" c="dimmed">
        {t("panel.unknown.hint")}
      </Text>
    );
  const shown = face.parameters.filter((parameter) => tabOf(parameter) === tab);
  const plain = shown.filter((parameter) => parameter.group !== "tuning");
  const tuning = shown.filter((parameter) => parameter.group === "tuning");
  if (!shown.length)
    return (
      <Text size="xs" c="dimmed">
        {t(`panel.none.${tab}`)}
      </Text>
    );
  return (
    <Stack gap="sm">
      {plain.map((parameter) => (
        <NodeParameter key={parameter.name} node={name} parameter={parameter} />
      ))}
      {tuning.length > 0 && <h3 className={classes.heading}>{t("panel.tuning")}</h3>}
      {tuning.map((parameter) => (
        <NodeParameter key={parameter.name} node={name} parameter={parameter} />
      ))}
    </Stack>
  );
}

interface NodeParameterProps {
  node: string;
  parameter: Parameter;
}

function NodeParameter({ node, parameter }: NodeParameterProps) {
  const t = useStrings();
  const { edit } = useDesignerStore().getState();
  const value = useDesigner(
    (designer) => designer.history.now.nodes[node]?.parameters?.[parameter.name],
  );
  const table = useTable(node, parameter);
  const fault = faultAt(useFaults(node), "parameters", parameter.name);
  const set = (next: Value) =>
    edit(
      t("panel.did.parameter", { name: titleOf(parameter) }),
      setParameter(node, parameter.name, next),
      `${node}.${parameter.name}`,
    );
  const actions = <Actions node={node} parameter={parameter} value={value} onChange={set} />;
  if (isFrom(value))
    return (
      <Linked node={node} parameter={parameter} from={value.from} fault={fault} onChange={set} />
    );
  return (
    <ParameterField
      parameter={parameter}
      value={value}
      onChange={set}
      columns={table?.columns}
      isWhole={table?.whole ?? false}
      fault={fault || undefined}
      actions={actions}
    />
  );
}

/** The table whose columns a parameter picks, as the plan knows it before anything runs. */
function useTable(node: string, parameter: Parameter) {
  return useDesigner((designer) => {
    const inputs = designer.plan?.nodes[node]?.inputs;
    if (!inputs || !parameter.columns) return undefined;
    const { port } = parameter.columns;
    return (port ? inputs[port] : Object.values(inputs).find(Boolean)) ?? undefined;
  });
}

interface ActionsProps extends NodeParameterProps {
  value: Json | undefined;
  onChange: (value: Value) => void;
}

function Actions({ node, parameter, value, onChange }: ActionsProps) {
  const t = useStrings();
  const [isPromoting, setPromoting] = useState(false);
  const declared = useDesigner((designer) => designer.history.now.parameters);
  const fitting = Object.entries(declared ?? {}).filter(([, each]) => mayRead(parameter, each));
  return (
    <>
      <Menu position="bottom-end" withinPortal>
        <Menu.Target>
          <ActionIcon
            size="xs"
            variant="subtle"
            color="gray"
            aria-label={t("panel.parameter.more", { name: titleOf(parameter) })}
          >
            <MoreIcon size={14} />
          </ActionIcon>
        </Menu.Target>
        <Menu.Dropdown>
          <Menu.Item disabled={value === undefined} onClick={() => onChange(undefined)}>
            {t("panel.parameter.reset")}
          </Menu.Item>
          <Menu.Item onClick={() => setPromoting(true)}>{t("panel.parameter.promote")}</Menu.Item>
          {fitting.length > 0 && <Menu.Label>{t("panel.parameter.link")}</Menu.Label>}
          {fitting.map(([name]) => (
            <Menu.Item key={name} onClick={() => onChange({ from: `parameters.${name}` })}>
              {name}
            </Menu.Item>
          ))}
        </Menu.Dropdown>
      </Menu>
      {isPromoting && (
        <PromoteDialog
          node={node}
          parameter={parameter}
          value={value}
          onClose={() => setPromoting(false)}
        />
      )}
    </>
  );
}

interface LinkedProps extends NodeParameterProps {
  from: string;
  fault: string;
  onChange: (value: Value) => void;
}

/** A parameter that reads one of the pipeline, or what another node found out. */
function Linked({ parameter, from, fault, onChange }: LinkedProps) {
  const t = useStrings();
  const [owner, name] = split(from);
  const known = useDesigner((designer) => designer.history.now.parameters?.[name]);
  const own = owner === "parameters" ? known : undefined;
  return (
    <div data-parameter={parameter.name}>
      <Text size="xs" fw={600}>
        {titleOf(parameter)}
      </Text>
      <div className={classes.linked}>
        <Badge size="xs" variant="light">
          {owner === "parameters" ? t("panel.pipeline") : owner}
        </Badge>
        <span className={classes.grow}>
          {name}
          {own?.default !== undefined && (
            <Text span c="dimmed" size="xs">
              {" = "}
              {String(own.default)}
            </Text>
          )}
        </span>
        <Button size="compact-xs" variant="subtle" onClick={() => onChange(own?.default)}>
          {t("panel.parameter.unlink")}
        </Button>
      </div>
      {fault && (
        <Text size="xs" c="red" mt={2}>
          {fault}
        </Text>
      )}
    </div>
  );
}
