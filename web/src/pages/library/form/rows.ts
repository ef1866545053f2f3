/** Changes of the form's rows. */
import {
  type ComponentForm,
  type Fields,
  freshRow,
  type ListName,
  type Named,
} from "@/models/componentText";
import type { Speak } from "@/strings";
import { isTwice, type Making, shownFault } from "./editing";

export const addRow =
  (list: ListName, wanted: string, fields: Fields) =>
  (form: ComponentForm): ComponentForm => ({
    ...form,
    [list]: [...form[list], { name: freshRow(form, wanted), fields }],
  });

export const removeRow =
  (list: ListName, at: number) =>
  (form: ComponentForm): ComponentForm => ({
    ...form,
    [list]: form[list].filter((_, index) => index !== at),
  });

export const changeRow =
  (list: ListName, at: number, change: (row: Named) => Named) =>
  (form: ComponentForm): ComponentForm => ({
    ...form,
    [list]: form[list].map((row, index) => (index === at ? change(row) : row)),
  });

/** What is wrong with a row's name, which may be what its list cannot have at all. */
export function nameFault(t: Speak, making: Making, list: ListName, rows: Named[], at: number) {
  const name = rows[at]?.name ?? "";
  if (!name) return t("make.fault.unnamed");
  if (isTwice(rows, at)) return t("make.fault.twice", { name });
  return shownFault(making, `${list}.${name}`, true, true);
}
