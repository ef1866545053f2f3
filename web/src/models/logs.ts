/** A long log of which only parts are here.
 *
 * The log is cut at fixed bytes into chunks. A line belongs to the chunk in which it begins; one that
 * begins exactly where a chunk does belongs to the chunk before, which cannot know that without
 * reading on. So any chunk can be read alone, and lines are whole whichever were.
 */

export const CHUNK = 512 * 1024;
/** How far a chunk is read on to find the end of its last line. */
export const OVERLAP = 16 * 1024;
const LONGEST = 16 * 1024;
const TYPICAL = 80;

export interface Extent {
  size: number;
  lost_from: number;
  lost_to: number;
}

export interface LogIndex extends Extent {
  /** The lines of each chunk; null as long as it was not read. */
  chunks: (string[] | null)[];
  /** What was printed since the log was opened, and the line that has not ended yet. */
  live: string[];
  partial: string;
}

export type Row =
  | { kind: "line"; text: string; chunk: number; line: number }
  | { kind: "lost"; bytes: number; chunk: number }
  | { kind: "unread"; chunk: number };

/** A place in the log that stays what it is while other chunks are read; live is chunk -1. */
export interface Place {
  chunk: number;
  line: number;
}

export function openLog({ size, lost_from, lost_to }: Extent): LogIndex {
  const count = Math.ceil(size / CHUNK);
  const chunks = Array.from({ length: count }, () => null);
  return { size, lost_from, lost_to, chunks, live: [], partial: "" };
}

/** From where to where a chunk is read; nothing is left of one that was not kept. */
export function bytesOf(index: LogIndex, chunk: number): { from: number; to: number } {
  const from = chunk * CHUNK;
  const to = Math.min(index.size, from + CHUNK);
  const isCut = from < index.lost_to && to > index.lost_from;
  if (!isCut) return { from, to };
  // Of a chunk with both edges of a hole what is before it is read: holes are longer than chunks.
  if (from < index.lost_from) return { from, to: index.lost_from };
  return { from: Math.min(to, index.lost_to), to };
}

export const isEnd = (index: LogIndex, chunk: number) => chunk === index.chunks.length - 1;

/** Whether the line at the end of a chunk goes on in the next. */
export function goesOn(index: LogIndex, chunk: number): boolean {
  const { to } = bytesOf(index, chunk);
  return !isEnd(index, chunk) && to !== index.lost_from;
}

/** With a chunk's lines, of its own text and of the beginning of what follows it. */
export function withChunk(
  index: LogIndex,
  chunk: number,
  text: string,
  following: string,
): LogIndex {
  const { from } = bytesOf(index, chunk);
  const isWholeStart = chunk === 0 || (index.lost_to > 0 && from === index.lost_to);
  const start = isWholeStart ? 0 : text.indexOf("\n") + 1;
  const chunks = [...index.chunks];
  if (!isWholeStart && start === 0) {
    chunks[chunk] = [];
    return { ...index, chunks };
  }
  const lines = text.slice(start).split("\n");
  const last = lines.pop() ?? "";
  if (isEnd(index, chunk)) {
    chunks[chunk] = lines;
    return { ...index, chunks, partial: last };
  }
  const end = goesOn(index, chunk) ? following.split("\n", 1)[0] : "";
  chunks[chunk] = [...lines, last + end];
  return { ...index, chunks };
}

/** With what was printed meanwhile. */
export function withMore(index: LogIndex, text: string): LogIndex {
  const lines = (index.partial + text).split("\n");
  const partial = lines.pop() ?? "";
  return { ...index, live: [...index.live, ...lines], partial };
}

const isLost = (index: LogIndex, chunk: number) => {
  const { from, to } = bytesOf(index, chunk);
  return to <= from;
};

/** Whether the first row of a chunk says that something before it was not kept. */
const tellsOfHole = (index: LogIndex, chunk: number) =>
  index.lost_to > 0 && chunk === Math.ceil(index.lost_from / CHUNK);

/** How many rows each chunk has; of those that were not read it is a guess. */
export function heights(index: LogIndex): number[] {
  const typical = bytesPerLine(index);
  return index.chunks.map((lines, chunk) => {
    const hole = tellsOfHole(index, chunk) ? 1 : 0;
    if (lines) return lines.length + hole;
    if (isLost(index, chunk)) return hole;
    const { from, to } = bytesOf(index, chunk);
    return Math.max(1, Math.round((to - from) / typical)) + hole;
  });
}

