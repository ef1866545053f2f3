import { Menu, Text, UnstyledButton } from "@mantine/core";
import { notifications } from "@mantine/notifications";
import { useMutation } from "@tanstack/react-query";
import { DownIcon } from "@/components/icons";
import { STATES, type SwitchState, switchSchedule } from "@/services/schedules";
import { useStrings } from "@/strings";
import { StateMark } from "./StateMark";
import { useOperating } from "./useOperating";

interface Props {
  workspace: string;
  name: string;
  creator: string;
  /** None for a schedule that is not deployed. */
  state: SwitchState | undefined;
}

/** Whether a schedule's instances run; whoever may, switches it here. */
export function StateSwitch({ workspace, name, creator, state }: Props) {
  const t = useStrings();
  const mayOperate = useOperating(workspace)(creator);
  const switching = useMutation({
    mutationFn: (to: SwitchState) => switchSchedule(workspace, name, to),
    onError: (error) => notifications.show({ color: "red", message: error.message }),
  });
  if (!state)
    return (
      <Text size="sm" c="dimmed">
        {t("schedules.state.none")}
      </Text>
    );
  if (!mayOperate) return <StateMark state={state} />;
  return (
    <Menu position="bottom-start" width={300} withinPortal>
      <Menu.Target>
        <UnstyledButton
          disabled={switching.isPending}
          aria-label={`${t(`schedules.state.${state}`)}: ${t("schedules.state", { name })}`}
          style={{ display: "inline-flex", alignItems: "center", gap: 4 }}
        >
          <StateMark state={switching.isPending ? switching.variables : state} />
          <DownIcon size={12} />
        </UnstyledButton>
      </Menu.Target>
      <Menu.Dropdown>
        {STATES.map((each) => (
          <Menu.RadioItem
            key={each}
            value={each}
            checked={each === state}
            closeMenuOnClick
            onChange={() => switching.mutate(each)}
          >
            <StateMark state={each} />
            <Text size="xs" c="dimmed">
              {t(`schedules.state.${each}.about`)}
            </Text>
          </Menu.RadioItem>
        ))}
      </Menu.Dropdown>
    </Menu>
  );
}
