import { Anchor, Code, Group, Select, Text } from "@mantine/core";
import { useQuery } from "@tanstack/react-query";
import { useState } from "react";
import { ReportView } from "@/components/charts/ReportView";
import { Empty, Failed, Loading } from "@/components/states";
import { readReport } from "@/models/report";
import { sizeOf } from "@/models/size";
import type { Preview } from "@/models/statistics";
import { artifactOf, fileUrl, type Port, previewOf } from "@/services/artifacts";
import { useStrings } from "@/strings";
import { FileList } from "./FileList";
import classes from "./Preview.module.css";
import { TablePreview } from "./TablePreview";

const ALL = "*";

/** What a step left at a port: rows, a picture, a text, a report, or which files there are. */
export function PortPreview(at: Port) {
  const t = useStrings();
  const artifact = useQuery(artifactOf(at));
  const [path, setPath] = useState("");
  const preview = useQuery({
    ...previewOf(at, path),
    enabled: Boolean(artifact.data) && path !== ALL,
  });
  if (artifact.error) return <Failed error={artifact.error} />;
  if (artifact.isPending) return <Loading />;
  if (!artifact.data) return <Empty title={t("preview.none")}>{t("preview.none.hint")}</Empty>;
  const { items, files, size } = artifact.data;
  const isList = path === ALL || (files > 1 && !path && preview.error !== null);
  const shown = path && path !== ALL ? path : (preview.data?.path ?? "");
  return (
    <div className={classes.preview}>
      <Group className={classes.bar} gap="sm" wrap="nowrap">
        {files > 1 && (
          <Select
            size="xs"
            w={240}
            aria-label={t("preview.file")}
            data={[
              { value: ALL, label: t.count("preview.files", files) },
              ...items.map((file) => ({ value: file.path, label: file.path })),
            ]}
            value={isList ? ALL : shown || null}
            searchable
            allowDeselect={false}
            onChange={(chosen) => setPath(chosen ?? "")}
          />
        )}
        <About preview={isList ? undefined : preview.data} size={size} />
        <span style={{ flex: 1 }} />
        {!isList && (shown || files === 1) && (
          <Anchor size="xs" href={fileUrl(at, files > 1 ? shown : "")} download>
            {t("preview.download")}
          </Anchor>
        )}
      </Group>
      {isList ? (
        <FileList at={at} files={items} total={files} onOpen={setPath} />
      ) : (
        <Body at={at} preview={preview.data} error={preview.error} />
      )}
    </div>
  );
}

function About({ preview, size }: { preview: Preview | null | undefined; size: number }) {
  const t = useStrings();
  const parts = [sizeOf(preview?.size ?? size, t.language)];
  if (preview?.kind === "table") {
    const { total_rows, rows, columns } = preview;
    if (total_rows !== null) parts.unshift(t.count("preview.rows", total_rows));
    parts.unshift(t.count("preview.columns", columns.length));
    if (total_rows === null || total_rows > rows.length)
      parts.push(t("preview.first", { count: rows.length }));
  }
  return (
    <Text size="xs" c="dimmed" truncate>
      {parts.join(" · ")}
    </Text>
  );
}

interface BodyProps {
  at: Port;
  preview: Preview | null | undefined;
  error: Error | null;
}

function Body({ at, preview, error }: BodyProps) {
  const t = useStrings();
  if (error) return <Failed error={error} />;
  if (preview === undefined) return <Loading />;
  if (preview === null) return <Empty title={t("preview.none")} />;
  const report = preview.kind === "report" ? readReport(preview.text) : null;
  if (report) return <ReportView report={report} />;
  switch (preview.kind) {
    case "table":
      return <TablePreview preview={preview} />;
    case "image":
      return (
        <div className={classes.image}>
          <img src={fileUrl(at, preview.path)} alt={preview.path} />
        </div>
      );
    case "model":
      return <ModelCard text={preview.text} />;
    case "binary":
      return <Empty title={t("preview.binary")}>{t("preview.binary.hint")}</Empty>;
    default:
      return <Plain preview={preview} />;
  }
}

function Plain({ preview }: { preview: Preview }) {
  const t = useStrings();
  return (
    <div className={classes.text}>
      <Code block>{preview.kind === "json" ? indented(preview.text) : preview.text}</Code>
      {!preview.is_whole && (
        <Text size="xs" c="dimmed">
          {t("preview.more")}
        </Text>
      )}
    </div>
  );
}

function indented(text: string): string {
  try {
    return JSON.stringify(JSON.parse(text), null, 2);
  } catch {
    return text;
  }
}

/** What a model says of itself, name by name. */
function ModelCard({ text }: { text: string }) {
  let card: Record<string, unknown> = {};
  try {
    card = JSON.parse(text) as Record<string, unknown>;
  } catch {
    return <Code block>{text}</Code>;
  }
  return (
    <dl className={classes.card}>
      {Object.entries(card)
        .filter(([name]) => name !== "format")
        .map(([name, value]) => (
          <div key={name}>
            <dt>{name.replaceAll("_", " ")}</dt>
            <dd>{said(value)}</dd>
          </div>
        ))}
    </dl>
  );
}

function said(value: unknown): string {
  if (value === null || value === undefined || value === "") return "–";
  if (Array.isArray(value)) return value.map(said).join(", ");
  if (typeof value !== "object") return String(value);
  if (isColumn(value)) return `${value.name} (${value.type})`;
  return Object.entries(value)
    .map(([name, each]) => `${name}: ${said(each)}`)
    .join("; ");
}

const isColumn = (value: object): value is { name: string; type: string } =>
  Object.keys(value).join() === "name,type";
