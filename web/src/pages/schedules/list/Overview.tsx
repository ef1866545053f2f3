import { Alert, Text, Title } from "@mantine/core";
import type { ReactNode } from "react";
import { PlaceLink } from "@/components/PlaceLink";
import { moment } from "@/models/ago";
import { type Fields, isFields, type Tree, textAt } from "@/models/componentText";
import { toldOf } from "@/models/schedules/dependencies";
import { itemsAt } from "@/models/schedules/text";
import { recurs } from "@/models/schedules/words";
import type { ScheduleView } from "@/services/schedules";
import { type Key, type Speak, useStrings } from "@/strings";
import classes from "../schedules.module.css";
import { CycleTable } from "./CycleTable";
import { needText } from "./needText";

/** What a schedule says, in words, and when it is due next. */
export function Overview({ workspace, said }: { workspace: string; said: ScheduleView }) {
  const t = useStrings();
  // The server's plain document is what a file holds, with numbers for some of its texts.
  const fields = JSON.parse(JSON.stringify(said.schedule), asText) as Fields;
  return (
    <div className={classes.columns}>
      <section className={classes.part}>
        {textAt(fields, "description") && (
          <Text size="sm" mb="md">
            {textAt(fields, "description")}
          </Text>
        )}
        {said.warnings.map(({ message }) => (
          <Alert key={message} color="yellow" mb="md">
            {message}
          </Alert>
        ))}
        <Facts workspace={workspace} said={said} fields={fields} />
      </section>
      <section className={classes.part}>
        <Title order={2} size="h5" mb="xs">
          {t("schedules.next")}
        </Title>
        {said.next.length ? (
          <CycleTable cycles={said.next} />
        ) : (
          <Text size="sm">{t("schedules.next.none")}</Text>
        )}
      </section>
    </div>
  );
}

function asText(_: string, value: unknown): unknown {
  return typeof value === "number" || typeof value === "boolean" ? String(value) : value;
}

function Facts({
  workspace,
  said,
  fields,
}: {
  workspace: string;
  said: ScheduleView;
  fields: Fields;
}) {
  const t = useStrings();
  const { in_force } = said;
  const [pipeline = ""] = said.pipeline.split("@");
  return (
    <dl className={classes.facts}>
      <Fact name="schedules.fact.pipeline">
        <PlaceLink
          to="/w/$workspace/components/$reference"
          params={{ workspace, reference: said.pipeline }}
          size="sm"
        >
          {pipeline} {said.pipeline.slice(pipeline.length + 1)}
        </PlaceLink>
      </Fact>
      <Fact name="schedules.fact.words">{recurs(said.words, t.language)}</Fact>
      <Fact name="schedules.fact.version">
        {in_force
          ? `${in_force.version}, ${t("schedules.fact.since", {
              when: moment(in_force.deployed, t.language),
              person: in_force.owner,
            })}`
          : t("schedules.state.none")}
      </Fact>
      <Fact name="schedules.fact.owner">{textAt(fields, "run_as") || in_force?.owner}</Fact>
      <Fact name="schedules.fact.depends">
        <Lines lines={itemsAt(fields, "depends_on").map((each) => needText(each, t))} />
      </Fact>
      <Fact name="schedules.fact.triggers">
        <Lines lines={itemsAt(fields, "triggers").map((each) => triggerText(each, t))} />
      </Fact>
      <Fact name="schedules.fact.catch_up">
        {known(t, "schedules.catch_up", textAt(fields, "catch_up") || "latest")}
      </Fact>
      <Fact name="schedules.fact.rerun">
        {known(t, "schedules.rerun", textAt(fields, "rerun") || "always")}
      </Fact>
      <Fact name="schedules.fact.retries">{textAt(fields, "retries") || "0"}</Fact>
      <Fact name="schedules.fact.timeout">{textAt(fields, "timeout")}</Fact>
      <Fact name="schedules.fact.priority">{textAt(fields, "priority") || "5"}</Fact>
      <Fact name="schedules.fact.alerts">
        <Lines lines={itemsAt(fields, "alerts").map((each) => alertText(each, t))} />
      </Fact>
    </dl>
  );
}

function Fact({ name, children }: { name: Key; children: ReactNode }) {
  const t = useStrings();
  return (
    <>
      <dt>{t(name)}</dt>
      <dd>{children || t("schedules.fact.nothing")}</dd>
    </>
  );
}

function Lines({ lines }: { lines: string[] }) {
  const t = useStrings();
  if (!lines.length) return t("schedules.fact.nothing");
  return lines.map((line) => <div key={line}>{line}</div>);
}

const known = (t: Speak, area: string, word: string) => t.known(`${area}.${word}`, word);

function triggerText(entry: Tree, t: Speak): string {
  if (!isFields(entry)) return "";
  const name = textAt(entry, "dataset");
  if (name) return t("schedules.word.dataset", { name });
  return t("schedules.word.newfile", { uri: textAt(entry, "file") });
}

function alertText(entry: Tree, t: Speak): string {
  if (!isFields(entry)) return "";
  const what = known(t, "schedules.alert", textAt(entry, "on"));
  const who = toldOf(entry).join(", ");
  const by = textAt(entry, "by");
  return by ? t("schedules.alert.by", { what, by, who }) : t("schedules.alert.said", { what, who });
}
