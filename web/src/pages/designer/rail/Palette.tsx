/** What can be added: dragged onto the canvas, or put in its middle by Enter. */
import { useQuery } from "@tanstack/react-query";
import { useDeferredValue, useMemo, useState } from "react";
import { PortMark } from "@/components/graph/PortMark";
import { Failed, Loading } from "@/components/states";
import type { Face } from "@/models/ports";
import { facesWith } from "@/models/search";
import { useDesignerStore } from "@/services/designer/store";
import { useStrings } from "@/strings";
import { addFace } from "../canvas/adding";
import { CATEGORIES, categoryName } from "../canvas/categories";
import { palette, paletteSearch } from "../canvas/faces";
import { useLook } from "../canvas/look";
import { type Item, PickList } from "../canvas/PickList";
import { FACE } from "../canvas/useDrops";
import { recentFaces, rememberFace } from "./recent";

export function Palette() {
  const t = useStrings();
  const store = useDesignerStore();
  const control = useLook((look) => look.control);
  const [words, setWords] = useState("");
  const { workspace } = store.getState();
  const { data, error, refetch } = useQuery(palette(workspace));
  const asked = useDeferredValue(words.trim());
  const { data: found } = useQuery(paletteSearch(workspace, asked));
  const items = useMemo(() => {
    if (!data) return [];
    if (words.trim())
      return together(facesWith(data, words), found ?? []).map((face) => itemOf(face));
    return [...recents(data, t("canvas.palette.recent")), ...byCategory(data, t)];
  }, [data, words, found, t]);
  if (error) return <Failed error={error} reset={() => void refetch()} />;
  if (!data) return <Loading />;
  const add = (key: string) => {
    const reference = key.replace(RECENT, "");
    const face = data.find((each) => each.reference === reference);
    if (!face) return;
    rememberFace(reference);
    addFace(store, t("canvas.did.add"), face, control?.middle() ?? [0, 0]);
  };
  return (
    <PickList
      label={t("canvas.palette")}
      words={words}
      onWords={setWords}
      items={items}
      onPick={add}
      empty={t("canvas.palette.none")}
    />
  );
}

const RECENT = /^recent /;

function itemOf(face: Face, key = face.reference): Item {
  const ports = face.outputs.length ? face.outputs : face.inputs;
  return {
    key,
    label: face.title || face.name,
    hint: face.source === "builtin" ? undefined : face.version,
    mark: <PortMark type={ports[0]?.type ?? "any"} label="" size={10} />,
    drag: { [FACE]: face.reference, "text/plain": face.name },
  };
}

const heading = (label: string): Item => ({ key: `heading ${label}`, label, isHeading: true });

function recents(faces: Face[], label: string): Item[] {
  const found = recentFaces().flatMap(
    (name) => faces.find((face) => face.reference === name) ?? [],
  );
  if (!found.length) return [];
  return [heading(label), ...found.map((face) => itemOf(face, `recent ${face.reference}`))];
}

/** What the workspace has made comes before what is built in. */
function byCategory(faces: Face[], t: ReturnType<typeof useStrings>): Item[] {
  const own = faces.filter((face) => face.source !== "builtin");
  const builtin = faces.filter((face) => face.source === "builtin");
  const names = [...new Set(builtin.map((face) => face.category))];
  const rank = (name: string) => {
    const at = CATEGORIES.indexOf(name as (typeof CATEGORIES)[number]);
    return at < 0 ? CATEGORIES.length : at;
  };
  names.sort((a, b) => rank(a) - rank(b));
  const group = (label: string, some: Face[]) =>
    some.length ? [heading(label), ...some.map((face) => itemOf(face))] : [];
  return [
    ...group(t("canvas.palette.workspace"), own),
    ...names.flatMap((name) =>
      group(
        categoryName(t, name),
        builtin.filter((face) => face.category === name),
      ),
    ),
  ];
}

/** What is found here at once, and then what only the server finds. */
function together(here: Face[], there: Face[]): Face[] {
  const known = new Set(here.map((face) => face.reference));
  return [...here, ...there.filter((face) => !known.has(face.reference))];
}
