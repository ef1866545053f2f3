import { Code, Loader, Stack, Text, Title } from "@mantine/core";
import type { UseQueryResult } from "@tanstack/react-query";
import { lazy, Suspense } from "react";
import classes from "@/components/registry/Registry.module.css";
import { Failed, Loading } from "@/components/states";
import type { Schemas } from "@/services/api";
import type { Face } from "@/services/library";
import { useStrings } from "@/strings";

const Editor = lazy(() =>
  import("@/components/editor/Editor").then(({ Editor }) => ({ default: Editor })),
);

interface Props {
  face: Face;
  query: UseQueryResult<Schemas["PublishedView"]>;
}

/** The command, the image, and the file as it was registered. */
export function CodeTab({ face, query }: Props) {
  const t = useStrings();
  if (query.isPending) return <Loading />;
  if (query.isError) return <Failed error={query.error} reset={() => void query.refetch()} />;
  const { document, definition } = query.data;
  const text = String(document.text ?? "");
  const command = String(definition.command ?? "");
  return (
    <Stack>
      {command && (
        <section>
          <Title order={2} size="h5" mb={4}>
            {t("make.command")}
          </Title>
          <Code block>{command}</Code>
        </section>
      )}
      {face.kind === "component" && (
        <Text size="sm">
          {t("make.image")}: {face.image || t("about.image.none")} · {t("make.code")}:{" "}
          <Where code={definition.code} isSent={Boolean(document.bundle)} />
        </Text>
      )}
      <section>
        <Title order={2} size="h5" mb={4}>
          {t("about.file")}
        </Title>
        <div className={classes.file}>
          <Suspense fallback={<Loader type="dots" />}>
            <Editor
              value={text}
              language={text.trimStart().startsWith("{") ? "json" : "yaml"}
              label={t("about.file")}
              isReadOnly
            />
          </Suspense>
        </div>
      </section>
    </Stack>
  );
}

/** Where the code of a component lies. */
function Where({ code, isSent }: { code: unknown; isSent: boolean }) {
  const t = useStrings();
  const { git = "", ref = "" } = (code ?? {}) as { git?: string; ref?: string };
  if (git) return ref ? `${git} (${ref})` : git;
  return t(isSent ? "about.code.kept" : "make.code.none");
}
