/** What whoever is logged in may do to things of a workspace: `access/roles.py`, as far as asked. */
import { useQuery } from "@tanstack/react-query";
import type { Schemas } from "./api";
import { me } from "./queries";

const WRITING: Schemas["Me"]["scope"][] = ["write", "admin"];
const ALL = ["owner", "admin"];

/** Whether they may change or delete what `creator` made; the server decides in the end. */
export function mayWrite(who: Schemas["Me"], workspace: string, creator: string): boolean {
  if (!WRITING.includes(who.scope)) return false;
  const role = who.roles[workspace] ?? "";
  if (who.is_admin || ALL.includes(role)) return true;
  return role === "developer" && creator === who.person;
}

/** `mayWrite` for whoever looks; what one makes is one's own. */
export function useMay(workspace: string): { make: boolean; write: (creator: string) => boolean } {
  const { data } = useQuery(me);
  const write = (creator: string) => (data ? mayWrite(data, workspace, creator) : false);
  return { make: write(data?.person ?? ""), write };
}
