"""When a run is: its business date and scheduled time, as somebody gives them, or as it is now."""

from __future__ import annotations

import os
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from datetime import time as time_of_day
from typing import TYPE_CHECKING, Any

from millwork.base.errors import BadRequest
from millwork.base.records import dataclass
from millwork.plan.scheduling import Timing, evaluated, lists_any

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from datetime import tzinfo

    from millwork.plan.graph import Arguments
    from millwork.spec.tree import Tree

_LOCALTIME, _ZONES = "/etc/localtime", "/zoneinfo/"
_LEAVES = "leaves the years 1 to 9999"


@dataclass(frozen=True)
class Words:
    """What the three arguments are called where they are given."""

    bizdate: str = "bizdate"
    cyctime: str = "cyctime"
    timezone: str = "timezone"


def read_timing(
    now: float,
    bizdate: str = "",
    cyctime: str = "",
    timezone: str = "",
    words: Words | None = None,
    fold: int = 0,
) -> Timing:
    """The clocks of a run at `now`, in Unix seconds.

    The scheduled time is now, to the second, in the zone, which is this machine's if none is said;
    the business date the day before. Of a business date alone the scheduled time is the midnight
    that ends it. `fold` 1 is the second time that a clock shows a `cyctime` in autumn. Raises
    BadRequest with the word for what is no date, time or zone.
    """
    words = words or Words()
    zone = _zone(timezone, words.timezone) if timezone else local_zone()
    try:
        day = read_date(bizdate, words.bizdate) if bizdate else None
        if cyctime:
            time = _time(cyctime, zone, words, fold)
        elif day:
            time = _settled(datetime.combine(day + timedelta(days=1), time_of_day(), zone))
        else:
            time = datetime.fromtimestamp(int(now), zone)
        return Timing(day or time.date() - timedelta(days=1), time)
    except OverflowError:
        wrong = words.cyctime if cyctime else words.bizdate
        raise BadRequest(f"{wrong}: '{cyctime or bizdate}' {_LEAVES}") from None


def timed(
    arguments: Arguments,
    tree: Tree,
    now: float,
    variables: Callable[[], Mapping[str, str]] = dict,
) -> Arguments:
    """The arguments with the clocks of `now`, if the run needs some and is given none.

    `variables` are what `${workspace.x}` is, where the arguments do not say.
    """
    if not lists_any(tree):
        return arguments
    timing = arguments.timing or read_timing(now)
    if "workspace" not in timing.scopes:
        timing = replace(timing, scopes={**timing.scopes, "workspace": variables()})
    return replace(arguments, timing=timing)


def scheduling_facts(tree: Tree, timing: Timing | None) -> dict[str, Any]:
    """What is kept of a run's clocks and the values they gave, by name; within `node.name`."""
    if timing is None:
        return {}
    values = {
        f"{prefix}{name}": value
        for prefix, given in evaluated(tree, timing).items()
        for name, value in given.items()
    }
    return {
        "scheduling": {
            "bizdate": timing.bizdate.isoformat(),
            "cyctime": timing.cyctime.isoformat(),
            "timezone": str(timing.cyctime.tzinfo),
            "values": values,
        }
    }


def local_zone() -> tzinfo:
    """The zone of this machine, by its name if that can be told, else as it is now from UTC."""
    from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

    name = os.environ.get("TZ", "").lstrip(":")
    if not name:
        name = os.path.realpath(_LOCALTIME).partition(_ZONES)[2]
    try:
        return ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError, OSError):
        return datetime.now().astimezone().tzinfo or UTC


def _settled(time: datetime) -> datetime:
    from millwork.spec.dates.calendar import settled

    return settled(time)


def _zone(name: str, word: str) -> tzinfo:
    from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

    try:
        return ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError, OSError):
        raise BadRequest(f"{word}: there is no zone {_shown(name)}; one is Europe/Berlin") from None


def read_date(text: str, word: str) -> date:
    """The date that a text is; raises BadRequest with the word for anything else."""
    try:
        return date.fromisoformat(text)
    except ValueError:
        raise BadRequest(f"{word}: {_shown(text)} is no date such as 2024-02-29") from None


def _time(text: str, zone: tzinfo, words: Words, fold: int) -> datetime:
    word = words.cyctime
    try:
        time = datetime.fromisoformat(text).replace(microsecond=0)
    except ValueError:
        raise BadRequest(f"{word}: {_shown(text)} is no time such as 2024-02-29T06:00") from None
    if time.tzinfo is not None:
        raise BadRequest(
            f"{word}: a time of the zone, without an offset; {words.timezone} names the zone"
        )
    return _settled(time.replace(tzinfo=zone, fold=fold))


def _shown(text: str) -> str:
    return ascii(text[:60])
