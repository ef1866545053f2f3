/** Which cells of the grid are chosen, and what operating them asks of the server. */
import { summed, total } from "@/models/schedules/instances";
import {
  type GridCell,
  type GridFilter,
  type Kind,
  type Operated,
  type Operation,
  operate,
} from "@/services/instances";

/** A cell by its schedule and business date. */
export const keyOf = (schedule: string, bizdate: string) => `${bizdate} ${schedule}`;

export type Chosen = ReadonlyMap<string, { schedule: string; cell: GridCell }>;

export const countOf = (chosen: Chosen) =>
  [...chosen.values()].reduce((sum, { cell }) => sum + total(cell.counts), 0);

/** With these cells, or without them if all are chosen already. */
export function toggled(chosen: Chosen, cells: { schedule: string; cell: GridCell }[]): Chosen {
  const next = new Map(chosen);
  const areAll = cells.every(({ schedule, cell }) => chosen.has(keyOf(schedule, cell.bizdate)));
  for (const each of cells) {
    const key = keyOf(each.schedule, each.cell.bizdate);
    if (areAll) next.delete(key);
    else next.set(key, each);
  }
  return next;
}

/** Does it to all that is chosen: what has an id at once, what a day has many of a day at a time. */
export async function operateChosen(
  workspace: string,
  chosen: Chosen,
  wish: Pick<Operation, "action"> & Partial<Operation>,
  kind: GridFilter["kind"],
): Promise<Operated> {
  const cells = [...chosen.values()];
  const ids = cells.flatMap(({ cell }) => (cell.instance ? [cell.instance] : []));
  const answers = ids.length ? [await operate(workspace, { ...wish, instances: ids })] : [];
  // Tests are in no cell unless they are asked for.
  const kinds: Kind[] = kind ? [kind] : ["recurring", "backfill", "triggered"];
  for (const { schedule, cell } of cells.filter(({ cell }) => !cell.instance)) {
    for (const kind of kinds) {
      const filter = { schedule, kind, first: cell.bizdate, last: cell.bizdate };
      answers.push(await operate(workspace, { ...wish, filter }));
    }
  }
  return summed(answers);
}
