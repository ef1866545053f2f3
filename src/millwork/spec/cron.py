"""Cron expressions: `00 30 02 * * ?` and `30 2 * * *` to times of day and a rule of days.

Six or seven fields are Quartz': seconds first, weekdays 1 to 7 from Sunday on, a year at the end.
DataWorks' six number weekdays from Monday on, so that people are warned of numbers. Five are Unix':
weekdays 0 to 7, Sunday at both ends, and a day of the month and a weekday that are both given are
either of them (cron(5); cronsim 2.8 is the tests' second opinion).
A minute or hour that is `*`, a range or a step is work of minutes or hours, and follows a changed
clock; a list of times is work of a day.
"""

from __future__ import annotations

import re
from datetime import date, time
from typing import TYPE_CHECKING, NoReturn

from millwork.base.errors import BadRequest
from millwork.base.records import dataclass, field
from millwork.spec.recurrence import LAST, DayRule, Recurrence

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from millwork.spec.recurrence import Every

_LONGEST = 200
_MONTHS = {
    "JAN": 1, "FEB": 2, "MAR": 3, "APR": 4, "MAY": 5, "JUN": 6,
    "JUL": 7, "AUG": 8, "SEP": 9, "OCT": 10, "NOV": 11, "DEC": 12,
}  # fmt: skip
_DAYS = ("Sunday", "Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday")
_WEEKDAYS = tuple(day[:3].upper() for day in _DAYS)
_TERM = re.compile(r"(?P<all>\*)|(?P<first>\w+)(?:-(?P<last>\w+))?")
_OF_MONTH = re.compile(r"(?P<last>L)(?:-(?P<before>[0-9]{1,2}))?(?P<near>W)?|(?P<day>[0-9]{1,2})W")
_WEEKDAY_NUMBER = re.compile(r"(?<![\w#/])[1-7]")
_OF_WEEK = re.compile(r"(?P<day>[0-9]|[A-Z]{3})(?:#(?P<nth>[0-9])|L)")


@dataclass(frozen=True)
class _Kind:
    """A field of a cron: what it is called, and its numbers and words."""

    name: str
    low: int
    high: int
    words: Mapping[str, int] = field(default_factory=dict)


_SECOND, _MINUTE, _HOUR = _Kind("second", 0, 59), _Kind("minute", 0, 59), _Kind("hour", 0, 23)
_DAY, _MONTH = _Kind("day of the month", 1, 31), _Kind("month", 1, 12, _MONTHS)
_YEAR = _Kind("year", 1970, 2099)
_QUARTZ_WEEKDAY = _Kind("weekday", 1, 7, {word: at + 1 for at, word in enumerate(_WEEKDAYS)})
_UNIX_WEEKDAY = _Kind("weekday", 0, 7, {word: at for at, word in enumerate(_WEEKDAYS)})
_QUARTZ = (_SECOND, _MINUTE, _HOUR, _DAY, _MONTH, _QUARTZ_WEEKDAY, _YEAR)
_UNIX = (_MINUTE, _HOUR, _DAY, _MONTH, _UNIX_WEEKDAY)


def read_cron(text: str) -> Recurrence:
    """The recurrence that a cron expression is.

    Raises BadRequest with the field and the column of what is not understood, and if no day is
    ever meant.
    """
    words = list(re.finditer(r"\S+", text))
    if len(text) > _LONGEST or len(words) not in (5, 6, 7):
        raise BadRequest(
            f"'{text[:60]}' is no cron: it has five fields (30 2 * * *: minute, hour, day, month, "
            "weekday), or six or seven with seconds first and the year last (00 30 02 * * ?)"
        )
    kinds = _UNIX if len(words) == 5 else _QUARTZ
    fields = {
        kind.name: _Field(kind, word[0].upper(), word.start(), text)
        for kind, word in zip(kinds, words, strict=False)
    }
    return Recurrence(_every(fields), _times(fields), rule=_rule(fields), cron=text)


def weekday_doubt(text: str) -> str:
    """What to tell whoever names weekdays by number in six or seven fields; empty: nothing.

    DataWorks' `00 05 00 * * 2,5` is Tuesday and Friday (its CreateFile, field CronExpress).
    """
    words = text.split()
    found = _WEEKDAY_NUMBER.search(words[5]) if len(words) > 5 else None
    if found is None or words[5] == "1-7":
        return ""
    number = int(found[0])
    ours, theirs = _DAYS[number - 1], _DAYS[number % 7]
    write = f"{ours[:3].upper()} or {theirs[:3].upper()}"
    return (
        f"weekday {number} is {ours} here, as Quartz has it, and {theirs} in DataWorks: "
        f"write {write}, which are the same everywhere"
    )


def _every(fields: Mapping[str, _Field]) -> Every:
    if fields["minute"].is_varied:
        return "minute"
    return "hour" if fields["hour"].is_varied else "day"


def _times(fields: Mapping[str, _Field]) -> tuple[time, ...]:
    seconds = fields["second"].numbers() if "second" in fields else {0}
    if len(seconds) > 1:
        fields["second"].refuse("one second alone: nothing is due more than once a minute")
    (second,) = seconds
    hours, minutes = sorted(fields["hour"].numbers()), sorted(fields["minute"].numbers())
    return tuple(time(hour, minute, second) for hour in hours for minute in minutes)


