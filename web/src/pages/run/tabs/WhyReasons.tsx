import { Anchor, List, Text } from "@mantine/core";
import { Link } from "@tanstack/react-router";
import { shown } from "@/models/fields";
import { type Reason, reasonsOf } from "@/models/why";
import type { Schemas } from "@/services/api";
import { type Speak, useStrings } from "@/strings";

interface Reasons {
  workspace: string;
  why: Schemas["Why"];
}

/** Why a step was done again or not, in sentences. */
export function WhyReasons({ workspace, why }: Reasons) {
  const t = useStrings();
  const said = [...new Set(reasonsOf(why).map((reason) => sentence(reason, t)))];
  return (
    <>
      <List size="sm" spacing={2} maw={720}>
        {said.map((each) => (
          <List.Item key={each}>{each}</List.Item>
        ))}
      </List>
      {why.compared_with && (
        <Text size="sm" mt={6}>
          <Anchor
            component={Link}
            to={`/w/${workspace}/runs/${why.compared_with}` as never}
            size="sm"
          >
            {t("run.why.compared")}
          </Anchor>
        </Text>
      )}
    </>
  );
}

function sentence(reason: Reason, t: Speak): string {
  switch (reason.key) {
    case "parameter": {
      const [before, now] = [reason.before, reason.now].map(
        (value) => shown(value) || t("why.nothing"),
      );
      return t("why.parameter", { name: reason.name, before: before ?? "", now: now ?? "" });
    }
    case "code":
      if (!reason.files.length) return t("why.code");
      return t("why.code.files", { files: reason.files.slice(0, 5).join(", ") });
    case "said":
      return t("why.said", { verdict: reason.verdict });
    case "input":
    case "env":
    case "other":
      return t(`why.${reason.key}`, { name: reason.name });
    default:
      return t(`why.${reason.key}`);
  }
}
