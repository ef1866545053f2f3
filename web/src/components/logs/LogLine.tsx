import { memo } from "react";
import { type Span, spans } from "@/models/logs";
import { useStrings } from "@/strings";
import classes from "./LogView.module.css";

interface Line {
  text: string;
  number: number | null;
  words: string;
  found?: "yes" | "now" | undefined;
}

/** A line of a log, coloured as a terminal would; whatever it says, it is drawn as text. */
export const LogLine = memo(function LogLine({ text, number, words, found }: Line) {
  const t = useStrings();
  const { spans: pieces, isCut } = spans(text);
  return (
    <div className={classes.row} data-found={found}>
      <span className={classes.number} aria-hidden="true">
        {number?.toLocaleString(t.language)}
      </span>
      <span className={classes.text}>
        {pieces.map((piece, at) => (
          // biome-ignore lint/suspicious/noArrayIndexKey: a line's pieces have no other name
          <Piece key={at} piece={piece} words={found ? words : ""} />
        ))}
        {isCut && <span className={classes.said}> {t("log.cut")}</span>}
      </span>
    </div>
  );
});

function Piece({ piece, words }: { piece: Span; words: string }) {
  const parts = words ? marked(piece.text, words) : [piece.text];
  const drawn = parts.map((part, at) =>
    // biome-ignore lint/suspicious/noArrayIndexKey: parts have no other name
    at % 2 ? <mark key={at}>{part}</mark> : part,
  );
  if (!piece.styles.length) return <>{drawn}</>;
  return <span data-style={piece.styles.join(" ")}>{drawn}</span>;
}

/** A text cut where words are found in it: every other part is one of them. */
function marked(text: string, words: string): string[] {
  const low = text.toLowerCase();
  const wanted = words.toLowerCase();
  const parts: string[] = [];
  let at = 0;
  for (let next = low.indexOf(wanted); next >= 0; next = low.indexOf(wanted, at)) {
    parts.push(text.slice(at, next), text.slice(next, next + wanted.length));
    at = next + wanted.length;
  }
  return [...parts, text.slice(at)];
}