def _rule(fields: Mapping[str, _Field]) -> DayRule | None:
    day, weekday = fields["day of the month"], fields["weekday"]
    is_both = not (day.is_open or weekday.is_open)
    if is_both and weekday.kind is _QUARTZ_WEEKDAY:
        weekday.refuse("a day of the month is given already; put ? for one of the two")
    days, near = day.days()
    year = fields.get("year")
    rule = DayRule(
        year.numbers() if year and year.text != "*" else frozenset(),
        fields["month"].numbers() if fields["month"].text != "*" else frozenset(),
        days, near, weekday.weekdays(), is_both,
    )  # fmt: skip
    if rule == DayRule():
        return None
    if not _is_ever(rule):
        day.refuse("there is no such day")
    return rule


def _is_ever(rule: DayRule) -> bool:
    """Whether a day is meant at all; 28 years have every day of the year on every weekday."""
    for year in sorted(rule.years) or range(2000, 2028):
        days = range(date(year, 1, 1).toordinal(), date(year, 12, 31).toordinal() + 1)
        if any(rule.holds(date.fromordinal(each)) for each in days):
            return True
    return False


@dataclass(frozen=True)
class _Field:
    """One field as it was written, `at` so many characters from the beginning of `whole`."""

    kind: _Kind
    text: str
    at: int
    whole: str

    @property
    def is_open(self) -> bool:
        """Whether it leaves to the other field of days which they are, as cron(5) has it."""
        return self.text[0] in "*?"

    @property
    def is_varied(self) -> bool:
        """Whether it says how often, and not at which times."""
        return any(sign in self.text for sign in "*/-")

    def numbers(self) -> frozenset[int]:
        """The numbers that it stands for."""
        return frozenset(n for term, at in self._terms() for n in self._of(term, at))

    def days(self) -> tuple[frozenset[int], frozenset[int]]:
        """Days of the month, and those near which a day of Monday to Friday is meant."""
        days: set[int] = set()
        near: set[int] = set()
        if self.text in ("*", "?"):
            return frozenset(), frozenset()
        for term, at in self._terms():
            found = _OF_MONTH.fullmatch(term)
            if found is None:
                days.update(self._of(term, at))
            elif found["last"]:
                before = int(found["before"] or 0)
                self._within(before, 0, 30, at)
                (near if found["near"] else days).add(LAST - before)
            else:
                near.add(self._within(int(found["day"]), 1, 31, at))
        return frozenset(days), frozenset(near)

    def weekdays(self) -> frozenset[tuple[int, int]]:
        """Weekdays 1 to 7, Monday first, each with which of the month's it is."""
        if self.text in ("*", "?"):
            return frozenset()
        return frozenset(pair for term, at in self._terms() for pair in self._of_week(term, at))

    def _of_week(self, term: str, at: int) -> Iterator[tuple[int, int]]:
        if term == "L" and self.kind is _QUARTZ_WEEKDAY:
            yield 6, 0  # the week's last day there is a Saturday
            return
        found = _OF_WEEK.fullmatch(term)
        if found is None:
            yield from ((self._iso(number), 0) for number in self._of(term, at))
            return
        nth = self._within(int(found["nth"]), 1, 5, at) if found["nth"] else LAST
        yield self._iso(self._number(found["day"], at)), nth

    def _iso(self, number: int) -> int:
        return (number - 1 - self.kind.low) % 7 + 1

    def _terms(self) -> Iterator[tuple[str, int]]:
        at = self.at
        for term in self.text.split(","):
            yield term, at
            at += len(term) + 1

    def _of(self, term: str, at: int) -> Iterator[int]:
        """The numbers of `*`, `5`, `5-9`, and of each with a step."""
        kind = self.kind
        span, slash, step = term.partition("/")
        found = _TERM.fullmatch(span)
        if found is None or (slash and not (step.isdecimal() and step.isascii())):
            self.refuse(f"'{term}' is not understood", at)
        by = self._within(int(step[:9]), 1, kind.high, at) if slash else 1
        if found["all"]:
            yield from range(kind.low, kind.high + 1, by)
            return
        first = self._number(found["first"], at)
        last = kind.high if slash else first
        if found["last"]:
            last = self._number(found["last"], at)
            if last < first:
                last = self._around(first, last, at)
        length = kind.high - kind.low + 1
        yield from ((each - kind.low) % length + kind.low for each in range(first, last + 1, by))

    def _around(self, first: int, last: int, at: int) -> int:
        """The end of a range that goes on from the beginning: 22-2, FRI-MON."""
        if self.kind is _UNIX_WEEKDAY and last == 0:
            return 7
        if self.kind is _YEAR or self.kind is _UNIX_WEEKDAY:
            self.refuse(f"{first}-{last} goes backwards", at)
        return last + self.kind.high - self.kind.low + 1

    def _number(self, word: str, at: int) -> int:
        if word in self.kind.words:
            return self.kind.words[word]
        if not (word.isdecimal() and word.isascii()):
            self.refuse(f"'{word}' is not understood", at)
        return self._within(int(word[:9]), self.kind.low, self.kind.high, at)

    def _within(self, number: int, low: int, high: int, at: int) -> int:
        if not low <= number <= high:
            self.refuse(f"{number} is not {low} to {high}", at)
        return number

    def refuse(self, reason: str, at: int | None = None) -> NoReturn:
        """Says that the field is wrong, and where."""
        column = (self.at if at is None else at) + 1
        raise BadRequest(f"'{self.whole}', column {column}, {self.kind.name}: {reason}")
