import { useBlocker } from "@tanstack/react-router";
import { Confirm } from "@/components/Confirm";
import { useStrings } from "@/strings";

/** Asks before what was filled in is left, by a link or by closing the page. */
export function LeaveGuard({ isChanged }: { isChanged: () => boolean }) {
  const t = useStrings();
  const { status, proceed, reset } = useBlocker({
    shouldBlockFn: isChanged,
    enableBeforeUnload: isChanged,
    withResolver: true,
  });
  if (status !== "blocked") return null;
  return (
    <Confirm
      title={t("make.leave")}
      label={t("make.leave.do")}
      act={async () => proceed()}
      onClose={reset}
    >
      {t("make.leave.hint")}
    </Confirm>
  );
}
