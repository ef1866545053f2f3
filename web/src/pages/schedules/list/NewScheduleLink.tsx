import { Button } from "@mantine/core";
import { Link } from "@tanstack/react-router";
import { useMay } from "@/services/access";
import { useStrings } from "@/strings";

/** Leads to the form of a new schedule, whoever may make one. */
export function NewScheduleLink({ workspace }: { workspace: string }) {
  const t = useStrings();
  const may = useMay(workspace);
  if (!may.make) return null;
  return (
    <Button
      size="xs"
      renderRoot={(props) => (
        <Link to="/w/$workspace/new-schedule" params={{ workspace }} search={{}} {...props} />
      )}
    >
      {t("schedules.new")}
    </Button>
  );
}
