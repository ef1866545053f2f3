import {
  ActionIcon,
  Alert,
  Button,
  Checkbox,
  Group,
  Modal,
  MultiSelect,
  NumberInput,
  Select,
  Stack,
  TextInput,
} from "@mantine/core";
import { useDebouncedValue } from "@mantine/hooks";
import { keepPreviousData, useInfiniteQuery, useMutation } from "@tanstack/react-query";
import { useNavigate } from "@tanstack/react-router";
import { useMemo, useState } from "react";
import { CloseIcon } from "@/components/icons";
import { isDate, monthOf, moved, today } from "@/models/schedules/dates";
import { isWhole, ownName, type Plan, planFor, wishOf } from "@/models/schedules/plan";
import { backfillPlan, createBackfill } from "@/services/backfills";
import { useStrings } from "@/strings";
import { PickSchedule } from "../list/PickSchedule";
import { Overrides } from "./Overrides";
import { PlanTable } from "./PlanTable";
import classes from "./plan.module.css";

interface Props {
  workspace: string;
  schedule: string;
  onClose: () => void;
}

/** Plans a backfill: what is asked for to the left, what that would do to the right. */
export function PlanDialog({ workspace, schedule, onClose }: Props) {
  const t = useStrings();
  const navigate = useNavigate();
  const [plan, setPlan] = useState<Plan>(() => planFor(schedule, moved(today(), -1)));
  const change = (some: Partial<Plan>) => setPlan((now) => ({ ...now, ...some }));
  const [asked] = useDebouncedValue(plan, 300);
  const preview = useInfiniteQuery({
    ...backfillPlan(
      workspace,
      useMemo(() => wishOf(asked), [asked]),
    ),
    enabled: isWhole(asked),
    placeholderData: keepPreviousData,
  });
  const begin = useMutation({
    mutationFn: () => createBackfill(workspace, wishOf(plan)),
    onSuccess: ({ id }) =>
      navigate({ to: "/w/$workspace/backfills/$backfill", params: { workspace, backfill: id } }),
  });
  const [first] = preview.data?.pages ?? [];
  const chosen = isWhole(plan) && !preview.error ? (first?.chosen ?? 0) : 0;
  const error = begin.error ?? (isWhole(plan) ? preview.error : null);
  return (
    <Modal
      opened
      onClose={onClose}
      size={1180}
      title={t("backfill.plan")}
      closeButtonProps={{ "aria-label": t("shell.close") }}
    >
      <form
        onSubmit={(event) => {
          event.preventDefault();
          begin.mutate();
        }}
      >
        <div className={classes.body}>
          <Stack gap="sm" className={classes.form}>
            <Wish
              {...{ workspace, plan, change }}
              others={(first?.schedules ?? []).map((each) => ownName(workspace, each))}
            />
          </Stack>
          <div className={classes.preview}>
            <PlanTable workspace={workspace} query={preview} isAsked={isWhole(plan)} />
          </div>
        </div>
        {error && (
          <Alert color="red" role="alert" mt="sm">
            {error.message}
          </Alert>
        )}
        <Group justify="flex-end" mt="md">
          <Button variant="default" onClick={onClose}>
            {t("shell.cancel")}
          </Button>
          <Button type="submit" disabled={!chosen || plan !== asked} loading={begin.isPending}>
            {chosen ? t.count("backfill.begin", chosen) : t("backfill.begin.none")}
          </Button>
        </Group>
      </form>
    </Modal>
  );
}

interface WishProps {
  workspace: string;
  plan: Plan;
  change: (some: Partial<Plan>) => void;
  /** The schedules that it has cycles of now. */
  others: string[];
}

function Wish({ workspace, plan, change, others }: WishProps) {
  const t = useStrings();
  return (
    <>
      <PickSchedule
        workspace={workspace}
        label={t("backfill.schedule")}
        value={plan.schedule}
        onChange={(schedule) => change({ schedule, include: [], exclude: [], overrides: [] })}
      />
      <Ranges plan={plan} change={change} />
      <Choices plan={plan} change={change} />
      <Downstream plan={plan} change={change} others={others} />
      <Overrides workspace={workspace} plan={plan} change={change} schedules={others} />
      <TextInput
        size="xs"
        label={t("backfill.name")}
        description={t("backfill.name.about")}
        value={plan.name}
        onChange={(event) => change({ name: event.currentTarget.value })}
      />
    </>
  );
}

