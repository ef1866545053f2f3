import { List, Text } from "@mantine/core";
import { Link } from "@tanstack/react-router";
import { reasonText } from "@/components/reasons";
import { reasonsOf } from "@/models/why";
import type { Schemas } from "@/services/api";
import { useStrings } from "@/strings";

interface Reasons {
  workspace: string;
  why: Schemas["Why"];
}

/** Why a step was done again or not, in sentences. */
export function WhyReasons({ workspace, why }: Reasons) {
  const t = useStrings();
  const said = [...new Set(reasonsOf(why).map((reason) => reasonText(reason, t)))];
  return (
    <>
      <List size="sm" spacing={2} maw={720}>
        {said.map((each) => (
          <List.Item key={each}>{each}</List.Item>
        ))}
      </List>
      {why.compared_with && (
        <Text size="sm" mt={6}>
          <Link to="/w/$workspace/runs/$run" params={{ workspace, run: why.compared_with }}>
            {t("run.why.compared")}
          </Link>
        </Text>
      )}
    </>
  );
}
