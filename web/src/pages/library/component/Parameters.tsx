import { Table, Text, Title } from "@mantine/core";
import { Markdown } from "@/components/Markdown";
import classes from "@/components/registry/Registry.module.css";
import { shown, titleOf } from "@/models/fields";
import type { Face } from "@/services/library";
import { type Speak, useStrings } from "@/strings";

type Parameter = Face["parameters"][number];

const GROUPS = ["fields", "params", "tuning"] as const;

/** All parameters, by the tab of the form that they stand in. */
export function Parameters({ face }: { face: Face }) {
  const t = useStrings();
  if (!face.parameters.length)
    return (
      <Text size="sm" c="dimmed">
        {t("about.parameters.none")}
      </Text>
    );
  return GROUPS.map((group) => {
    const rows = face.parameters.filter((each) => each.group === group);
    if (!rows.length) return null;
    return (
      <section key={group} className={classes.group}>
        <Title order={2} size="h5" mb={4}>
          {t(`make.group.${group}`)}
        </Title>
        <Table.ScrollContainer minWidth={760}>
          <Table verticalSpacing={6} layout="fixed">
            <Table.Thead>
              <Table.Tr>
                <Table.Th w={210}>{t("make.name")}</Table.Th>
                <Table.Th w={130}>{t("make.type")}</Table.Th>
                <Table.Th w={140}>{t("make.default")}</Table.Th>
                <Table.Th w={180}>{t("about.allowed")}</Table.Th>
                <Table.Th>{t("make.description")}</Table.Th>
              </Table.Tr>
            </Table.Thead>
            <Table.Tbody>
              {rows.map((each) => (
                <Row key={each.name} parameter={each} />
              ))}
            </Table.Tbody>
          </Table>
        </Table.ScrollContainer>
      </section>
    );
  });
}

function Row({ parameter }: { parameter: Parameter }) {
  const t = useStrings();
  return (
    <Table.Tr>
      <Table.Td className={classes.word}>
        <Text size="sm">{titleOf(parameter)}</Text>
        <Text size="xs" c="dimmed" ff="monospace">
          {parameter.name}
        </Text>
      </Table.Td>
      <Table.Td>{typeOf(t, parameter)}</Table.Td>
      <Table.Td className={classes.word}>
        {parameter.default === null && parameter.required ? (
          <Text size="sm" c="dimmed">
            {t("about.required")}
          </Text>
        ) : (
          shown(parameter.default)
        )}
      </Table.Td>
      <Table.Td className={classes.word}>{allowed(t, parameter)}</Table.Td>
      <Table.Td>
        <Markdown>{parameter.description}</Markdown>
      </Table.Td>
    </Table.Tr>
  );
}

const TYPES = ["Int", "Float", "String", "Bool", "Column", "Columns"] as const;

function typeOf(t: Speak, { type }: Parameter): string {
  const known = TYPES.find((each) => each === type);
  return known ? t(`make.type.${known}`) : type;
}

/** What values it takes, in signs that read alike in every language. */
function allowed(t: Speak, parameter: Parameter): string {
  const { choices, minimum, maximum, pattern, length, columns } = parameter;
  if (choices.length) return choices.map((each) => shown(each)).join(", ");
  if (columns) return columns.port ? t("about.columns", { input: columns.port }) : "";
  const least = minimum === null ? "" : `${parameter.exclusive_minimum ? ">" : "≥"} ${minimum}`;
  const most = maximum === null ? "" : `${parameter.exclusive_maximum ? "<" : "≤"} ${maximum}`;
  const long = length ? t("about.length", { least: length[0] ?? 0, most: length[1] ?? "" }) : "";
  return [least, most, pattern, long].filter(Boolean).join(", ");
}
