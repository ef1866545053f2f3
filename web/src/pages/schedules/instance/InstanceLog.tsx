import { Text } from "@mantine/core";
import { useInfiniteQuery } from "@tanstack/react-query";
import { More } from "@/components/More";
import { Failed, Loading } from "@/components/states";
import { moment } from "@/models/ago";
import { type InstanceEvent, instanceEvents } from "@/services/instances";
import { type Key, type Speak, texts, useStrings } from "@/strings";
import { reasonText } from "../instances/reasons";
import classes from "../schedules.module.css";

/** What happened to an instance, newest first, and who did it. */
export function InstanceLog({ workspace, instance }: { workspace: string; instance: string }) {
  const t = useStrings();
  const query = useInfiniteQuery(instanceEvents(workspace, instance));
  if (query.isPending) return <Loading />;
  if (query.isError && !query.data) return <Failed error={query.error} />;
  const events = query.data?.pages.flatMap((page) => page.items).reverse() ?? [];
  return (
    <>
      {!events.length && <Text size="sm">{t("instance.log.none")}</Text>}
      <More query={query} />
      <ol className={classes.log}>
        {events.map((event) => (
          <li key={event.seq}>
            <time dateTime={new Date(event.time * 1000).toISOString()}>
              {moment(event.time, t.language)}
            </time>
            <span className={classes.title}>
              {eventText(event, t)}
              <Text span size="xs" c="dimmed">
                {" "}
                {event.person || t("instance.log.scheduler")}
              </Text>
            </span>
          </li>
        ))}
      </ol>
    </>
  );
}

/** An event in words; of a kind that this console does not know, the server's word. */
function eventText({ kind, data, cause }: InstanceEvent, t: Speak): string {
  const key = `instance.event.${kind}`;
  if (!(key in texts[t.language])) return kind;
  const values = Object.entries(data).map(([name, value]) => [name, String(value)]);
  const said = t(key as Key, Object.fromEntries(values));
  return cause ? `${said}: ${reasonText(cause, t)}` : said;
}
