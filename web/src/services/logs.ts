/** A log that is read where it is looked at, and followed while it is written. */
import { queryOptions } from "@tanstack/react-query";
import { createStore, type StoreApi } from "zustand";
import {
  bytesOf,
  CHUNK,
  goesOn,
  isEnd,
  type LogIndex,
  OVERLAP,
  openLog,
  rowsOf,
  unread,
  withChunk,
  withMore,
} from "@/models/logs";
import { api, asked, Problem, type Schemas } from "./api";
import { listen } from "./stream";

export interface LogAddress {
  workspace: string;
  run: string;
  step: string;
  process: string;
}

export interface LogState {
  /** Null until the log was looked at for the first time. */
  index: LogIndex | null;
  error: unknown;
  isOver: boolean;
}

export interface LogReader {
  store: StoreApi<LogState>;
  /** Reads what is needed to show some rows. */
  show: (first: number, last: number) => void;
  /** Reads all that was kept. */
  readAll: () => Promise<void>;
  /** Reads one chunk, if it was not read. */
  read: (chunk: number) => void;
  close: () => void;
}

/** Logs up to here are read as a whole, so that all lines have their numbers. */
export const SHORT = 4 * 1024 * 1024;
/** What was printed since a log was opened is kept up to here; then it is opened anew. */
const MOST_LIVE = 8 * 1024 * 1024;
const AT_ONCE = 4;
/** Of how many lines that were found one goes from one to the next. */
export const MOST_HITS = 10_000;
/** How much is read of a log before its size is known. */
const FIRST = 64 * 1024;

const EMPTY: LogState = { index: null, error: null, isOver: false };

/** The logs of the last attempt at a step; a step that was not started has none yet. */
export const logNames = (workspace: string, run: string, step: string) =>
  queryOptions({
    queryKey: ["logs", workspace, run, step],
    queryFn: async () => {
      try {
        return await asked(
          api.GET("/api/v1/workspaces/{workspace}/runs/{run}/steps/{step}/logs", {
            params: { path: { workspace, run, step } },
          }),
        );
      } catch (error) {
        if (error instanceof Problem && error.status === 400) return null;
        throw error;
      }
    },
  });

export function readLog(
  { workspace, run, step, process }: LogAddress,
  offset: number,
  limit: number,
): Promise<Schemas["LogPart"]> {
  return asked(
    api.GET("/api/v1/workspaces/{workspace}/runs/{run}/steps/{step}/logs/{process}", {
      params: { path: { workspace, run, step, process }, query: { offset, limit } },
    }),
  );
}

/** The lines of a long log with these words; the server looks for them in all that it keeps. */
export const logHits = (
  { workspace, run, step, process }: LogAddress,
  words: string,
  size: number,
) =>
  queryOptions({
    queryKey: ["log-hits", workspace, run, step, process, words, size],
    queryFn: () =>
      asked(
        api.GET("/api/v1/workspaces/{workspace}/runs/{run}/steps/{step}/logs/{process}/search", {
          params: {
            path: { workspace, run, step, process },
            query: { words, limit: MOST_HITS, block: CHUNK },
          },
        }),
      ),
    staleTime: Number.POSITIVE_INFINITY,
    retry: false,
  });

/** The whole text of a log, as far as it was kept. */
export async function wholeLog(address: LogAddress): Promise<string[]> {
  const parts: string[] = [];
  for (let offset = 0; ; ) {
    const part = await readLog(address, offset, 1024 * 1024);
    if (part.next <= offset) return parts;
    parts.push(part.text);
    offset = part.next;
  }
}

export function openReader(address: LogAddress): LogReader {
  const reader = new Reader(address);
  void reader.open();
  return reader;
}

class Reader implements LogReader {
  readonly store = createStore<LogState>(() => EMPTY);
  private asked = new Set<number>();
  private waiting: number[] = [];
  private busy = 0;
  private idle: (() => void)[] = [];
  private unlisten: (() => void) | null = null;
  private liveSize = 0;
  private isClosed = false;
  /** Counts the times that the log was opened: answers for an earlier time are of no use. */
  private time = 0;

  constructor(private readonly address: LogAddress) {}

  async open() {
    this.stop();
    const time = ++this.time;
    try {
      const first = await readLog(this.address, 0, FIRST);
      if (time !== this.time || this.isClosed) return;
      // The last character may not be whole yet: what follows begins with it.
      const isWhole = first.size <= FIRST;
      const index = openLog({ ...first, size: isWhole ? first.next : first.size });
      this.store.setState({ error: null, isOver: first.is_over });
      await (isWhole ? this.openShort(index, first.text) : this.openLong(index));
      if (time !== this.time || this.isClosed) return;
      if (!first.is_over) this.follow();
    } catch (error) {
      if (time === this.time) this.store.setState({ error });
    }
  }

