/** Lists of the file that the form shows a row each: dependencies, triggers, alerts. */
import { type Fields, isFields, type Tree } from "@/models/componentText";
import { itemsAt } from "@/models/schedules/text";
import type { Making } from "./editing";

type List = "depends_on" | "triggers" | "alerts";

const put = (fields: Fields, list: List, items: Tree[]): Fields => {
  const { [list]: _, ...rest } = fields;
  return items.length ? { ...rest, [list]: items } : rest;
};

export const addItem = (making: Making, list: List, item: Tree) =>
  making.change((fields) => put(fields, list, [...itemsAt(fields, list), item]));

export const changeItem = (making: Making, list: List, at: number, item: Tree) =>
  making.change((fields) =>
    put(
      fields,
      list,
      itemsAt(fields, list).map((each, place) => (place === at ? item : each)),
    ),
  );

export const removeItem = (making: Making, list: List, at: number) =>
  making.change((fields) =>
    put(
      fields,
      list,
      itemsAt(fields, list).filter((_, place) => place !== at),
    ),
  );

export const fieldsOf = (tree: Tree | undefined): Fields => (isFields(tree) ? tree : {});
