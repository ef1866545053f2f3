/** A large file that was dropped on the canvas: sent, and kept as a component with its node. */
import { notifications } from "@mantine/notifications";
import { CSV_FILE, csvComponent } from "@/models/csvSource";
import type { Place } from "@/models/pipeline/model";
import type { Face } from "@/models/ports";
import { sizeOf } from "@/models/size";
import { sendFolder } from "@/services/folders";
import { createComponent, face } from "@/services/library";
import { queries } from "@/services/queries";
import type { Doing } from "./actions";
import { addFace } from "./adding";

/** In bytes: to be summed, a file is held in the browser's memory as a whole. */
const LARGEST = 1_000_000_000;

export async function addLargeCsv({ store, t }: Doing, file: File, place: Place): Promise<void> {
  const id = `csv ${file.name}`;
  if (file.size > LARGEST) {
    const message = t("canvas.csv.large", { file: file.name });
    notifications.show({ color: "orange", message });
    return;
  }
  const { workspace } = store.getState();
  const size = sizeOf(file.size, t.language);
  notifications.show({
    id,
    loading: true,
    autoClose: false,
    message: t("canvas.csv.sending", { file: file.name, size }),
  });
  try {
    const bundle = await sendFolder(workspace, [{ path: CSV_FILE, file }], () => {});
    const { name, version } = await createComponent(workspace, {
      text: csvComponent(file.name, bundle),
      bundle,
      version: null,
      visibility: null,
      labels: null,
    });
    const made = await queries.fetchQuery(face(workspace, `${name}@${version}`));
    addFace(store, t("canvas.did.add"), made as Face, place);
    const message = t("canvas.csv.kept", { file: file.name, name });
    notifications.update({ id, loading: false, autoClose: 8000, message });
  } catch (error) {
    const message = error instanceof Error ? error.message : String(error);
    notifications.update({ id, loading: false, autoClose: 10_000, color: "red", message });
  }
}
