import { Anchor, Text } from "@mantine/core";
import { sizeOf } from "@/models/size";
import type { Schemas } from "@/services/api";
import { fileUrl, type Port } from "@/services/artifacts";
import { useStrings } from "@/strings";
import classes from "./Preview.module.css";

interface FileListProps {
  at: Port;
  files: Schemas["FileView"][];
  total: number;
  onOpen: (path: string) => void;
}

/** The files of an output, each to be looked at or taken along. */
export function FileList({ at, files, total, onOpen }: FileListProps) {
  const t = useStrings();
  return (
    <div className={classes.scroll}>
      <table className={classes.table}>
        <thead>
          <tr>
            <th>{t("preview.file")}</th>
            <th>{t("preview.size")}</th>
            <th aria-label={t("preview.download")} />
          </tr>
        </thead>
        <tbody>
          {files.map((file) => (
            <tr key={file.path}>
              <td>
                <Anchor
                  component="button"
                  type="button"
                  size="xs"
                  onClick={() => onOpen(file.path)}
                >
                  {file.path}
                </Anchor>
              </td>
              <td data-number>{sizeOf(file.size, t.language)}</td>
              <td>
                <Anchor size="xs" href={fileUrl(at, file.path)} download>
                  {t("preview.download")}
                </Anchor>
              </td>
            </tr>
          ))}
        </tbody>
      </table>
      {total > files.length && (
        <Text size="xs" c="dimmed" p="xs">
          {t("preview.files.more", { count: total - files.length })}
        </Text>
      )}
    </div>
  );
}
