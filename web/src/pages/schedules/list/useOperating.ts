/** What whoever looks may do to schedules and their instances: `access/roles.py`, as far as asked. */
import { useQuery } from "@tanstack/react-query";
import { useMay } from "@/services/access";
import { me } from "@/services/queries";

/** Whether they may switch, test and backfill what `creator` made; the server decides in the end. */
export function useOperating(workspace: string): (creator: string) => boolean {
  const { data } = useQuery(me);
  const may = useMay(workspace);
  const isOperator = data?.roles[workspace] === "operator" && data.scope !== "read";
  return (creator) => isOperator || may.write(creator);
}
