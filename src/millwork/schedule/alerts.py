"""What is told of an instance, to whom, when, and in what words.

A notice is kept when an instance is made or changes, and may lie in the future: that it is not
finished by eight is kept when it is made. Whether it still holds is looked at when it is due.
"""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import UTC, date, datetime, time, timedelta
from hashlib import sha256
from typing import TYPE_CHECKING, Any
from zoneinfo import ZoneInfo

from millwork.base.records import dataclass
from millwork.base.sizes import format_duration, write_duration
from millwork.spec.dates.calendar import settled

if TYPE_CHECKING:
    from collections.abc import Mapping

    from millwork.ports.schedules import InstanceRow, Kind
    from millwork.spec.schedule import Alert, Moment, Schedule

LONGEST = 7 * 86_400.0
"""Seconds after which what still holds is news no longer."""
_KINDS: tuple[Kind, ...] = ("recurring", "triggered")  # who begins another one looks at it
_DAY, _MINUTE = 1440, 60  # minutes, seconds
_NAME, _REASON = 200, 1000  # letters that are told


@dataclass(frozen=True)
class Rule:
    """What a notice keeps of its schedule, which may say something else by the time it is due.

    The fields are those of `spec.schedule.Schedule` and `Alert`.
    """

    pipeline: str
    timezone: str
    display_name: str = ""
    timeout: float | None = None
    by: int | None = None
    silent: tuple[int, int] | None = None
    every: float | None = None
    most: int = 10

    @property
    def zone(self) -> ZoneInfo:
        """The zone of the schedule."""
        return ZoneInfo(self.timezone)


@dataclass(frozen=True)
class Notice:
    """That something is so since an instant, for one address; it is told for the `number`-th time.

    Numbers begin at 0. Times are Unix seconds. Notices that are equal in instance, moment, address,
    `since` and `number` are one.
    """

    workspace: str
    schedule: str
    instance: str
    moment: Moment
    address: str
    since: float
    number: int
    due: float
    rule: Rule

    @property
    def key(self) -> str:
        """What this notice is known by to whoever gets it, perhaps twice."""
        said = [self.instance, self.moment, self.address, self.since, self.number]
        return sha256(json.dumps(said).encode()).hexdigest()[:32]


@dataclass(frozen=True)
class Message:
    """What is sent: a subject of one line and a text for people, a document for programs."""

    subject: str
    text: str
    document: Mapping[str, Any]


# --- when -------------------------------------------------------------------------------------


def expected(row: InstanceRow, schedule: Schedule, now: float) -> list[Notice]:
    """What is to be told of an instance as it is now, or later if it stays so.

    It is asked when an instance has been made or has changed, and as often as one likes: what is
    the same is kept once. Of backfills, tests and dry runs nothing is told.
    """
    if row.kind not in _KINDS or row.is_dry:
        return []
    found = []
    for alert in schedule.alerts:
        rule = _rule(alert, schedule)
        since = _since(alert.on, row, rule)
        if since is None or now - since > LONGEST:
            continue
        if alert.on == "unfinished" and since < now and row.tries:
            continue  # it is done again, after it was judged
        due = after_silence(max(since, now), rule)
        found += [
            Notice(row.workspace, row.schedule, row.id, alert.on, to, since, 0, due, rule)
            for to in alert.to
        ]
    return found


def holds(notice: Notice, row: InstanceRow) -> bool:
    """Whether what a notice says is so of the instance as it is now."""
    if notice.moment == "timeout" and notice.number and row.is_over:
        return False
    return _since(notice.moment, row, notice.rule) == notice.since


def admitted(rule: Rule, at: float, told: int) -> float:
    """The first instant from `at` on at which something may be told.

    `told` is how often it has been on that civil day.
    """
    return after_silence(_midnight(rule, at, 1) if told >= rule.most else at, rule)


def day_of(rule: Rule, at: float) -> float:
    """The instant at which a civil day of the schedule's zone began."""
    return _midnight(rule, at, 0)


def again(notice: Notice, now: float) -> Notice | None:
    """The next notice of the same, if it is told again after it was told now."""
    every = notice.rule.every
    if every is None or notice.moment == "finished":
        return None
    if now + every - notice.since > LONGEST:
        return None
    due = after_silence(now + every, notice.rule)
    return replace(notice, number=notice.number + 1, due=due)


def after_silence(at: float, rule: Rule) -> float:
    """`at`, or the end of the silence in which it lies, as the clock of the zone shows it."""
    if rule.silent is None:
        return at
    begin, end = (minute % _DAY for minute in rule.silent)
    if begin == end:
        return at
    length, zone = (end - begin) % _DAY, rule.zone

    def left(at: float) -> int:
        """Minutes of silence to come by the clock, which may be changed meanwhile."""
        shown = datetime.fromtimestamp(at, zone)
        gone = (shown.hour * 60 + shown.minute - begin) % _DAY
        return max(length - gone, 0)

    if not left(at):
        return at
    at -= at % _MINUTE
    until = at + left(at) * _MINUTE
    if _offset(at, zone) == _offset(until, zone):
        return until
    while left(at):
        at += _MINUTE
    return at


