/** A file that is too large for a pipeline's text, as a component that holds it. */

/** What the file is called beside the component. */
export const CSV_FILE = "data.csv";

/** Its name tells what is in it: the same file is the same component, and no other is touched. */
export function csvComponent(file: string, digest: string): string {
  const stem = file
    .replace(/\.\w+$/, "")
    .toLowerCase()
    .replace(/[^a-z0-9]+/g, "-")
    .replace(/^-|-$/g, "")
    .slice(0, 40);
  return JSON.stringify({
    apiVersion: "millwork/v1",
    kind: "Component",
    name: `${["data", stem].filter(Boolean).join("-")}-${digest.slice(0, 8)}`,
    version: "1.0.0",
    display_name: file.replace(/[^\p{L}\p{N} ._-]/gu, " ").slice(0, 80),
    tags: { category: "source" },
    command: `cp ${CSV_FILE} "$PAI_OUTPUT_TABLE"`,
    outputs: { table: { type: "table" } },
    mounts: "none",
  });
}
