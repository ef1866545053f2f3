import { Stack, Textarea, TextInput } from "@mantine/core";
import { lazy, Suspense, useState } from "react";
import { isName, setOwn } from "@/models/pipeline/own";
import { useDesigner, useDesignerStore } from "@/services/designer/store";
import { useStrings } from "@/strings";
import { DeclaredList } from "./DeclaredList";
import { FaultList } from "./FaultList";
import { NameField } from "./NameField";
import { Outputs } from "./Outputs";
import classes from "./Panel.module.css";

const Markdown = lazy(() =>
  import("@/components/Markdown").then(({ Markdown }) => ({ default: Markdown })),
);

/** The pipeline itself: what it is called, what it reads, takes and gives, and what is wrong. */
export function PipelinePanel() {
  const t = useStrings();
  const { edit } = useDesignerStore().getState();
  const name = useDesigner((designer) => designer.history.now.name);
  const version = useDesigner((designer) => designer.history.now.version);
  const call = (to: string): string => {
    if (!isName(to)) return t("panel.name.wrong");
    edit(t("panel.did.own", { field: t("panel.pipeline.name") }), setOwn("name", to));
    return "";
  };
  return (
    <div className={classes.scroll}>
      <Stack gap="sm" p="sm">
        <h2 className={classes.heading}>{t("panel.pipeline")}</h2>
        <NameField label={t("panel.pipeline.name")} value={String(name ?? "")} onChange={call} />
        <TextInput
          size="xs"
          label={t("panel.pipeline.version")}
          value={version}
          spellCheck={false}
          onChange={(event) =>
            edit(
              t("panel.did.own", { field: t("panel.pipeline.version") }),
              setOwn("version", event.currentTarget.value),
              "own.version",
            )
          }
        />
        <Description />
        <FaultList />
        <DeclaredList own="inputs" />
        <DeclaredList own="parameters" />
        <Outputs />
      </Stack>
    </div>
  );
}

function Description() {
  const t = useStrings();
  const { edit } = useDesignerStore().getState();
  const description = useDesigner((designer) => designer.history.now.description ?? "");
  const [isWriting, setWriting] = useState(false);
  if (!isWriting && description)
    return (
      <div>
        <div className={classes.row}>
          <span className={classes.label}>{t("panel.pipeline.description")}</span>
          <button type="button" className={classes.link} onClick={() => setWriting(true)}>
            {t("panel.edit")}
          </button>
        </div>
        <div className={classes.about}>
          <Suspense>
            <Markdown>{description}</Markdown>
          </Suspense>
        </div>
      </div>
    );
  return (
    <Textarea
      size="xs"
      label={t("panel.pipeline.description")}
      placeholder={t("panel.pipeline.description.hint")}
      autosize
      minRows={2}
      maxRows={14}
      autoFocus={isWriting}
      value={description}
      onBlur={() => setWriting(false)}
      onFocus={() => setWriting(true)}
      onChange={(event) =>
        edit(
          t("panel.did.own", { field: t("panel.pipeline.description") }),
          setOwn("description", event.currentTarget.value),
          "own.description",
        )
      }
    />
  );
}
