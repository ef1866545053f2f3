import { ActionIcon, Select, Text, TextInput, Tooltip } from "@mantine/core";
import { useMemo, useState } from "react";
import { PortMark } from "@/components/graph/PortMark";
import { CloseIcon, LinkIcon } from "@/components/icons";
import { all, bind } from "@/models/pipeline/edit";
import { type Binding, isFrom, reach, split } from "@/models/pipeline/model";
import { declare } from "@/models/pipeline/own";
import { type FaceInput, fits } from "@/models/ports";
import { type Designer, faceOf, useDesigner, useDesignerStore } from "@/services/designer/store";
import { useStrings } from "@/strings";
import { faultAt, useFaults } from "./faults";
import classes from "./Panel.module.css";

/** Where each input of a node comes from. */
export function Inputs({ name }: { name: string }) {
  const t = useStrings();
  const face = useDesigner((designer) => faceOf(designer, name));
  const bindings = useDesigner((designer) => designer.history.now.nodes[name]?.inputs);
  const declared = face?.inputs ?? [];
  const known = new Set(declared.map((input) => input.name));
  // What a wire leads to though the component has no such input: it can only be taken away.
  const strange = face ? Object.keys(bindings ?? {}).filter((input) => !known.has(input)) : [];
  if (!declared.length && !strange.length) return null;
  return (
    <section aria-label={t("panel.inputs")}>
      <h3 className={classes.heading}>{t("panel.inputs")}</h3>
      {declared.map((input) => (
        <Input key={input.name} node={name} input={input} binding={bindings?.[input.name]} />
      ))}
      {strange.map((input) => (
        <Strange key={input} node={name} input={input} />
      ))}
    </section>
  );
}

interface InputProps {
  node: string;
  input: FaceInput;
  binding: Binding | undefined;
}

function Input({ node, input, binding }: InputProps) {
  const t = useStrings();
  const { edit } = useDesignerStore().getState();
  const fault = faultAt(useFaults(node), "inputs", input.name);
  const set = (to: Binding | undefined) =>
    edit(
      t(to ? "panel.did.wire" : "panel.did.unwire", { name: input.name }),
      bind(node, input.name, to),
    );
  const promote = () => {
    const as = input.name;
    const declared = { type: input.type, ...(!input.required && { required: false }) };
    edit(
      t("panel.did.input", { name: as }),
      all(declare("inputs", as, declared), bind(node, input.name, { from: `inputs.${as}` })),
    );
  };
  const isPath = binding !== undefined && !isFrom(binding);
  return (
    <div className={classes.input} title={input.description || undefined}>
      <div className={classes.row}>
        <PortMark type={input.type} />
        <span className={classes.grow}>
          {input.name}
          {input.required && <span className={classes.star}> *</span>}
        </span>
        {!binding && (
          <Tooltip label={t("panel.input.promote")}>
            <ActionIcon
              size="xs"
              variant="subtle"
              aria-label={`${t("panel.input.promote")}: ${input.name}`}
              onClick={promote}
            >
              <LinkIcon size={12} />
            </ActionIcon>
          </Tooltip>
        )}
        {binding && (
          <Tooltip label={t("panel.input.unlink")}>
            <ActionIcon
              size="xs"
              variant="subtle"
              color="gray"
              aria-label={`${t("panel.input.unlink")}: ${input.name}`}
              onClick={() => set(undefined)}
            >
              <CloseIcon size={12} />
            </ActionIcon>
          </Tooltip>
        )}
      </div>
      {isPath ? (
        <TextInput
          size="xs"
          aria-label={t("panel.input.path", { name: input.name })}
          value={binding.path}
          onChange={(event) => set({ path: event.currentTarget.value })}
        />
      ) : (
        <Source
          node={node}
          input={input}
          from={isFrom(binding) ? binding.from : ""}
          onChange={set}
        />
      )}
      {fault && (
        <Text size="xs" c="red" mt={2}>
          {fault}
        </Text>
      )}
    </div>
  );
}

interface SourceProps {
  node: string;
  input: FaceInput;
  from: string;
  onChange: (binding: Binding | undefined) => void;
}

function Source({ node, input, from, onChange }: SourceProps) {
  const t = useStrings();
  const store = useDesignerStore();
  const [isOpen, setOpen] = useState(false);
  const groups = useMemo(
    () => (isOpen ? sources(store.getState(), node, input.type, t("panel.pipeline")) : []),
    [isOpen, store, node, input.type, t],
  );
  const isOffered = groups.some(({ items }) => items.some(({ value }) => value === from));
  const own = { group: t("panel.input.now"), items: [{ value: from, label: worded(from) }] };
  return (
    <Select
      size="xs"
      aria-label={t("panel.input.source", { name: input.name })}
      placeholder={t("panel.input.none")}
      data={from && !isOffered ? [own, ...groups] : groups}
      value={from || null}
      searchable
      limit={100}
      nothingFoundMessage={t("panel.input.nothing")}
      onDropdownOpen={() => setOpen(true)}
      onDropdownClose={() => setOpen(false)}
      onChange={(chosen) => onChange(chosen ? { from: chosen } : undefined)}
    />
  );
}

const worded = (from: string) => split(from).filter(Boolean).join(" · ");

interface Group {
  group: string;
  items: { value: string; label: string }[];
}

/** The ports that an input may read without going in a circle. */
function sources(designer: Designer, node: string, type: string, own: string): Group[] {
  const { now } = designer.history;
  const below = reach(now, [node], "down");
  const declared = Object.entries(now.inputs ?? {})
    .filter(([, each]) => fits(each.type, type))
    .map(([name]) => `inputs.${name}`);
  const given = Object.keys(now.nodes)
    .filter((name) => name !== node && !below.has(name))
    .map((name) => ({
      group: name,
      ports: (faceOf(designer, name)?.outputs ?? [])
        .filter((output) => fits(output.type, type))
        .map((output) => `${name}.${output.name}`),
    }));
  return [{ group: own, ports: declared }, ...given]
    .filter(({ ports }) => ports.length)
    .map(({ group, ports }) => ({
      group,
      items: ports.map((from) => ({ value: from, label: worded(from) })),
    }));
}

function Strange({ node, input }: { node: string; input: string }) {
  const t = useStrings();
  const { edit } = useDesignerStore().getState();
  return (
    <div className={classes.row}>
      <Text size="xs" c="red" className={classes.grow}>
        {t("panel.input.strange", { name: input })}
      </Text>
      <ActionIcon
        size="xs"
        variant="subtle"
        color="gray"
        aria-label={`${t("panel.input.unlink")}: ${input}`}
        onClick={() => edit(t("panel.did.unwire", { name: input }), bind(node, input, undefined))}
      >
        <CloseIcon size={12} />
      </ActionIcon>
    </div>
  );
}
