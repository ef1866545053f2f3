/** What is dropped on the canvas: components from the palette, and files. */
import { notifications } from "@mantine/notifications";
import { useQuery } from "@tanstack/react-query";
import { type DragEvent, useMemo } from "react";
import type { GraphControl } from "@/components/graph/types";
import { freshName, type Place } from "@/models/pipeline/model";
import type { Face } from "@/models/ports";
import { useDesignerStore } from "@/services/designer/store";
import { useStrings } from "@/strings";
import { addCsv, type Doing, ENTERED } from "./actions";
import { addFace, freePlace } from "./adding";
import { palette } from "./faces";

/** The type under which a drag carries a component's reference. */
export const FACE = "application/x-millwork-face";
/** Of a file that becomes a part of the pipeline's text, in bytes. */
const LARGEST = 200_000;

export function useDrops(control: GraphControl | null) {
  const t = useStrings();
  const store = useDesignerStore();
  const { data: faces } = useQuery(palette(store.getState().workspace));
  return useMemo(
    () => ({
      onDragOver: (event: DragEvent) => {
        const { types } = event.dataTransfer;
        if (!types.includes(FACE) && !types.includes("Files")) return;
        event.preventDefault();
        event.dataTransfer.dropEffect = "copy";
      },
      onDrop: (event: DragEvent) => {
        if (!control) return;
        event.preventDefault();
        const place = control.placeOf({ x: event.clientX, y: event.clientY });
        const reference = event.dataTransfer.getData(FACE);
        const face = faces?.find((each) => each.reference === reference);
        if (face) addFace(store, t("canvas.did.add"), face, place);
        else if (event.dataTransfer.files.length)
          void receive({ store, t }, [...event.dataTransfer.files], place, faces);
      },
    }),
    [control, store, t, faces],
  );
}

/** Makes a node that holds each file: in the pipeline's text, or in a component's code if large. */
async function receive(doing: Doing, files: File[], place: Place, faces: Face[] = []) {
  const { store, t } = doing;
  store.getState().learn(faces.filter(({ reference }) => reference === ENTERED));
  const tell = (message: string) => notifications.show({ color: "orange", message });
  for (const file of files) {
    if (!/\.csv$/i.test(file.name)) tell(t("canvas.csv.only"));
    else if (file.size > LARGEST) {
      const { addLargeCsv } = await import("./largeCsv");
      await addLargeCsv(doing, file, place);
    } else {
      const text = await file.text();
      const { history } = store.getState();
      const name = freshName(history.now, file.name.replace(/\.\w+$/, ""));
      addCsv(doing, name, text, freePlace(history.now, place));
    }
  }
}
