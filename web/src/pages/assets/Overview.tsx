import { Code, Group, Stack, Table, Text, Title } from "@mantine/core";
import { useQuery } from "@tanstack/react-query";
import { Markdown } from "@/components/Markdown";
import { useNames } from "@/components/names";
import { PortPreview } from "@/components/preview/PortPreview";
import { Fact, Words } from "@/components/registry/Facts";
import classes from "@/components/registry/Registry.module.css";
import { Time } from "@/components/Time";
import type { Content, Pairs } from "@/models/assetContent";
import { labelWords } from "@/models/labels";
import { sizeOf } from "@/models/size";
import type { Schemas } from "@/services/api";
import { artifactOf } from "@/services/artifacts";
import { type Asset, dataAt, type Version } from "@/services/assets";
import { useStrings } from "@/strings";
import own from "./assets.module.css";

interface Props {
  asset: Asset;
  version: Version;
  content: Content;
}

/** What a version is, what was measured of it, and the beginning of what it holds. */
export function Overview({ asset, version, content }: Props) {
  const t = useStrings();
  const { source } = content;
  return (
    <div className={classes.overview}>
      <Stack gap="lg" className={classes.main}>
        {version.description && <Markdown>{version.description}</Markdown>}
        <Listed title={t("asset.metrics")} pairs={content.metrics} />
        {content.specs.map(([name, pairs]) => (
          <Listed key={name} title={t.known(`asset.spec.${name}`, name)} pairs={pairs} />
        ))}
        {source.kind === "output" && (
          <section>
            <Title order={2} size="h5" mb={4}>
              {t("asset.content")}
            </Title>
            <div className={own.content}>
              <PortPreview
                workspace={asset.workspace}
                run={source.run}
                step={source.step}
                port={source.port}
              />
            </div>
          </section>
        )}
        {content.uri && (
          <section>
            <Title order={2} size="h5" mb={4}>
              {t("asset.uri")}
            </Title>
            <Code block>{content.uri}</Code>
          </section>
        )}
      </Stack>
      <Facts asset={asset} version={version} content={content} />
    </div>
  );
}

function Listed({ title, pairs }: { title: string; pairs: Pairs }) {
  if (!pairs.length) return null;
  return (
    <section>
      <Title order={2} size="h5" mb={4}>
        {title}
      </Title>
      <Table verticalSpacing={6} layout="fixed">
        <Table.Tbody>
          {pairs.map(([name, value]) => (
            <Table.Tr key={name}>
              <Table.Td w={220} className={classes.word}>
                {name}
              </Table.Td>
              <Table.Td className={classes.word}>{value}</Table.Td>
            </Table.Tr>
          ))}
        </Table.Tbody>
      </Table>
    </section>
  );
}

function Facts({ asset, version, content }: Props) {
  const t = useStrings();
  const names = useNames();
  const { type, format, framework, mountPath, options } = content;
  const labels = labelWords(version.labels);
  return (
    <dl className={classes.facts}>
      <Fact name={t("asset.type")}>
        <Group gap={6} wrap="nowrap">
          {names.mark(type)}
          {names.type(type)}
        </Group>
      </Fact>
      {version.stage && (
        <Fact name={t("asset.stage")}>
          {t.known(`asset.stage.${version.stage}`, version.stage)}
          {version.comment && (
            <Text size="xs" c="dimmed">
              {version.comment}
            </Text>
          )}
        </Fact>
      )}
      {format && <Fact name={t("asset.format")}>{format}</Fact>}
      {framework && <Fact name={t("asset.framework")}>{framework}</Fact>}
      <Size asset={asset} content={content} />
      {mountPath && <Fact name={t("asset.mount")}>{mountPath}</Fact>}
      {options.length > 0 && <Words name={t("asset.options")} words={options} />}
      {labels.length > 0 && <Words name={t("about.labels")} words={labels} />}
      <Fact name={t("about.registered")}>
        <Time at={version.registered} /> · {version.author}
      </Fact>
    </dl>
  );
}

/** How much there is, as far as it can be looked at. */
function Size({ asset, content }: Pick<Props, "asset" | "content">) {
  const t = useStrings();
  const { uri, source } = content;
  const { workspace } = asset;
  const { run, step, port } = source.kind === "output" ? source : { run: "", step: "", port: "" };
  const made = useQuery({ ...artifactOf({ workspace, run, step, port }), enabled: run !== "" });
  const there = useQuery({ ...dataAt(workspace, uri), enabled: uri !== "" });
  const known = made.data ?? (there.data && amountOf(there.data));
  if (!known) return null;
  const { files, size } = known;
  return (
    <Fact name={t("asset.size")}>
      {size === null
        ? t("asset.size.more", { count: files })
        : `${t.count("preview.files", files)}, ${sizeOf(size, t.language)}`}
    </Fact>
  );
}

/** How many files there are and their bytes, which are not known unless all are listed. */
function amountOf({ items, whole }: Schemas["DataView"]) {
  const size = items.reduce((sum, each) => sum + each.size, 0);
  return { files: items.length, size: whole ? size : null };
}