  private async openShort(index: LogIndex, text: string) {
    this.asked.add(0);
    this.store.setState({ index: index.chunks.length ? withChunk(index, 0, text, "") : index });
  }

  private async openLong(index: LogIndex) {
    const end = index.chunks.length - 1;
    this.asked.add(end);
    const { from, to } = bytesOf(index, end);
    const part = await readLog(this.address, from, Math.max(1, to - from));
    this.store.setState({ index: withChunk({ ...index, size: part.next }, end, part.text, "") });
    if (index.size <= SHORT) this.need(index.chunks.map((_, chunk) => chunk));
  }

  show(first: number, last: number) {
    const { index } = this.store.getState();
    if (index) this.need(unread(index, rowsOf(index), first, last));
  }

  async readAll() {
    const { index } = this.store.getState();
    if (!index) return;
    const { total } = rowsOf(index);
    this.need(unread(index, rowsOf(index), 0, total - 1));
    if (this.busy) await new Promise<void>((resolve) => this.idle.push(resolve));
  }

  read(chunk: number) {
    if (!this.store.getState().index?.chunks[chunk]) this.need([chunk]);
  }

  close() {
    this.isClosed = true;
    this.stop();
  }

  private stop() {
    this.unlisten?.();
    this.unlisten = null;
    this.asked.clear();
    this.waiting = [];
    this.liveSize = 0;
  }

  private need(chunks: number[]) {
    const fresh = chunks.filter((chunk) => !this.asked.has(chunk));
    for (const chunk of fresh) this.asked.add(chunk);
    // What is looked at now comes before what was scrolled past.
    this.waiting = [...fresh, ...this.waiting];
    while (this.busy < AT_ONCE && this.waiting.length) void this.readNext();
  }

  private async readNext() {
    const chunk = this.waiting.shift();
    if (chunk === undefined) return;
    this.busy++;
    const time = this.time;
    try {
      await this.readChunk(chunk, time);
    } catch (error) {
      this.asked.delete(chunk);
      if (!this.isClosed) this.store.setState({ error });
    }
    this.busy--;
    if (this.waiting.length && !this.isClosed) void this.readNext();
    else if (!this.busy) for (const done of this.idle.splice(0)) done();
  }

  private async readChunk(chunk: number, time: number) {
    const index = this.store.getState().index;
    if (!index || isEnd(index, chunk)) return;
    const { from, to } = bytesOf(index, chunk);
    if (to <= from) return;
    const { part, text, following } = await this.readBytes(from, to, goesOn(index, chunk));
    const now = this.store.getState().index;
    if (!now || time !== this.time || this.isClosed) return;
    // The hole in the middle of a log grows while it is written.
    if (part.lost_to > now.lost_to) return void this.open();
    this.store.setState({ index: withChunk(now, chunk, text, following) });
  }

  /** The text of some bytes, and what follows it, where its last line ends. */
  private async readBytes(from: number, to: number, isOpen: boolean) {
    const size = to - from;
    const part = await readLog(this.address, from, size + (isOpen ? OVERLAP : 0));
    // In text of one byte a character it is known where the bytes end; other text is read by parts.
    const isPlain = part.next - part.offset === part.text.length;
    if (isPlain) return { part, text: part.text.slice(0, size), following: part.text.slice(size) };
    const own = await readLog(this.address, from, size);
    const rest = isOpen ? await readLog(this.address, own.next, OVERLAP) : null;
    return { part, text: own.text, following: rest?.text ?? "" };
  }

  private follow() {
    const { workspace, run, step, process } = this.address;
    const names = [workspace, run, step, process].map(encodeURIComponent);
    const since = this.store.getState().index?.size ?? 0;
    const url = `/api/v1/workspaces/${names[0]}/runs/${names[1]}/steps/${names[2]}/logs/${names[3]}/follow?since=${since}`;
    this.unlisten = listen<{ text: string }>(url, "log", {
      onMessages: (messages) => this.more(messages.map((each) => each.data.text).join("")),
      onEnd: () => this.store.setState({ isOver: true }),
    });
  }

  private more(text: string) {
    const { index } = this.store.getState();
    if (!index) return;
    this.liveSize += text.length;
    if (this.liveSize > MOST_LIVE) return void this.open();
    this.store.setState({ index: withMore(index, text) });
  }
}
