import { Text } from "@mantine/core";
import { useMemo } from "react";
import { type Difference, differences } from "@/models/diff";
import type { Pipeline } from "@/models/pipeline/model";
import { type Speak, useStrings } from "@/strings";
import classes from "./Versions.module.css";

/** In what two pipelines differ, in words. */
export function DiffList({ before, now }: { before: Pipeline; now: Pipeline }) {
  const t = useStrings();
  const found = useMemo(() => differences(before, now), [before, now]);
  if (!found.length) return <Text size="sm">{t("changes.same")}</Text>;
  return (
    <ul className={classes.list}>
      {found.map((difference) => (
        <li key={JSON.stringify(difference)} data-tone={toneOf(difference)}>
          {worded(difference, t)}
        </li>
      ))}
    </ul>
  );
}

function toneOf({ key }: Difference): string {
  if (["nodeAdded", "wired", "ownAdded"].includes(key)) return "added";
  if (["nodeRemoved", "unwired", "ownRemoved"].includes(key)) return "removed";
  return "changed";
}

const SHORT = 80;

function worded(difference: Difference, t: Speak): string {
  const value = (text: string) =>
    text ? (text.length > SHORT ? `${text.slice(0, SHORT)}…` : text) : t("why.nothing");
  switch (difference.key) {
    case "moved":
      return t.count("changes.moved", difference.count);
    case "nodeAdded":
    case "nodeRemoved":
      return t(`changes.${difference.key}`, {
        node: difference.node,
        component: difference.component,
      });
    case "wired":
    case "unwired":
      return t(`changes.${difference.key}`, {
        node: difference.node,
        name: difference.name,
        from: difference.from,
      });
    case "ownAdded":
    case "ownRemoved":
    case "ownChanged":
      return t(`changes.${difference.key}`, {
        own: t(`changes.own.${difference.own}`),
        name: difference.name,
      });
    default: {
      const { key, before, now, ...rest } = difference;
      return t(`changes.${key}`, { ...rest, before: value(before), now: value(now) });
    }
  }
}
