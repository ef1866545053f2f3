import { ActionIcon } from "@mantine/core";
import { CloseIcon } from "@/components/icons";
import { useStrings } from "@/strings";

/** Takes a row out of a list. */
export function RemoveButton({ what, onClick }: { what: string; onClick: () => void }) {
  const t = useStrings();
  return (
    <ActionIcon
      variant="subtle"
      color="gray"
      aria-label={t("scheduling.remove", { what })}
      onClick={onClick}
    >
      <CloseIcon size={12} />
    </ActionIcon>
  );
}
