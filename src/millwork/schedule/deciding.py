"""What becomes of an instance whose time has come, and of one whose run is over.

Pure: rows in, changes out. A change that somebody else was faster than is none.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from millwork.ports.schedules import Change
from millwork.schedule.instances import run_id
from millwork.schedule.reasons import say

if TYPE_CHECKING:
    from collections.abc import Iterable

    from millwork.ports.schedules import Ended, InstanceRow, Outcome
    from millwork.schedule.needs import Found, Known
    from millwork.spec.schedule import Schedule

GRACE = 300.0
"""Seconds after its time within which a cycle that is first looked at was not missed."""


def arrived(instance: InstanceRow, now: float) -> Change:
    """The scheduler has found that its time has come."""
    return Change(instance, replace(instance, arrived=now), "arrived")


def missed(instance: InstanceRow, known: Known, newer: InstanceRow | None) -> str:
    """Why a cycle that nobody was there for is not made up for; empty if it is.

    `newer` is the schedule's newest instance whose time has come too. Every scheduler's users
    complain of avalanches after a night without a server (reference/platform.md section 2).
    """
    if instance.kind != "recurring" or instance.tries or instance.arrived is None:
        return ""
    late = instance.arrived - instance.instant
    if late <= GRACE:
        return ""
    schedule = known.schedule
    if schedule.max_age is not None and late > schedule.max_age:
        return say("missed_max_age", late=round(late))
    if schedule.catch_up == "none":
        return say("missed_none", late=round(late))
    if schedule.catch_up == "latest" and newer and newer.instant > instance.instant:
        return say("missed_latest", late=round(late))
    return ""


def why_waits(instance: InstanceRow, needs: Iterable[Found], now: float) -> list[str]:
    """Why an instance does not start yet, in the order of what is asked; empty if it may."""
    reasons = []
    if instance.is_frozen:
        reasons.append(say("frozen"))
    if instance.due > now:
        reasons.append(say("again" if instance.failures > 0 else "time"))
    return [*reasons, *(each.why for each in needs if each.why)]


def decided(
    instance: InstanceRow,
    known: Known,
    needs: Iterable[Found],
    now: float,
    missed_for: str = "",
) -> Change | None:
    """What becomes of an instance now; None while it waits.

    That of a frozen schedule fails at its time, and so blocks what depends on it; one without work
    on that day, and one of a schedule that is skipping, succeeds without a run.
    """
    if instance.due > now or instance.is_frozen:
        return None
    is_switched = instance.kind in ("recurring", "triggered")
    if known.row.state == "frozen" and is_switched and not instance.tries:
        return over(instance, "failed", say("schedule_frozen"), now)
    if missed_for:
        return over(instance, "succeeded", missed_for, now)
    if any(each.why for each in needs):
        return None
    if instance.is_dry:
        return over(instance, "succeeded", say(_why_dry(instance, known)), now)
    if known.row.state == "skipping" and is_switched:
        return over(instance, "succeeded", say("skipping"), now)
    return begun(instance, now)


def _why_dry(instance: InstanceRow, known: Known) -> str:
    recurrence = known.schedule.recurrence
    if instance.kind == "backfill" and recurrence and recurrence.is_on(instance.day):
        return "excluded"
    return "no_work"


def begun(instance: InstanceRow, now: float) -> Change:
    """It has a run, whose id is known before there is one: it is never asked for twice."""
    after = replace(
        instance, status="starting", run=run_id(instance, now), tries=instance.tries + 1,
        reason="", began=now, ended=None,
    )  # fmt: skip
    return Change(instance, after, "starting", data={"run": after.run, "version": after.uses})


def over(
    instance: InstanceRow, outcome: Outcome, reason: str, now: float, person: str = ""
) -> Change:
    """It is over, and why."""
    after = replace(instance, status=outcome, reason=reason, ended=now)
    data = {"reason": reason} if reason else {}
    return Change(instance, after, outcome, person, data)


def ended(event: Ended, schedule: Schedule | None, now: float) -> Change:
    """What the end of its run makes of an instance: retried, or over.

    Without a schedule, which was withdrawn meanwhile, it is over.
    """
    instance = event.instance
    if event.status == "succeeded":
        return over(instance, "succeeded", "", now)
    if not event.status:
        return over(instance, "failed", say("run_gone", run=instance.run), now)
    reason = instance.reason or _of_run(event)
    failures = instance.failures + 1
    is_stopped = event.status == "cancelled" and not instance.reason
    failed = replace(instance, failures=failures)
    if is_stopped or schedule is None or failures > schedule.retries:
        return replace(over(failed, "failed", reason, now), before=instance)
    after = replace(
        failed, status="waiting", reason=reason, due=now + schedule.retry_after, ended=None
    )
    return Change(instance, after, "retried", data={"reason": reason, "failures": failures})


def _of_run(event: Ended) -> str:
    code = "run_cancelled" if event.status == "cancelled" else "run_failed"
    why = {"why": event.reason} if event.reason else {}
    return say(code, run=event.instance.run, **why)


def timed_out(instance: InstanceRow, schedule: Schedule, now: float) -> Change | None:
    """An instance that has run too long: its run is to end, and counts as a failure then."""
    if schedule.timeout is None or instance.reason or instance.began is None:
        return None
    if now - instance.began <= schedule.timeout:
        return None
    reason = say("timeout", after=round(now - instance.began))
    return Change(instance, replace(instance, reason=reason), "timeout", data={"reason": reason})
