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

/** Whether they may say which version of a model is used in production. */
export function mayApprove(who: Schemas["Me"], workspace: string, visibility: string): boolean {
  if (!WRITING.includes(who.scope)) return false;
  const role = who.roles[workspace] ?? "";
  return who.is_admin || ALL.includes(role) || (role === "operator" && visibility === "public");
}

/** What whoever looks may do; what one makes is one's own. */
export function useMay(workspace: string) {
  const { data } = useQuery(me);
  const write = (creator: string) => (data ? mayWrite(data, workspace, creator) : false);
  const approve = (visibility: string) => (data ? mayApprove(data, workspace, visibility) : false);
  return { make: write(data?.person ?? ""), write, approve };
}