def deadline(day: date, by: int, zone: ZoneInfo) -> float:
    """The instant `by` minutes, as the clock shows them, after the midnight that begins `day`."""
    days, minutes = divmod(by, _DAY)
    at = datetime.combine(day + timedelta(days=days), time(minutes // 60, minutes % 60), zone)
    return settled(at).timestamp()


def _rule(alert: Alert, schedule: Schedule) -> Rule:
    return Rule(
        schedule.pipeline, schedule.timezone, schedule.display_name, schedule.timeout,
        alert.by, alert.silent, alert.every, alert.most,
    )  # fmt: skip


def _since(moment: Moment, row: InstanceRow, rule: Rule) -> float | None:
    """Since when it is so, or from when on it will be if the instance stays as it is."""
    if moment == "failed":
        return row.ended if row.status == "failed" else None
    if moment == "finished":
        return row.ended if row.status == "succeeded" and row.tries else None  # it did work
    if moment == "timeout":
        if row.began is None or rule.timeout is None or row.status == "waiting":
            return None
        late = row.began + rule.timeout
        return None if row.is_over and (row.ended or 0.0) < late else late
    if rule.by is None or row.status in ("succeeded", "cancelled"):
        return None
    late = deadline(row.day, rule.by, rule.zone)
    return late if row.instant <= late else None  # later cycles of the day are not awaited


def _midnight(rule: Rule, at: float, days: int) -> float:
    day = datetime.fromtimestamp(at, rule.zone).date() + timedelta(days=days)
    return deadline(day, 0, rule.zone)


def _offset(at: float, zone: ZoneInfo) -> timedelta | None:
    return datetime.fromtimestamp(at, zone).utcoffset()


# --- in what words ----------------------------------------------------------------------------


def message(notice: Notice, row: InstanceRow, now: float) -> Message:
    """What is told, of the instance as it is now."""
    head = _HEADS[notice.moment]
    name, workspace = _line(row.schedule), _line(notice.workspace)
    subject = f"{head}: {name}, business date {row.bizdate} (workspace {workspace})"
    if notice.number:
        subject = f"{subject}, told again ({notice.number})"
    display = _line(notice.rule.display_name)
    facts = {
        "schedule": f"{name} ({display})" if display else name,
        "workspace": workspace,
        "business date": row.bizdate.isoformat(),
        "scheduled time": f"{_shown(row.instant, notice.rule)}, {notice.rule.timezone}",
        "what happened": _happened(notice, row, now),
        "why": _line(row.reason, _REASON) or "no reason is recorded",
        "run": row.run or "none was begun",
        "instance": row.id,
    }
    if notice.moment == "finished":
        del facts["why"]
    lines = [f"{f'{label}:':16}{text}" for label, text in facts.items()]
    text = "\n".join([f"{subject}.", "", *lines, "", _advice(notice, row), *_often(notice)])
    return Message(subject, f"{text}\n", _document(notice, row, now, subject, text))


_HEADS: Mapping[Moment, str] = {
    "failed": "Failed",
    "finished": "Finished",
    "unfinished": "Not finished in time",
    "timeout": "Running too long",
}


def _happened(notice: Notice, row: InstanceRow, now: float) -> str:
    rule = notice.rule
    if notice.moment in ("failed", "finished"):
        return f"it {notice.moment} at {_shown(notice.since, rule)}"
    if notice.moment == "unfinished":
        return f"it is {row.status}, and should be done by {_shown(notice.since, rule)}"
    ran = format_duration((now if row.ended is None else row.ended) - (row.began or now))
    longest = write_duration(rule.timeout or 0.0)
    return f"its run took {ran} when this was sent, and should take {longest} at most"


def _advice(notice: Notice, row: InstanceRow) -> str:
    if notice.moment == "finished":
        return "Nothing has to be done."
    look = f"See `millwork runs show {row.run}`" if row.run else "See the instance's page"
    if row.status in ("failed", "cancelled"):
        return f"{look}; when the cause is mended, rerun the instance and what waits for it."
    if row.status == "waiting":
        return "See on the instance's page what it waits for."
    return f"{look}; stop the instance if it does not go on."


def _often(notice: Notice) -> list[str]:
    rule = notice.rule
    if rule.every is None or notice.moment == "finished":
        return []
    every = write_duration(rule.every)
    return [f"While it is so, you are told again each {every}, {rule.most} times a day at most."]


def _document(
    notice: Notice, row: InstanceRow, now: float, subject: str, text: str
) -> dict[str, Any]:
    return {
        "id": notice.key,
        "moment": notice.moment,
        "number": notice.number,
        "time": _iso(now),
        "since": _iso(notice.since),
        "workspace": notice.workspace,
        "schedule": row.schedule,
        "version": row.version,
        "display_name": notice.rule.display_name,
        "pipeline": notice.rule.pipeline,
        "bizdate": row.bizdate.isoformat(),
        "scheduled": datetime.fromtimestamp(row.instant, notice.rule.zone).isoformat(),
        "timezone": notice.rule.timezone,
        "instance": row.id,
        "status": row.status,
        "reason": row.reason[:_REASON],
        "run": row.run,
        "subject": subject,
        "text": text,
    }


def _shown(instant: float, rule: Rule) -> str:
    at = datetime.fromtimestamp(instant, rule.zone)
    offset = at.isoformat()[-6:]
    return f"{at:%Y-%m-%d %H:%M} {offset}"


def _iso(instant: float) -> str:
    return datetime.fromtimestamp(instant, UTC).isoformat(timespec="seconds")


def _line(text: str, longest: int = _NAME) -> str:
    """A text in one line, without what is no letter: it may stand in a subject."""
    shown = "".join(letter if letter.isprintable() else " " for letter in text)
    line = " ".join(shown.split())
    return line if len(line) <= longest else f"{line[: longest - 1]}…"
