import { Autocomplete, Button, Group, Select, TextInput } from "@mantine/core";
import { useQuery } from "@tanstack/react-query";
import type { Override, Plan } from "@/models/schedules/plan";
import { face } from "@/services/library";
import { schedule } from "@/services/schedules";
import { useStrings } from "@/strings";
import { RemoveButton } from "../RemoveButton";
import classes from "./plan.module.css";

interface Props {
  workspace: string;
  plan: Plan;
  change: (some: Partial<Plan>) => void;
  schedules: string[];
}

/** Values that take the place of a schedule's own in this backfill alone. */
export function Overrides({ workspace, plan, change, schedules }: Props) {
  const t = useStrings();
  const set = (at: number, some: Partial<Override>) =>
    change({
      overrides: plan.overrides.map((each, place) => (place === at ? { ...each, ...some } : each)),
    });
  if (!plan.schedule) return null;
  return (
    <fieldset className={classes.ranges}>
      <legend>{t("backfill.override")}</legend>
      {plan.overrides.map((each, at) => (
        // biome-ignore lint/suspicious/noArrayIndexKey: a row is what is typed into it
        <Group key={at} gap={6} wrap="nowrap" align="flex-end">
          {schedules.length > 1 && (
            <Select
              size="xs"
              flex={1}
              label={t("backfill.override.of")}
              allowDeselect={false}
              data={schedules}
              value={each.schedule}
              onChange={(schedule) => set(at, { schedule: schedule ?? "" })}
            />
          )}
          <Name workspace={workspace} row={each} onChange={(name) => set(at, { name })} />
          <TextInput
            size="xs"
            flex={1}
            label={t("backfill.override.value")}
            value={each.value}
            onChange={(event) => set(at, { value: event.currentTarget.value })}
          />
          <RemoveButton
            what={each.name}
            onClick={() => change({ overrides: plan.overrides.filter((_, place) => place !== at) })}
          />
        </Group>
      ))}
      <Group>
        <Button
          size="compact-xs"
          variant="default"
          onClick={() =>
            change({
              overrides: [...plan.overrides, { schedule: plan.schedule, name: "", value: "" }],
            })
          }
        >
          + {t("backfill.override.add")}
        </Button>
      </Group>
    </fieldset>
  );
}

interface NameProps {
  workspace: string;
  row: Override;
  onChange: (name: string) => void;
}

/** A parameter's name; those that the pipeline has are offered. */
function Name({ workspace, row, onChange }: NameProps) {
  const t = useStrings();
  const said = useQuery(schedule(workspace, row.schedule));
  const pipeline = said.data?.pipeline ?? "";
  const shown = useQuery({ ...face(workspace, pipeline), enabled: pipeline !== "" });
  return (
    <Autocomplete
      size="xs"
      flex={1}
      label={t("backfill.override.name")}
      data={shown.data?.parameters.map(({ name }) => name) ?? []}
      value={row.name}
      onChange={onChange}
    />
  );
}
