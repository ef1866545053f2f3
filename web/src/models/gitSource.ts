/** What somebody says of a repository, and which of its fields the server's words are about. */

export type GitField = "git" | "ref" | "file" | "path" | "connection" | "name";
/** Where code is: `file` is a component's, `path` the folder of its code, `name` the source's. */
export type GitPlace = Record<GitField, string>;

export const NOWHERE: GitPlace = { git: "", ref: "", file: "", path: "", connection: "", name: "" };

/** A name for what comes from a repository: the last word of its address. */
export function sourceName(repository: string): string {
  const last = repository.split(/[/:]/).filter(Boolean).at(-1) ?? "";
  return last
    .replace(/\.git$/, "")
    .toLowerCase()
    .replace(/[^a-z0-9-]+/g, "-")
    .replace(/^[^a-z]+|-+$/g, "");
}

/** A branch or tag, or a commit, which is told by its length. */
export function refOf(ref: string): { branch: string; commit: string } {
  const isCommit = /^([0-9a-f]{40}|[0-9a-f]{64})$/.test(ref);
  return { branch: isCommit ? "" : ref, commit: isCommit ? ref : "" };
}

const FIELD_OF: Record<string, GitField> = {
  repository: "git",
  branch: "ref",
  commit: "ref",
  path: "file",
  folder: "path",
  connection: "connection",
  name: "name",
};

/** The server's words by field; what names none is about the repository, or what is wanted of it. */
export function gitFaults(message: string): Partial<Record<GitField, string>> {
  const found: Partial<Record<GitField, string>> = {};
  for (const line of message.split("\n").filter(Boolean)) {
    const [, word = "", rest = ""] = /^(\w+): (.*)$/.exec(line) ?? [];
    const named = FIELD_OF[word];
    const field = named ?? guessed(line);
    const text = named ? rest : line;
    found[field] = found[field] ? `${found[field]}; ${text}` : text;
  }
  return found;
}

function guessed(line: string): GitField {
  if (/^the name '/.test(line)) return "name";
  if (/no branch or tag|no commit|not a branch/.test(line)) return "ref";
  if (/^the connection|no connection|public network|millwork secrets set/.test(line))
    return "connection";
  return "git";
}
