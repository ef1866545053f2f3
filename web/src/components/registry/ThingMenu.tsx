import { Menu } from "@mantine/core";
import { lazy, Suspense, useState } from "react";
import { Actions } from "@/components/Actions";
import { Confirm } from "@/components/Confirm";
import type { Labels } from "@/models/labels";
import { deleteThing, type Thing } from "@/services/library";
import { useStrings } from "@/strings";

const SaidDialog = lazy(() => import("@/components/SaidDialog"));

interface Props {
  thing: Thing;
  /** How people call it. */
  title: string;
  said: { description: string; labels: Labels };
  /** What becomes of everything when it is deleted. */
  hint: string;
  onDeleted: () => Promise<void>;
}

/** What those may do whose it is: change what is said of it, or delete all its versions. */
export function ThingMenu({ thing, title, said, hint, onDeleted }: Props) {
  const t = useStrings();
  const [isLeaving, setLeaving] = useState(false);
  const [isSaying, setSaying] = useState(false);
  const remove = async () => {
    await deleteThing(thing);
    await onDeleted();
  };
  return (
    <>
      <Actions of={title}>
        <Menu.Item onClick={() => setSaying(true)}>{t("about.said.change")}</Menu.Item>
        <Menu.Item color="red" onClick={() => setLeaving(true)}>
          {t("shell.delete")}
        </Menu.Item>
      </Actions>
      {isSaying && (
        <Suspense>
          <SaidDialog thing={thing} said={said} onClose={() => setSaying(false)} />
        </Suspense>
      )}
      {isLeaving && (
        <Confirm
          title={t("about.delete", { name: thing.name })}
          label={t("shell.delete")}
          act={remove}
          onClose={() => setLeaving(false)}
        >
          {hint}
        </Confirm>
      )}
    </>
  );
}
