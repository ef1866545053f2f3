/** A schedule is made, or a new version of one: in a form, with its file beside it. */
import { Alert, Button, Group, Title } from "@mantine/core";
import { useQuery } from "@tanstack/react-query";
import { useParams, useSearch } from "@tanstack/react-router";
import { useState } from "react";
import { LeaveGuard } from "@/components/LeaveGuard";
import { Failed, Loading } from "@/components/states";
import { textAt } from "@/models/componentText";
import { nextVersion } from "@/models/fileText";
import { begun, readSchedule, writeSchedule } from "@/models/schedules/text";
import { latestVersion, scheduleVersion } from "@/services/schedules";
import { useStrings } from "@/strings";
import { type Making, useMaking } from "./form/editing";
import classes from "./form/form.module.css";
import { ScheduleFields } from "./form/ScheduleFields";
import { useSaving } from "./form/saving";
import { Written } from "./form/Written";
import { DeployDialog } from "./list/DeployDialog";

export function NewSchedulePage() {
  const { workspace } = useParams({ from: "/w/$workspace/new-schedule" });
  const { from, pipeline = "" } = useSearch({ from: "/w/$workspace/new-schedule" });
  if (from) return <NewVersion workspace={workspace} name={from} />;
  return <Fresh workspace={workspace} pipeline={pipeline} />;
}

function Fresh({ workspace, pipeline }: { workspace: string; pipeline: string }) {
  const [text] = useState(() => {
    const { timeZone } = Intl.DateTimeFormat().resolvedOptions();
    return writeSchedule(begun(pipeline, timeZone || "UTC"));
  });
  return <Maker workspace={workspace} begin={text} name="" />;
}

/** The form of the latest version that there is, for the one after it. */
function NewVersion({ workspace, name }: { workspace: string; name: string }) {
  const latest = useQuery(latestVersion(workspace, name));
  const version = latest.data ?? "";
  const shown = useQuery({ ...scheduleVersion(workspace, name, version), enabled: version !== "" });
  const failed = latest.error ?? shown.error;
  if (failed) return <Failed error={failed} reset={() => void latest.refetch()} />;
  if (!shown.data) return <Loading />;
  return (
    <Maker workspace={workspace} begin={successor(String(shown.data.document.text))} name={name} />
  );
}

/** The file for the version that changes something of this one. */
function successor(text: string): string {
  const { fields } = readSchedule(text);
  if (!fields) return text;
  const { version_description: _, ...rest } = fields;
  return writeSchedule({ ...rest, version: nextVersion(textAt(fields, "version")) }, text);
}

interface MakerProps {
  workspace: string;
  begin: string;
  /** Of what it is a new version; nothing for a new schedule. */
  name: string;
}

function Maker({ workspace, begin, name }: MakerProps) {
  const t = useStrings();
  const making = useMaking(workspace, begin);
  const saving = useSaving(workspace, making);
  const { deploying } = saving;
  return (
    <div className={classes.page}>
      <LeaveGuard isChanged={() => making.isChanged && !saving.saved.current} />
      <Group className={classes.head} justify="space-between">
        <Title order={1} size="h4">
          {name ? t("scheduling.edit", { name }) : t("scheduling.new")}
        </Title>
        <Group gap="sm">
          <Button
            variant="default"
            loading={saving.pending === "publish"}
            disabled={saving.pending !== ""}
            onClick={() => saving.save(false)}
          >
            {t("scheduling.publish")}
          </Button>
          <Button
            loading={saving.pending === "deploy"}
            disabled={saving.pending !== ""}
            onClick={() => saving.save(true)}
          >
            {t("scheduling.deploy")}
          </Button>
        </Group>
      </Group>
      <div className={classes.body}>
        <div className={classes.form}>
          {saving.error && (
            <Alert color="red" role="alert" mb="md" title={t("scheduling.refused")}>
              {saving.error.message}
              {saving.isTaken && (
                <Button
                  mt="xs"
                  size="xs"
                  variant="default"
                  display="block"
                  onClick={saving.saveNext}
                >
                  {t("scheduling.next-version")}
                </Button>
              )}
            </Alert>
          )}
          <Form making={making} isNew={!name} />
        </div>
        <Written making={making} />
      </div>
      {deploying && (
        <DeployDialog
          workspace={workspace}
          {...deploying}
          onClose={() => void saving.open(deploying.name)}
        />
      )}
    </div>
  );
}

function Form({ making, isNew }: { making: Making; isNew: boolean }) {
  const t = useStrings();
  const { fields, fault } = making;
  if (fields) return <ScheduleFields making={making} fields={fields} isNew={isNew} />;
  return (
    <Alert variant="default" title={t("scheduling.unread")}>
      {fault ? t("scheduling.unread.line", { ...fault }) : t("scheduling.foreign")}
    </Alert>
  );
}
