import { Button, Group, Input, SegmentedControl, SimpleGrid, Text, TextInput } from "@mantine/core";
import { useRef, useState } from "react";
import { codeFiles } from "@/models/codeFiles";
import { type ComponentForm, textAt } from "@/models/componentText";
import { sizeOf } from "@/models/size";
import { useStrings } from "@/strings";
import { fieldOf, type Making, NO_CODE } from "./editing";
import classes from "./form.module.css";

interface Props {
  making: Making;
  form: ComponentForm;
}

type Kind = "none" | "folder" | "git";

/** Where the code is: in a folder that is sent, in Git, or nowhere. */
export function CodeField({ making, form }: Props) {
  const t = useStrings();
  const { files, bundle } = making.code;
  const isGit = textAt(form.fields, "code", "git") !== "";
  const [chosen, choose] = useState<Kind>();
  const kind = isGit ? "git" : (chosen ?? (files.length || bundle ? "folder" : "none"));
  const code = fieldOf(making, form, "code");
  const take = (kind: Kind) => {
    choose(kind);
    if (kind !== "git" && isGit) code.set(undefined);
    if (kind !== "folder") making.setCode(NO_CODE);
  };
  return (
    <Input.Wrapper label={t("make.code")} error={code.fault} labelElement="div">
      <Group align="flex-start" mt={4}>
        <SegmentedControl
          aria-label={t("make.code")}
          value={kind}
          onChange={(value) => take(value as Kind)}
          data={(["none", "folder", "git"] as const).map((value) => ({
            value,
            label: t(`make.code.${value}`),
          }))}
        />
        {kind === "folder" && <Folder making={making} />}
      </Group>
      {kind === "git" && <Git making={making} form={form} />}
      {kind === "none" && (
        <Text size="xs" c="dimmed" mt={4}>
          {t("make.code.none.hint")}
        </Text>
      )}
    </Input.Wrapper>
  );
}

function Folder({ making }: { making: Making }) {
  const t = useStrings();
  const input = useRef<HTMLInputElement>(null);
  const { files, bundle, origin } = making.code;
  const size = files.reduce((sum, { file }) => sum + file.size, 0);
  return (
    <Group>
      <Button variant="default" onClick={() => input.current?.click()}>
        {t("make.code.choose")}
      </Button>
      <input
        ref={(element) => {
          // React knows no attribute of this name; without it one file is chosen, not a folder.
          element?.setAttribute("webkitdirectory", "");
          input.current = element;
        }}
        type="file"
        multiple
        aria-label={t("make.code.choose")}
        className={classes.hidden}
        tabIndex={-1}
        onChange={(event) =>
          making.setCode({ files: codeFiles([...(event.currentTarget.files ?? [])]), bundle: "" })
        }
      />
      <Text size="sm" c="dimmed">
        {files.length
          ? `${t.count("make.code.files", files.length)} · ${sizeOf(size, t.language)}`
          : origin
            ? t("make.code.taken", { ...origin, commit: origin.commit.slice(0, 12) })
            : t(bundle ? "make.code.kept" : "make.code.folder.hint")}
      </Text>
    </Group>
  );
}

function Git({ making, form }: Props) {
  const t = useStrings();
  return (
    <SimpleGrid cols={3} mt="xs">
      {(["git", "ref", "path"] as const).map((part) => {
        const { value, set, fault } = fieldOf(making, form, "code", part);
        return (
          <TextInput
            key={part}
            label={t(`make.git.${part}`)}
            withAsterisk={part === "git"}
            value={value}
            error={fault}
            onChange={(event) => set(event.currentTarget.value)}
          />
        );
      })}
    </SimpleGrid>
  );
}
