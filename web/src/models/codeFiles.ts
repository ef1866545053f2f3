/** Of a folder that was chosen, what is code: as the command does, what is made anew stays away. */

const LEFT_OUT = new Set([
  ".git",
  "__pycache__",
  ".venv",
  "venv",
  "node_modules",
  ".ipynb_checkpoints",
]);

export interface CodeFile {
  path: string;
  file: File;
}

/** The files by their paths within the folder, whose own name is taken off. */
export function codeFiles(files: File[]): CodeFile[] {
  return files.flatMap((file) => {
    const [, ...parts] = (file.webkitRelativePath || `./${file.name}`).split("/");
    return parts.some((part) => LEFT_OUT.has(part)) ? [] : [{ path: parts.join("/"), file }];
  });
}
