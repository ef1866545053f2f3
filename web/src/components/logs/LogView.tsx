/** What a step prints: a long log by the parts that are looked at, a running one as it is written. */
import { Select } from "@mantine/core";
import { useQuery } from "@tanstack/react-query";
import { useEffect, useMemo, useState } from "react";
import { useStore } from "zustand";
import { Empty, Failed, Loading } from "@/components/states";
import { type LogAddress, type LogReader, logNames, openReader } from "@/services/logs";
import { useStrings } from "@/strings";
import { LogBar } from "./LogBar";
import { LogLines } from "./LogLines";
import classes from "./LogView.module.css";
import { useLogSearch } from "./search";

interface Shown {
  workspace: string;
  run: string;
  step: string;
  /** A replica or an attempt; without it that of the last attempt, chosen among its replicas. */
  process?: string;
  /** The replica that is shown before another is chosen, such as the one that failed. */
  preferred?: string;
}

const SOON = 5_000;

export function LogView({ workspace, run, step, process, preferred }: Shown) {
  const t = useStrings();
  const names = useQuery({
    ...logNames(workspace, run, step),
    enabled: !process,
    // A step that waits will be started, and one that failed may be tried again.
    refetchInterval: SOON,
  });
  const [chosen, setChosen] = useState("");
  if (process) return <OneLog address={{ workspace, run, step, process }} />;
  if (names.error) return <Failed error={names.error} reset={() => void names.refetch()} />;
  if (names.isPending) return <Loading />;
  if (!names.data) return <Empty title={t("log.none")} />;
  const { attempt, items } = names.data;
  const shown = items.includes(chosen) ? chosen : firstOf(items, preferred);
  const replicas = items.length > 1 && (
    <Select
      size="xs"
      w={150}
      aria-label={t("log.replica")}
      data={items.map((name) => ({ value: name, label: replicaName(name, t) }))}
      value={shown}
      allowDeselect={false}
      searchable={items.length > 8}
      onChange={(name) => name && setChosen(name)}
    />
  );
  return (
    <OneLog
      key={`${attempt} ${shown}`}
      address={{ workspace, run, step, process: shown }}
      before={replicas}
    />
  );
}

/** The preferred replica, or the first, by its latest start. */
function firstOf(items: string[], preferred = ""): string {
  const isOf = (replica: string) => (name: string) => name.split("~")[0] === replica;
  const [first = "last"] = items;
  return items.findLast(isOf(preferred)) ?? items.findLast(isOf(first)) ?? first;
}

/** `worker-1~1` is the second start of worker-1. */
function replicaName(name: string, t: ReturnType<typeof useStrings>): string {
  const [replica = name, start] = name.split("~");
  return start ? t("log.start-of", { replica, count: Number(start) + 1 }) : replica;
}

function OneLog({ address, before }: { address: LogAddress; before?: React.ReactNode }) {
  const { workspace, run, step, process } = address;
  const reader = useReader(workspace, run, step, process);
  if (!reader) return <Loading />;
  return <ReadLog reader={reader} address={address} before={before} />;
}

function useReader(workspace: string, run: string, step: string, process: string) {
  const [reader, setReader] = useState<LogReader | null>(null);
  useEffect(() => {
    const opened = openReader({ workspace, run, step, process });
    setReader(opened);
    return () => opened.close();
  }, [workspace, run, step, process]);
  return reader;
}

interface Read {
  reader: LogReader;
  address: LogAddress;
  before?: React.ReactNode;
}

function ReadLog({ reader, address, before }: Read) {
  const t = useStrings();
  const { index, error, isOver } = useStore(reader.store);
  const [isWrapped, setWrapped] = useState(false);
  const [isFollowing, setFollowing] = useState(true);
  const search = useLogSearch(address, reader, index);
  const place = search.place;
  const lines = useMemo(
    () => ({ isWrapped, isFollowing, setFollowing, place, words: search.words }),
    [isWrapped, isFollowing, place, search.words],
  );
  if (error && !index) return <Failed error={error} />;
  if (!index) return <Loading />;
  return (
    <section className={classes.view} aria-label={t("log.label", { step: address.step })}>
      <LogBar
        address={address}
        index={index}
        isOver={isOver}
        before={before}
        search={search}
        isWrapped={isWrapped}
        setWrapped={setWrapped}
        isFollowing={isFollowing}
        setFollowing={setFollowing}
      />
      <LogLines reader={reader} index={index} isOver={isOver} {...lines} />
    </section>
  );
}
