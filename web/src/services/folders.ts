/** A folder of this machine becomes a bundle of the server: only what it has not got is sent. */
import { api, asked } from "./api";

export interface FolderFile {
  /** Within the folder, with `/` between. */
  path: string;
  file: Blob;
}

/** How many sums are asked about at once: what a request may hold is limited. */
const ASKED_AT_ONCE = 1000;

/** The bundle's digest; `tell` hears how many of the files have been seen to. */
export async function sendFolder(
  workspace: string,
  files: FolderFile[],
  tell: (done: number) => void,
): Promise<string> {
  const sums = new Map<string, Blob>();
  const listed = [];
  for (const { path, file } of files) {
    const sha256 = await sumOf(file);
    sums.set(sha256, file);
    listed.push({ path, sha256, executable: false });
  }
  const missing = new Set(await missingOf(workspace, [...sums.keys()]));
  let done = sums.size - missing.size;
  tell(done);
  for (const sha256 of missing) {
    await send(workspace, sha256, sums.get(sha256) ?? new Blob());
    done += 1;
    tell(done);
  }
  const made = await asked(
    api.POST("/api/v1/workspaces/{workspace}/bundles", {
      params: { path: { workspace } },
      body: { files: listed },
    }),
  );
  return made.bundle;
}

async function sumOf(file: Blob): Promise<string> {
  const sum = await crypto.subtle.digest("SHA-256", await file.arrayBuffer());
  return Array.from(new Uint8Array(sum), (byte) => byte.toString(16).padStart(2, "0")).join("");
}

async function missingOf(workspace: string, sums: string[]): Promise<string[]> {
  const found: string[] = [];
  for (let at = 0; at < sums.length; at += ASKED_AT_ONCE) {
    const { missing } = await asked(
      api.POST("/api/v1/workspaces/{workspace}/files/missing", {
        params: { path: { workspace } },
        body: { sha256: sums.slice(at, at + ASKED_AT_ONCE) },
      }),
    );
    found.push(...missing);
  }
  return found;
}

function send(workspace: string, sha256: string, file: Blob) {
  return asked(
    api.PUT("/api/v1/workspaces/{workspace}/files/{sha256}", {
      params: { path: { workspace, sha256 } },
      // The contract can say of bytes only that they are text.
      body: file as unknown as string,
      bodySerializer: (body) => body as unknown as Blob,
      headers: { "Content-Type": "application/octet-stream" },
    }),
  );
}