function bytesPerLine(index: LogIndex): number {
  let bytes = 0;
  let count = 0;
  index.chunks.forEach((lines, chunk) => {
    if (!lines) return;
    const { from, to } = bytesOf(index, chunk);
    bytes += to - from;
    count += lines.length;
  });
  return count ? Math.max(1, bytes / count) : TYPICAL;
}

export interface Rows {
  total: number;
  /** The first row of each chunk. */
  starts: number[];
  isExact: boolean;
}

/** Where the rows of each chunk are. */
export function rowsOf(index: LogIndex): Rows {
  let total = 0;
  const starts = heights(index).map((height) => {
    const start = total;
    total += height;
    return start;
  });
  const isExact = index.chunks.every((lines, chunk) => lines || isLost(index, chunk));
  return { total: total + index.live.length + (index.partial ? 1 : 0), starts, isExact };
}

/** What is shown in a row. */
export function rowAt(index: LogIndex, rows: Rows, row: number): Row {
  const chunk = chunkAt(index, rows, row);
  if (chunk < 0) {
    const line = row - liveStart(index, rows);
    return { kind: "line", text: index.live[line] ?? index.partial, chunk, line };
  }
  const line = row - firstLine(index, rows, chunk);
  if (line < 0) return { kind: "lost", bytes: index.lost_to - index.lost_from, chunk };
  const lines = index.chunks[chunk];
  if (!lines) return { kind: "unread", chunk };
  return { kind: "line", text: lines[line] ?? "", chunk, line };
}

function liveStart(index: LogIndex, rows: Rows): number {
  return rows.total - index.live.length - (index.partial ? 1 : 0);
}

function firstLine(index: LogIndex, rows: Rows, chunk: number): number {
  return (rows.starts[chunk] ?? 0) + (tellsOfHole(index, chunk) ? 1 : 0);
}

function chunkAt(index: LogIndex, rows: Rows, row: number): number {
  if (row >= liveStart(index, rows)) return -1;
  let low = 0;
  let high = rows.starts.length - 1;
  while (low < high) {
    const middle = Math.ceil((low + high) / 2);
    if ((rows.starts[middle] ?? 0) <= row) low = middle;
    else high = middle - 1;
  }
  return low;
}

/** The row of a place. */
export function rowOf(index: LogIndex, rows: Rows, place: Place): number {
  const isLive = place.chunk < 0;
  return place.line + (isLive ? liveStart(index, rows) : firstLine(index, rows, place.chunk));
}

/** The chunks that some rows show and that were not read. */
export function unread(index: LogIndex, rows: Rows, first: number, last: number): number[] {
  const from = chunkAt(index, rows, first);
  const to = chunkAt(index, rows, last);
  const end = to < 0 ? index.chunks.length - 1 : to;
  const wanted: number[] = [];
  for (let chunk = from < 0 ? end + 1 : from; chunk <= end; chunk++)
    if (!index.chunks[chunk] && !isLost(index, chunk)) wanted.push(chunk);
  return wanted;
}

/** The number of a line, if all that is before it was read. */
export function numberOf(index: LogIndex, rows: Rows, row: number): number | null {
  const chunk = chunkAt(index, rows, row);
  const before = chunk < 0 ? index.chunks.length : chunk + 1;
  for (let each = 0; each < before; each++) {
    if (!index.chunks[each]) return null;
    if (tellsOfHole(index, each)) return null;
  }
  return row + 1;
}

/** Where words are found in what was read, from the first line on; `most` places at the most. */
export function matches(index: LogIndex, words: string, most: number): Place[] {
  const wanted = words.toLowerCase();
  const found: Place[] = [];
  if (!wanted) return found;
  const search = (lines: string[], chunk: number) => {
    for (let line = 0; line < lines.length && found.length < most; line++)
      if (
        shown(lines[line] ?? "")
          .toLowerCase()
          .includes(wanted)
      )
        found.push({ chunk, line });
  };
  index.chunks.forEach((lines, chunk) => {
    if (lines) search(lines, chunk);
  });
  search(index.partial ? [...index.live, index.partial] : index.live, -1);
  return found;
}

