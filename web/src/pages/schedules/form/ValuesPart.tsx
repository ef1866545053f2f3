import { Autocomplete, SimpleGrid, Text, TextInput } from "@mantine/core";
import { useQuery } from "@tanstack/react-query";
import { isFields, textAt } from "@/models/componentText";
import { type Parameter, shown, titleOf } from "@/models/fields";
import { EXAMPLE } from "@/models/schedules/text";
import { worded } from "@/models/worded";
import { face } from "@/services/library";
import { pipelineSaid } from "@/services/pipelines";
import { type Key, useStrings } from "@/strings";
import { fieldOf, type Part, shownFault } from "./editing";
import { Section } from "./Field";
import classes from "./form.module.css";

/** What the pipeline is given: its parameters, its inputs, and what depends on the date. */
export function ValuesPart(part: Part) {
  const t = useStrings();
  const { workspace } = part.making;
  const [name = "", version = ""] = textAt(part.fields, "pipeline").split("@");
  const said = useQuery(pipelineSaid(workspace, name, version));
  const reference = said.data ? `${name}@${said.data.version}` : "";
  const taken = useQuery({ ...face(workspace, reference), enabled: reference !== "" });
  const own = (said.data?.definition.scheduling_parameters ?? {}) as Record<string, string>;
  const { parameters = [], inputs = [] } = taken.data ?? {};
  const dates = Object.keys(own);
  const isNothing = taken.data && !parameters.length && !inputs.length && !dates.length;
  return (
    <Section title="scheduling.values">
      {!taken.data && (
        <Text size="sm" c="dimmed">
          {t("scheduling.values.pick")}
        </Text>
      )}
      {isNothing && <Text size="sm">{t("scheduling.values.none")}</Text>}
      {dates.length > 0 && (
        <Group
          {...part}
          title="scheduling.dates"
          about="scheduling.dates.about"
          field="scheduling_parameters"
        >
          {dates.map((each) => (
            <One
              key={each}
              {...part}
              path={["scheduling_parameters", each]}
              label={each}
              placeholder={t("scheduling.own", { value: String(own[each]) })}
            />
          ))}
        </Group>
      )}
      {parameters.length > 0 && (
        <Group {...part} title="scheduling.parameters" field="parameters">
          {parameters.map((each) => (
            <Value key={each.name} {...part} parameter={each} />
          ))}
        </Group>
      )}
      {inputs.length > 0 && (
        <Group {...part} title="scheduling.inputs" about="scheduling.inputs.about" field="inputs">
          {inputs.map((each) => (
            <One
              key={each.name}
              {...part}
              path={["inputs", each.name]}
              label={each.name}
              about={each.description}
              isRequired={each.required}
              placeholder={`s3://…/day=${EXAMPLE}/`}
            />
          ))}
        </Group>
      )}
    </Section>
  );
}

interface GroupProps extends Part {
  title: Key;
  about?: Key;
  field: string;
  children: React.ReactNode;
}

function Group({ making, title, about, field, children }: GroupProps) {
  const t = useStrings();
  const fault = shownFault(making, field, true);
  return (
    <div>
      <Text size="sm" fw={600}>
        {t(title)}
      </Text>
      {about && (
        <Text size="xs" c="dimmed" mb={4}>
          {t(about, { example: EXAMPLE })}
        </Text>
      )}
      {fault && (
        <Text size="xs" c="var(--status-failed)" mb={4}>
          {fault}
        </Text>
      )}
      <SimpleGrid cols={2} spacing="sm">
        {children}
      </SimpleGrid>
    </div>
  );
}

interface OneProps extends Part {
  path: string[];
  label: string;
  about?: string;
  placeholder?: string;
  isRequired?: boolean;
}

function One({ path, label, about, placeholder, isRequired, ...part }: OneProps) {
  const { value, set, fault } = fieldOf(part, ...path);
  return (
    <TextInput
      size="xs"
      className={classes.code}
      label={label}
      description={about}
      inputWrapperOrder={["label", "input", "description", "error"]}
      placeholder={placeholder}
      withAsterisk={isRequired}
      value={value}
      error={fault}
      onChange={(event) => set(event.currentTarget.value)}
    />
  );
}

/** A parameter's value, or a text in which expressions stand; empty is its default. */
function Value({ parameter, ...part }: Part & { parameter: Parameter }) {
  const { fields, making } = part;
  const path = ["parameters", parameter.name];
  const { set, fault } = fieldOf(part, ...path);
  const tree = isFields(fields.parameters) ? fields.parameters[parameter.name] : undefined;
  const isList = Array.isArray(tree);
  const choices = parameter.choices.length
    ? parameter.choices.map(shown)
    : parameter.type === "Bool"
      ? ["true", "false"]
      : [];
  const common = {
    size: "xs",
    label: titleOf(parameter),
    description: parameter.description || undefined,
    inputWrapperOrder: ["label", "input", "description", "error"] as (
      | "label"
      | "input"
      | "description"
      | "error"
    )[],
    placeholder: worded(parameter.default),
    withAsterisk: parameter.required && parameter.default === null,
    value: isList ? worded(tree) : String(tree ?? ""),
    error: fault || shownFault(making, path.join(".")),
    className: classes.code,
  };
  const write = (text: string) => set(isList ? text.split(",").map((each) => each.trim()) : text);
  if (choices.length) return <Autocomplete {...common} data={choices} onChange={write} />;
  return <TextInput {...common} onChange={(event) => write(event.currentTarget.value)} />;
}
