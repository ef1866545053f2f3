import { Anchor, Group, Stack, Table, Text, Title } from "@mantine/core";
import { Markdown } from "@/components/Markdown";
import { useNames } from "@/components/names";
import { Fact, Words } from "@/components/registry/Facts";
import classes from "@/components/registry/Registry.module.css";
import { Time } from "@/components/Time";
import { labelWords } from "@/models/labels";
import { linkOf } from "@/models/links";
import { sizeOf } from "@/models/size";
import type { Face, Version } from "@/services/library";
import { useStrings } from "@/strings";

/** What it is for, what it takes and gives, and whom to ask. */
export function Overview({ face, version }: { face: Face; version: Version | undefined }) {
  const t = useStrings();
  // What is said of the thing may have been changed since; of what was before, its file tells.
  const isLatest = version && version.version === version.latest;
  const description = isLatest ? version.description : face.description;
  return (
    <div className={classes.overview}>
      <Stack gap="lg" className={classes.main}>
        {description && <Markdown>{description}</Markdown>}
        <Ports title={t("make.inputs")} ports={face.inputs} none={t("about.inputs.none")} />
        <Ports title={t("make.outputs")} ports={face.outputs} none={t("about.outputs.none")} />
        {face.notes && (
          <section>
            <Title order={2} size="h5" mb={4}>
              {t("about.notes")}
            </Title>
            <Markdown>{face.notes}</Markdown>
          </section>
        )}
      </Stack>
      <Facts face={face} version={version} />
    </div>
  );
}

interface Port {
  name: string;
  type: string;
  description: string;
  required?: boolean;
}

function Ports({ title, ports, none }: { title: string; ports: Port[]; none: string }) {
  const t = useStrings();
  const names = useNames();
  return (
    <section>
      <Title order={2} size="h5" mb={4}>
        {title}
      </Title>
      {!ports.length && (
        <Text size="sm" c="dimmed">
          {none}
        </Text>
      )}
      {ports.length > 0 && (
        <Table verticalSpacing={6} layout="fixed">
          <Table.Tbody>
            {ports.map(({ name, type, description, required }) => (
              <Table.Tr key={name}>
                <Table.Td w={180} className={classes.word}>
                  <Text size="sm" ff="monospace">
                    {name}
                  </Text>
                </Table.Td>
                <Table.Td w={150}>
                  <Group gap={6} wrap="nowrap">
                    {names.mark(type)}
                    <Text size="sm">{names.type(type)}</Text>
                  </Group>
                </Table.Td>
                <Table.Td w={100}>
                  {required === false && (
                    <Text size="sm" c="dimmed">
                      {t("about.optional")}
                    </Text>
                  )}
                </Table.Td>
                <Table.Td>
                  <Markdown>{description}</Markdown>
                </Table.Td>
              </Table.Tr>
            ))}
          </Table.Tbody>
        </Table>
      )}
    </section>
  );
}

function Facts({ face, version }: { face: Face; version: Version | undefined }) {
  const t = useStrings();
  const names = useNames();
  const tags = (version?.definition.tags ?? {}) as Record<string, string>;
  const { resources, constraints } = face;
  const labels = labelWords(version?.labels ?? {});
  const yes = (is: boolean) => t(is ? "about.yes" : "about.no");
  return (
    <dl className={classes.facts}>
      {face.category && <Fact name={t("make.category")}>{names.category(face.category)}</Fact>}
      {tags.helpDocument && (
        <Fact name={t("about.help")}>
          <Written text={tags.helpDocument} />
        </Fact>
      )}
      {tags.contact && (
        <Fact name={t("about.contact")}>
          <Written text={tags.contact} />
        </Fact>
      )}
      {labels.length > 0 && <Words name={t("about.labels")} words={labels} />}
      {face.aliases.length > 0 && <Words name={t("about.aliases")} words={face.aliases} />}
      {face.job_type && face.job_type !== "Job" && (
        <Fact name={t("make.job")}>{face.job_type}</Fact>
      )}
      {constraints && (
        <>
          <Fact name={t("make.instance")}>{constraints.instance_type}</Fact>
          <Fact name={t("make.instances")}>{yes(constraints.multiple_instances)}</Fact>
          <Fact name={t("make.gpus")}>{yes(constraints.multiple_gpus)}</Fact>
        </>
      )}
      {resources?.cpu && <Fact name={t("about.cpu")}>{resources.cpu}</Fact>}
      {resources?.memory && (
        <Fact name={t("about.memory")}>{sizeOf(resources.memory, t.language)}</Fact>
      )}
      {Boolean(resources?.gpu) && <Fact name={t("make.gpu")}>{resources?.gpu}</Fact>}
      {version && (
        <Fact name={t("about.registered")}>
          <Time at={version.registered} /> · {version.author}
        </Fact>
      )}
    </dl>
  );
}

/** What somebody wrote: a link where it is one, else the words. */
function Written({ text }: { text: string }) {
  const link = linkOf(text);
  if (!link) return text;
  return (
    <Anchor href={link} target="_blank" rel="noopener noreferrer" size="sm">
      {text}
    </Anchor>
  );
}