/** In what order, how many at once, and what of what was done before. */
function Choices({ plan, change }: Pick<WishProps, "plan" | "change">) {
  const t = useStrings();
  return (
    <>
      <Group gap="xs" grow>
        <Select
          size="xs"
          label={t("backfill.order")}
          allowDeselect={false}
          data={(["asc", "desc"] as const).map((value) => ({
            value,
            label: t(`backfill.order.${value}`),
          }))}
          value={plan.order}
          onChange={(order) => change({ order: order === "desc" ? "desc" : "asc" })}
        />
        <NumberInput
          size="xs"
          label={t("backfill.parallel")}
          min={1}
          max={10}
          value={plan.parallel}
          onChange={(value) => change({ parallel: Number(value) || 1 })}
        />
      </Group>
      <Select
        size="xs"
        label={t("backfill.redo")}
        allowDeselect={false}
        data={(["missing", "failed", "all"] as const).map((value) => ({
          value,
          label: t(`backfill.redo.${value}`),
        }))}
        value={plan.redo}
        onChange={(redo) => change({ redo: (redo ?? "missing") as Plan["redo"] })}
      />
      <Group gap="xs" grow>
        <TextInput
          type="time"
          size="xs"
          label={t("backfill.since")}
          value={plan.since}
          onChange={(event) => change({ since: event.currentTarget.value })}
        />
        <TextInput
          type="time"
          size="xs"
          label={t("backfill.until")}
          value={plan.until}
          onChange={(event) => change({ until: event.currentTarget.value })}
        />
      </Group>
    </>
  );
}

/** Whether what waits for it is done, too, and what of that not. */
function Downstream({ plan, change, others }: Omit<WishProps, "workspace">) {
  const t = useStrings();
  const behind = others.filter((name) => name !== plan.schedule);
  const known = [...new Set([...behind, ...plan.exclude, ...plan.include])];
  return (
    <>
      <Checkbox
        size="xs"
        label={t("backfill.downstream")}
        checked={plan.downstream}
        onChange={(event) =>
          change({ downstream: event.currentTarget.checked, include: [], exclude: [] })
        }
      />
      {plan.downstream && known.length > 0 && (
        <>
          <MultiSelect
            size="xs"
            label={t("backfill.include")}
            description={t("backfill.include.about")}
            data={known}
            value={plan.include}
            onChange={(include) => change({ include })}
          />
          <MultiSelect
            size="xs"
            label={t("backfill.exclude")}
            description={t("backfill.exclude.about")}
            data={known}
            value={plan.exclude}
            onChange={(exclude) => change({ exclude })}
          />
        </>
      )}
    </>
  );
}

const MOST_RANGES = 7;

function Ranges({ plan, change }: Pick<WishProps, "plan" | "change">) {
  const t = useStrings();
  const set = (at: number, side: "first" | "last", date: string) =>
    change({
      ranges: plan.ranges.map((range, place) =>
        place === at ? { ...range, [side]: date } : range,
      ),
    });
  const lastMonth = () => {
    const [first, last] = monthOf(moved(`${today().slice(0, 7)}-01`, -1));
    change({ ranges: [{ first, last }] });
  };
  return (
    <fieldset className={classes.ranges}>
      <legend>{t("backfill.ranges")}</legend>
      {plan.ranges.map((range, at) => (
        // biome-ignore lint/suspicious/noArrayIndexKey: a range is what is typed into it
        <Group key={at} gap="xs" wrap="nowrap" align="flex-end">
          {(["first", "last"] as const).map((side) => (
            <TextInput
              key={side}
              type="date"
              size="xs"
              flex={1}
              label={t(`backfill.${side}`)}
              value={range[side]}
              error={range[side] !== "" && !isDate(range[side])}
              onChange={(event) => set(at, side, event.currentTarget.value)}
            />
          ))}
          {plan.ranges.length > 1 && (
            <ActionIcon
              variant="subtle"
              color="gray"
              aria-label={t("backfill.range.remove", { number: at + 1 })}
              onClick={() => change({ ranges: plan.ranges.filter((_, place) => place !== at) })}
            >
              <CloseIcon size={12} />
            </ActionIcon>
          )}
        </Group>
      ))}
      <Group gap="xs">
        {plan.ranges.length < MOST_RANGES && (
          <Button
            size="compact-xs"
            variant="default"
            onClick={() => change({ ranges: [...plan.ranges, { first: "", last: "" }] })}
          >
            + {t("backfill.range.add")}
          </Button>
        )}
        <Button size="compact-xs" variant="default" onClick={lastMonth}>
          {t("backfill.month")}
        </Button>
      </Group>
    </fieldset>
  );
}