/** A line that the server has found: see `logs.search`, asked with blocks of `CHUNK` bytes. */
export interface Hit {
  offset: number;
  line: number;
}

/** The place of a line that was found, whether its chunk was read or not. */
export function placeOf(index: LogIndex, { offset, line }: Hit): Place {
  const isBehindHole = offset === index.lost_to;
  const chunk = Math.floor((isBehindHole ? offset : offset - 1) / CHUNK);
  if (chunk <= 0) return { chunk: 0, line };
  const isWholeStart = index.lost_to > 0 && bytesOf(index, chunk).from === index.lost_to;
  return { chunk, line: isWholeStart ? line : line - 1 };
}

/** Where words are found in what was printed since the log was opened. */
export const liveMatches = (index: LogIndex, words: string, most: number) =>
  matches({ ...index, chunks: [] }, words, most);

const OVERWRITTEN = /^.*\r(?=.)/s;
// biome-ignore lint/suspicious/noControlCharactersInRegex: a terminal's codes begin with one
const CODES = /\x1b(?:\[[0-?]*[ -/]*[@-~]|\][^\x07\x1b]*(?:\x07|\x1b\\)?|[@-Z\\-_])/g;

/** A line as a terminal shows it at last: a progress bar is its last state. */
export function overwritten(line: string): string {
  const text = line.endsWith("\r") ? line.slice(0, -1) : line;
  return text.includes("\r") ? text.replace(OVERWRITTEN, "") : text;
}

/** A line without the codes of a terminal. */
export function shown(line: string): string {
  const text = overwritten(line);
  return text.includes("\x1b") ? text.replace(CODES, "") : text;
}

const STYLE = /^\[[\d;]*m$/;

export interface Span {
  text: string;
  /** Names of text styles: `bold`, `dim`, `underline`, `italic`, `red`, `on-red`, ... */
  styles: string[];
}

const COLOURS = ["black", "red", "green", "yellow", "blue", "magenta", "cyan", "white"];

/** A line in pieces of one style each; whatever it says, it is text. */
export function spans(line: string): { spans: Span[]; isCut: boolean } {
  const whole = overwritten(line);
  const isCut = whole.length > LONGEST;
  const text = isCut ? whole.slice(0, LONGEST) : whole;
  if (!text.includes("\x1b")) return { spans: [{ text, styles: [] }], isCut };
  const found: Span[] = [];
  let styles: string[] = [];
  let at = 0;
  for (const code of text.matchAll(CODES)) {
    if (code.index > at) found.push({ text: text.slice(at, code.index), styles });
    if (STYLE.test(code[0].slice(1))) styles = restyled(styles, code[0].slice(2, -1));
    at = code.index + code[0].length;
  }
  if (at < text.length) found.push({ text: text.slice(at), styles });
  return { spans: found, isCut };
}

const TEXT: Record<number, string> = { 1: "bold", 2: "dim", 3: "italic", 4: "underline" };
const ENDS: Record<number, string[]> = { 22: ["bold", "dim"], 23: ["italic"], 24: ["underline"] };

function restyled(styles: string[], code: string): string[] {
  const numbers = code.split(";").map(Number);
  let now = styles;
  for (let at = 0; at < numbers.length; at++) {
    const number = numbers[at] ?? 0;
    // Colours of a palette of 256, or of three parts, are told by nearer ones of the 16 or not at all.
    if (number === 38 || number === 48) at += numbers[at + 1] === 2 ? 4 : 2;
    else now = withStyle(now, number);
  }
  return now;
}

function withStyle(styles: string[], number: number): string[] {
  if (number === 0) return [];
  const text = TEXT[number];
  if (text) return [...styles.filter((each) => each !== text), text];
  const ended = ENDS[number];
  if (ended) return styles.filter((each) => !ended.includes(each));
  const isBright = number >= 90;
  const base = isBright ? number - 60 : number;
  const colour = COLOURS[base % 10];
  const isBack = base >= 40 && base <= 49;
  if (!isBack && !(base >= 30 && base <= 39)) return styles;
  const kept = styles.filter((each) => !isColour(each) || each.startsWith("on-") !== isBack);
  return colour ? [...kept, isBack ? `on-${colour}` : colour] : kept;
}

const isColour = (style: string) => COLOURS.includes(style.replace(/^on-/, ""));
