import { Alert, Button, Group, Tabs, Text, Title } from "@mantine/core";
import { useQuery } from "@tanstack/react-query";
import { useParams, useSearch } from "@tanstack/react-router";
import { useState } from "react";
import { LeaveGuard } from "@/components/LeaveGuard";
import { Failed, Loading } from "@/components/states";
import { successor } from "@/models/componentText";
import { registered } from "@/services/library";
import { useStrings } from "@/strings";
import { ComponentFields } from "./form/ComponentFields";
import { type CodeFolder, type Making, NO_CODE, useMaking } from "./form/editing";
import { FromGit } from "./form/FromGit";
import classes from "./form/form.module.css";
import { FromFunction, FromText } from "./form/Starts";
import { useSaving } from "./form/saving";
import { Written } from "./form/Written";

/** A component is made: in a form, or of what somebody has already. */
export function NewComponentPage() {
  const { from } = useSearch({ from: "/w/$workspace/new-component" });
  const [name = "", version = ""] = from?.split("@") ?? [];
  return from && version ? <NewVersion name={name} version={version} /> : <Maker begin={null} />;
}

/** The form of a version that is there, for the one after it. */
function NewVersion({ name, version }: { name: string; version: string }) {
  const { workspace } = useParams({ from: "/w/$workspace/new-component" });
  const query = useQuery(registered({ workspace, kind: "component", name }, version));
  if (query.isPending) return <Loading />;
  if (query.isError) return <Failed error={query.error} reset={() => void query.refetch()} />;
  const { text, bundle } = query.data.document as { text: string; bundle: string };
  return <Maker begin={{ text: successor(text), code: { files: [], bundle } }} />;
}

type Way = "form" | "text" | "function" | "git";

function Maker({ begin }: { begin: { text: string; code: CodeFolder } | null }) {
  const t = useStrings();
  const { workspace } = useParams({ from: "/w/$workspace/new-component" });
  const making = useMaking(workspace, begin);
  const saving = useSaving(workspace, making);
  const [way, setWay] = useState<Way>("form");
  const start = (text: string, code = NO_CODE) => {
    making.setText(text);
    making.setCode(code);
    setWay("form");
  };
  return (
    <div className={classes.page}>
      <LeaveGuard isChanged={() => making.isChanged && !saving.saved.current} />
      <Group className={classes.head} justify="space-between">
        <Title order={1} size="h4">
          {t(begin ? "make.version.new" : "library.new")}
        </Title>
        <Group gap="sm">
          <Text size="sm" c="dimmed" aria-live="polite">
            {saving.said}
          </Text>
          <Button loading={saving.isPending} onClick={() => saving.save()}>
            {t("make.save")}
          </Button>
        </Group>
      </Group>
      <Tabs value={way} onChange={(way) => setWay((way ?? "form") as Way)} className={classes.tabs}>
        <Tabs.List>
          <Tabs.Tab value="form">{t("make.form")}</Tabs.Tab>
          <Tabs.Tab value="text">{t("make.text")}</Tabs.Tab>
          <Tabs.Tab value="function">{t("make.function")}</Tabs.Tab>
          <Tabs.Tab value="git">{t("make.git")}</Tabs.Tab>
        </Tabs.List>
      </Tabs>
      <div className={classes.body}>
        <div className={classes.form}>
          {saving.error && (
            <Refused
              message={saving.error.message}
              isTaken={saving.isTaken}
              saveNext={saving.saveNext}
            />
          )}
          {way === "form" && <Form making={making} />}
          {way === "text" && <FromText making={making} />}
          {way === "function" && <FromFunction start={start} />}
          {way === "git" && <FromGit workspace={workspace} start={start} />}
        </div>
        <Written making={making} />
      </div>
    </div>
  );
}

function Form({ making }: { making: Making }) {
  const t = useStrings();
  if (making.form) return <ComponentFields making={making} form={making.form} />;
  const { fault } = making;
  return (
    <Alert variant="default" title={t(fault ? "make.unread" : "make.foreign")}>
      {fault ? t("make.unread.line", { ...fault }) : t("make.foreign.hint")}
    </Alert>
  );
}

interface RefusedProps {
  message: string;
  isTaken: boolean;
  saveNext: () => void;
}

function Refused({ message, isTaken, saveNext }: RefusedProps) {
  const t = useStrings();
  return (
    <Alert color="red" role="alert" mb="md" title={t("make.refused")}>
      {message}
      {isTaken && (
        <Button mt="xs" size="xs" variant="default" display="block" onClick={saveNext}>
          {t("make.save.next")}
        </Button>
      )}
    </Alert>
  );
}
