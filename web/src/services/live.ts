/** Runs as they go on: what is on the screen is changed by what the server tells. */
import { useQuery } from "@tanstack/react-query";
import { useEffect } from "react";
import { askedAt, type Event, isOver, type Run, withEvents } from "@/models/runs";
import { queries } from "./queries";
import { runKey, runsKey, runView } from "./runs";
import { listen, type Message } from "./stream";

/** What is asked for again is asked for at most so often, in milliseconds. */
const PACE = 1_500;
/** Seconds by which an event may be older than the answer that does not know of it. */
const SLACK = 1;

/** A run, kept as it is now while it goes on. */
export function useLiveRun(workspace: string, run: string) {
  const query = useQuery(runView(workspace, run));
  const goesOn = query.data !== undefined && !isOver(query.data.status);
  useEffect(() => {
    if (!goesOn) return;
    const ask = paced(() => queries.invalidateQueries({ queryKey: runKey(workspace, run) }));
    const stop = listen<Event>(follows(workspace, run), "change", {
      onMessages: (messages) => {
        if (tell(workspace, run, messages)) ask.soon();
      },
    });
    return () => {
      stop();
      ask.stop();
    };
  }, [workspace, run, goesOn]);
  return query;
}

function follows(workspace: string, run: string): string {
  const [place, name] = [workspace, run].map(encodeURIComponent);
  return `/api/v1/workspaces/${place}/runs/${name}/events/follow`;
}

/** Whether something was told of that must be asked for. */
function tell(workspace: string, run: string, messages: Message<Event>[]): boolean {
  let isStale = false;
  queries.setQueryData<Run>(runKey(workspace, run), (known) => {
    if (!known) return known;
    // The stream begins with the run's beginning; what was then is in the answer already.
    const begin = askedAt(known) - SLACK;
    const fresh = messages.map(({ data }) => data).filter((event) => event.time >= begin);
    const told = withEvents(known, fresh);
    isStale = told.isStale;
    return told.run;
  });
  return isStale;
}

/** Keeps the list of runs as it is now. */
export function useLiveRuns(workspace: string) {
  useEffect(() => {
    const ask = paced(() => queries.invalidateQueries({ queryKey: runsKey(workspace) }));
    const stop = listen<Event>(
      `/api/v1/workspaces/${encodeURIComponent(workspace)}/events`,
      "change",
      // What happened between the first answer and the beginning of the stream is told by nobody.
      { onMessages: ask.soon, onReset: ask.soon, onOpen: ask.soon },
    );
    return () => {
      stop();
      ask.stop();
    };
  }, [workspace]);
}

function paced(act: () => unknown) {
  let timer: ReturnType<typeof setTimeout> | null = null;
  return {
    soon: () => {
      timer ??= setTimeout(() => {
        timer = null;
        act();
      }, PACE);
    },
    stop: () => {
      if (timer) clearTimeout(timer);
    },
  };
}
