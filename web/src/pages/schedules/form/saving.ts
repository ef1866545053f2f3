import { notifications } from "@mantine/notifications";
import { useMutation } from "@tanstack/react-query";
import { useNavigate } from "@tanstack/react-router";
import { useRef, useState } from "react";
import { isError } from "@/models/faults";
import { Problem } from "@/services/api";
import { queries } from "@/services/queries";
import { createSchedule, schedulePreview } from "@/services/schedules";
import { useStrings } from "@/strings";
import type { Making } from "./editing";

/** Publishes the schedule, and goes to its page or on to deploying it. */
export function useSaving(workspace: string, making: Making) {
  const t = useStrings();
  const navigate = useNavigate();
  // Read while a link is followed, which is before anything is drawn again.
  const saved = useRef(false);
  const [deploying, deploy] = useState<{ name: string; version: string }>();
  const open = (name: string) =>
    navigate({ to: "/w/$workspace/schedules/$schedule", params: { workspace, schedule: name } });
  const mutation = useMutation({
    mutationFn: async ({ version }: { version: string | null; isDeployed: boolean }) => {
      // What was typed last may not have been looked at yet.
      const { faults } = await queries.fetchQuery(schedulePreview(workspace, making.text, 1));
      if (faults.some(isError)) return null;
      return createSchedule(workspace, making.text, version);
    },
    onSuccess: (registered, { isDeployed }) => {
      if (!registered) {
        notifications.show({ color: "red", message: t("scheduling.faulty") });
        document.querySelector<HTMLElement>('[aria-invalid="true"]')?.focus();
        return;
      }
      saved.current = true;
      const { name, version } = registered;
      notifications.show({ message: t("scheduling.published", { name, version }) });
      if (isDeployed) deploy({ name, version });
      else void open(name);
    },
  });
  const save = (isDeployed: boolean, version: string | null = null) => {
    making.setTried(true);
    mutation.mutate({ version, isDeployed });
  };
  return {
    save,
    saveNext: () => save(mutation.variables?.isDeployed ?? false, "next"),
    saved,
    deploying,
    open,
    pending: mutation.isPending ? (mutation.variables.isDeployed ? "deploy" : "publish") : "",
    error: mutation.error,
    isTaken: mutation.error instanceof Problem && mutation.error.status === 409,
  };
}
