/** Texts of other platforms as Millwork's own. */
import { api, asked, type Schemas } from "./api";
import type { FolderFile } from "./folders";

export type Conversion = Schemas["ConversionView"];

/** What a text of any dialect becomes, and what of it is lost on the way. */
export function converted(text: string, name: string): Promise<Conversion> {
  return asked(api.POST("/api/v1/conversions", { body: { text, name, to: "millwork" } }));
}

/** The component that a Python function makes, with the files of its code. */
export async function componentOf(text: string, name: string) {
  const made = await asked(
    api.POST("/api/v1/conversions", { body: { text, name, to: "component" } }),
  );
  const files: FolderFile[] = Object.entries(made.files).map(([path, content]) => ({
    path,
    file: new Blob([content]),
  }));
  return { text: made.text, files };
}
