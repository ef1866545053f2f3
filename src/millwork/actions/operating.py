"""What people do to instances: run again, stop, set to succeeded, freeze, and the like.

Thousands are changed a few hundred at a time; each change is fenced by the instance's revision, as
those of the scheduler are, and is an event with the person who asked for it.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Literal, TypeAlias, get_args

from millwork.actions.cancel import cancel
from millwork.base.errors import BadRequest
from millwork.base.records import dataclass
from millwork.ports.schedules import Change
from millwork.schedule.alerts import expected
from millwork.schedule.deciding import over
from millwork.schedule.needs import name_of
from millwork.schedule.reasons import say

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Sequence

    from millwork.actions.context import Context
    from millwork.actions.reaching import Reach
    from millwork.ports.schedules import InstanceRow, ScheduleRow
    from millwork.spec.schedule import Schedule
    from millwork.views.instances import Operated, Refused

Action: TypeAlias = Literal["rerun", "stop", "succeed", "freeze", "thaw", "unneed", "priority"]
ACTIONS: tuple[Action, ...] = get_args(Action)
_PAGE = 300
_MOST_REFUSED = 100
_TRIES = 3
_LOST = "it changes as this is asked for: try again"


@dataclass(frozen=True)
class Operation:
    """What is to be done, and who asks for it.

    Of `rerun`, `version` says whose definitions are taken: the instance's own, or the latest that
    is deployed. `dependency` is that of `unneed`, `priority` that of `priority`.
    """

    action: Action
    person: str
    version: Literal["original", "latest"] = "original"
    dependency: str = ""
    priority: int = 0


def why_not(reach: Reach, row: InstanceRow, asked: Operation) -> str:
    """Why something cannot be done to an instance as it is; empty if it can."""
    return _RULES[asked.action](reach, row, asked)


def _rerun(reach: Reach, row: InstanceRow, asked: Operation) -> str:
    if not row.is_over:
        return f"it is {row.status}: only what is over is run again"
    owner = reach.in_force(row.workspace, row.schedule)
    if owner is None:
        return "its schedule is not deployed any more"
    version = _version(row, owner.row, asked)
    schedule = reach.schedule(row.workspace, row.schedule, version)
    if schedule is None:
        return f"version {version} of its schedule is not there any more"
    if schedule.rerun == "never":
        return "its schedule is not run again (rerun: never)"
    if schedule.rerun == "after_failure" and row.status == "succeeded":
        return "its schedule is run again only after a failure (rerun: after_failure)"
    if row.kind == "recurring" and owner.row.state == "skipping":
        return "its schedule is skipping: switch it on first"
    if row.kind == "recurring" and owner.row.state == "frozen" and not row.tries:
        return "its schedule is frozen: switch it on first, or begin a backfill"
    return ""


def _stop(_: Reach, row: InstanceRow, __: Operation) -> str:
    if row.status == "starting" and row.reason:
        return "it is being stopped already"
    return f"it is over: it {_has(row)}" if row.is_over else ""


def _succeed(_: Reach, row: InstanceRow, __: Operation) -> str:
    if row.status == "succeeded":
        return "it has succeeded already"
    return f"it is {row.status}: stop it first" if row.status in ("starting", "running") else ""


def _freeze(_: Reach, row: InstanceRow, __: Operation) -> str:
    if row.status != "waiting":
        return f"it does not wait any more: it {_is(row)}"
    return "it is frozen already" if row.is_frozen else ""


def _thaw(_: Reach, row: InstanceRow, __: Operation) -> str:
    if row.status != "waiting":
        return f"it does not wait any more: it {_is(row)}"
    return "" if row.is_frozen else "it is not frozen"


def _unneed(reach: Reach, row: InstanceRow, asked: Operation) -> str:
    if row.status != "waiting":
        return f"it does not wait any more: it {_is(row)}"
    known = reach.known(row)
    named = [name_of(each, row.workspace) for each in known.schedule.depends_on] if known else []
    left = [name for name in named if name not in row.removed]
    if not left:
        return "it waits for nothing" if not named else "all that it waited for is removed"
    if asked.dependency and asked.dependency not in left:
        return f"it does not wait for '{asked.dependency}'; it does for: {', '.join(left)}"
    return ""


def _priority(_: Reach, row: InstanceRow, asked: Operation) -> str:
    if row.is_over:
        return f"it is over: it {_has(row)}"
    return "it has that priority already" if row.priority == asked.priority else ""


_RULES: dict[Action, Callable[[Reach, InstanceRow, Operation], str]] = {
    "rerun": _rerun, "stop": _stop, "succeed": _succeed, "freeze": _freeze, "thaw": _thaw,
    "unneed": _unneed, "priority": _priority,
}  # fmt: skip


def _has(row: InstanceRow) -> str:
    return "was cancelled" if row.status == "cancelled" else f"has {row.status}"


def _is(row: InstanceRow) -> str:
    return _has(row) if row.is_over else f"is {row.status}"


def _version(row: InstanceRow, owner: ScheduleRow, asked: Operation) -> str:
    return owner.version if asked.version == "latest" else row.version


def _changed(reach: Reach, row: InstanceRow, asked: Operation, now: float) -> Change:
    """What becomes of an instance to which that can be done."""
    who = asked.person
    if asked.action == "rerun":
        owner = reach.in_force(row.workspace, row.schedule)
        uses = _version(row, owner.row, asked) if owner else row.uses
        # As if it had been found in time: it is wanted now, whether it was missed or not.
        after = replace(
            row, status="waiting", failures=0, reason="", due=row.instant, began=None, ended=None,
            arrived=row.instant, uses=uses, is_frozen=False,
        )  # fmt: skip
        return Change(row, after, "rerun", who, {"version": uses})
    if asked.action == "stop":
        return _stopped(reach, row, who, now)
    if asked.action == "succeed":
        done = over(replace(row, is_frozen=False), "succeeded", say("set", person=who), now, who)
        return replace(done, before=row, kind="set_succeeded")
    if asked.action in ("freeze", "thaw"):
        is_frozen = asked.action == "freeze"
        kind = "frozen" if is_frozen else "thawed"
        return Change(row, replace(row, is_frozen=is_frozen), kind, who)
    if asked.action == "unneed":
        removed = (*row.removed, asked.dependency)
        data = {"dependency": asked.dependency}
        return Change(row, replace(row, removed=removed), "unneeded", who, data)
    after = replace(row, priority=asked.priority)
    return Change(row, after, "priority", who, {"before": row.priority, "after": asked.priority})


def _stopped(reach: Reach, row: InstanceRow, who: str, now: float) -> Change:
    """What becomes of an instance that is stopped.

    The run of one that is starting may be asked for at this very moment: its end is left to the
    scheduler, which ends what runs and has a reason, and tries it no more.
    """
    reason = say("stopped", person=who)
    if row.status == "starting" and reach.call.context.store.run(row.run) is None:
        known = reach.known(row)
        failures = max(row.failures, known.schedule.retries if known else 0)
        after = replace(row, reason=reason, failures=failures)
        return Change(row, after, "stopped", who, {"reason": reason})
    outcome: Literal["failed", "cancelled"] = "cancelled" if row.status == "waiting" else "failed"
    return replace(over(row, outcome, reason, now, who), kind="stopped")


class Tally:
    """What became of a request so far."""

    def __init__(self) -> None:
        self.changed = self.not_changed = 0
        self.refused: list[Refused] = []

    def refuse(self, instance: str, reason: str) -> None:
        """One more that it was not done to."""
        self.not_changed += 1
        if len(self.refused) < _MOST_REFUSED:
            self.refused.append({"instance": instance, "reason": reason})

    def answer(self) -> Operated:
        """What the request is answered."""
        return {
            "changed": self.changed, "not_changed": self.not_changed, "refused": self.refused,
        }  # fmt: skip


def operate(
    reach: Reach, rows: Sequence[InstanceRow], asked: Operation, tally: Tally | None = None
) -> Tally:
    """Does it to each of the instances that it can be done to, in the order in which they stand."""
    tally = tally or Tally()
    for start in range(0, len(rows), _PAGE):
        page: Sequence[InstanceRow] = rows[start : start + _PAGE]
        for _ in range(_TRIES):
            page = _of_page(reach, page, asked, tally)
        for row in page:
            tally.refuse(row.id, _LOST)
    return tally


def _of_page(
    reach: Reach, rows: Sequence[InstanceRow], asked: Operation, tally: Tally
) -> list[InstanceRow]:
    """Does it to a page, in one commit; answers those that changed meanwhile, as they are now."""
    context = reach.call.context
    now, changes = context.clock.wall(), []
    for row in rows:
        reason = why_not(reach, row, asked)
        if reason:
            tally.refuse(row.id, reason)
        else:
            changes.append(_changed(reach, row, asked, now))
    if not changes:
        return []
    written = context.schedules().change(now, changes)
    tally.changed += len(written)
    _follow(context, written, asked)
    told = ((each.after, known.schedule) for each in written if (known := reach.known(each.after)))
    keep_notices(context, told, now)
    done = {change.after.id for change in written}
    lost = (change.before.id for change in changes if change.before.id not in done)
    return list(_again(context, lost))


def keep_notices(
    context: Context, told: Iterable[tuple[InstanceRow, Schedule]], now: float
) -> None:
    """Keeps what is to be told of instances as they are now; whoever tells it judges it again."""
    notices = [each for row, schedule in told for each in expected(row, schedule, now)]
    if notices:
        context.alerts().keep(notices, now)


def _again(context: Context, instances: Iterable[str]) -> Iterator[InstanceRow]:
    found = (context.schedules().instance(instance) for instance in instances)
    return (row for row in found if row)


def _follow(context: Context, written: Iterable[Change], asked: Operation) -> None:
    """What follows from changes that are written: runs end, and wait in another place."""
    if asked.action == "stop":
        for change in written:
            if change.before.status in ("starting", "running"):
                end_run(context, change.before.run)
    elif asked.action == "priority":
        for change in written:
            if change.before.status in ("starting", "running"):
                context.admissions().set_priority(change.before.run, asked.priority)
    elif asked.action == "rerun":
        for origin in {each.after.origin for each in written if each.after.kind == "backfill"}:
            _reopen(context, origin)


def end_run(context: Context, run: str) -> None:
    """Has an instance's run end; one that is gone, or over, has."""
    row = context.store.run(run) if run else None
    if row and row.status in ("queued", "running"):
        cancel(context, row, patience=0.0, takes_over=False)


def _reopen(context: Context, backfill: str) -> None:
    """A backfill that is over goes on, since one of its instances is to run again."""
    row = context.schedules().backfill(backfill)
    if row and row.ended is not None:
        context.schedules().set_backfill(row, "running", None)


def check(asked: Operation, *, has_downstream: bool) -> None:
    """Raises BadRequest for what is said that the action does not take, or is missing."""
    if has_downstream and asked.action != "rerun":
        raise BadRequest(f"downstream: of 'rerun' alone, not of '{asked.action}'")
    if asked.version != "original" and asked.action != "rerun":
        raise BadRequest(f"version: of 'rerun' alone, not of '{asked.action}'")
    if bool(asked.dependency) != (asked.action == "unneed"):
        is_missing = asked.action == "unneed"
        raise BadRequest(
            "dependency: say which one it is to wait for no longer" if is_missing
            else f"dependency: of 'unneed' alone, not of '{asked.action}'"
        )  # fmt: skip
    if asked.action == "priority":
        if not 1 <= asked.priority <= 9:
            raise BadRequest("priority: 1 to 9, the highest first")
    elif asked.priority:
        raise BadRequest(f"priority: of 'priority' alone, not of '{asked.action}'")
