import { Popover, Text, UnstyledButton } from "@mantine/core";
import { DownIcon } from "@/components/icons";
import type { CycleView } from "@/services/schedules";
import { useStrings } from "@/strings";
import classes from "../schedules.module.css";

interface Props {
  name: string;
  cycles: CycleView[];
  zone: string;
}

/** When a schedule is due next; all that are known behind a button. */
export function NextTimes({ name, cycles, zone }: Props) {
  const t = useStrings();
  const next = cycles.find((cycle) => !cycle.is_dry) ?? cycles[0];
  if (!next)
    return (
      <Text size="sm" c="dimmed">
        {t("schedules.next.none")}
      </Text>
    );
  const below = next.is_dry ? `${zone} (${t("schedules.next.dry")})` : zone;
  return (
    <Popover position="bottom-start" withinPortal shadow="md" withRoles={false}>
      <Popover.Target>
        <UnstyledButton
          className={classes.number}
          fz="sm"
          aria-label={`${shownTime(next)} ${below}: ${t("schedules.next.more", { name })}`}
        >
          {shownTime(next)} <DownIcon size={12} />
          <Text size="xs" c="dimmed">
            {below}
          </Text>
        </UnstyledButton>
      </Popover.Target>
      <Popover.Dropdown>
        <ul className={classes.list}>
          {cycles.map((cycle) => (
            <li key={`${cycle.instant} ${cycle.fold}`} className={classes.number}>
              <CycleTime cycle={cycle} />{" "}
              <Text span size="xs" c="dimmed">
                {t("schedules.next.bizdate", { date: cycle.bizdate })}
              </Text>
            </li>
          ))}
        </ul>
      </Popover.Dropdown>
    </Popover>
  );
}

/** A scheduled time as the schedule's clock shows it: `2026-03-27 02:30`. */
const shownTime = ({ cyctime }: { cyctime: string }) =>
  `${cyctime.slice(0, 10)} ${cyctime.slice(11, 16)}`;

/** The same, and what is unlike others about it. */
export function CycleTime({ cycle }: { cycle: CycleView }) {
  const t = useStrings();
  const notes = [
    cycle.is_dry && t("schedules.next.dry"),
    cycle.fold > 0 && t("schedules.next.second"),
  ].filter(Boolean);
  return (
    <>
      {shownTime(cycle)}
      {notes.length > 0 && (
        <Text span size="xs" c="dimmed">
          {" "}
          ({notes.join(", ")})
        </Text>
      )}
    </>
  );
}
