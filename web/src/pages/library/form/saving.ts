import { notifications } from "@mantine/notifications";
import { useMutation } from "@tanstack/react-query";
import { useNavigate } from "@tanstack/react-router";
import { useRef, useState } from "react";
import { isError } from "@/models/faults";
import { Problem } from "@/services/api";
import { sendFolder } from "@/services/folders";
import { checked, createComponent } from "@/services/library";
import { queries } from "@/services/queries";
import { useStrings } from "@/strings";
import type { Making } from "./editing";

/** Sends the code, registers the component, and goes to its page. */
export function useSaving(workspace: string, making: Making) {
  const t = useStrings();
  const navigate = useNavigate();
  const [sent, setSent] = useState<number>();
  // Read while a link is followed, which is before anything is drawn again.
  const saved = useRef(false);
  const mutation = useMutation({
    mutationFn: async (version: string | null) => {
      // What was typed last may not have been looked at yet.
      const { faults } = await queries.fetchQuery(checked(workspace, making.text));
      if (making.hasUnnamed || faults.some(isError)) return null;
      const { files, bundle: kept } = making.code;
      const bundle = files.length ? await sendFolder(workspace, files, setSent) : kept;
      setSent(undefined);
      return createComponent(workspace, {
        text: making.text,
        bundle,
        version,
        visibility: null,
        labels: making.code.origin ?? null,
      });
    },
    onSettled: () => setSent(undefined),
    onSuccess: (registered) => {
      if (!registered) {
        notifications.show({ color: "red", message: t("make.faulty") });
        return showFault();
      }
      saved.current = true;
      const { name, version } = registered;
      notifications.show({ message: t("make.saved", { name, version }) });
      const params = { workspace, reference: `${name}@${version}` };
      return navigate({ to: "/w/$workspace/components/$reference", params });
    },
  });
  const save = () => {
    making.setTried(true);
    mutation.mutate(null);
  };
  const total = making.code.files.length;
  return {
    save,
    saved,
    saveNext: () => mutation.mutate("next"),
    isPending: mutation.isPending,
    error: mutation.error,
    isTaken: mutation.error instanceof Problem && mutation.error.status === 409,
    said: sent === undefined ? "" : t("make.sending", { done: sent, total }),
  };
}

/** Leads whoever wanted to save to the first field that is in the way. */
function showFault() {
  document.querySelector<HTMLElement>('[aria-invalid="true"]')?.focus();
}
