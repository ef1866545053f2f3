"""The language of scheduling parameters: `part_${yyyymmdd}_$[hh24-1/24]`, read and evaluated.

It is DataWorks' (reference/platform.md 1.1), with DolphinScheduler's calendar functions. Where the
sources disagree the decision stands in docs/decisions/scheduling-language.md. What is not in the
language is refused when it is read: nothing is ever passed through unchanged.
"""

from __future__ import annotations

import re
from datetime import date, datetime
from fractions import Fraction
from typing import TYPE_CHECKING, NoReturn, Protocol

from millwork.base.errors import BadRequest
from millwork.base.records import dataclass, field
from millwork.spec.dates import calendar
from millwork.spec.dates.formats import Format, read_format

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping

LONGEST = 1000
SYSTEM = ("bizdate", "cyctime", "gmtdate", "bizmonth", "jobid", "nodeid", "taskid")
SCOPES = ("workflow", "workspace", "node")

_PIECES = re.compile(r"\$\{(?P<date>[^{}]*)\}|\$\[(?P<time>[^\[\]]*)\]|\$(?P<name>[A-Za-z_]\w*)")
_SCOPED = re.compile(rf"(?P<scope>{'|'.join(SCOPES)})\.(?P<name>[A-Za-z_][\w.]*)")
_CALL = re.compile(r"(?P<function>[a-z_]+)\((?P<inside>[^()]*)\)")
_SHIFT = re.compile(r"[+-]\d+(?:[*/]\d+)*$")
_WHOLE = re.compile(r"[+-]?\d+(?:\*\d+)*")
_MOST_DIGITS = 9


@dataclass(frozen=True)
class Clocks:
    """What the clocks of an instance show.

    `bizdate` is the business date, `cyctime` the scheduled time, aware and in the schedule's zone.
    `names` are the values of `$jobid`, `$nodeid` and `$taskid`; `scopes` those of `${workflow.x}`
    and `${workspace.x}`, and of what upstream nodes have given, `${node.x}`.
    """

    bizdate: date
    cyctime: datetime
    names: Mapping[str, str] = field(default_factory=dict)
    scopes: Mapping[str, Mapping[str, str]] = field(default_factory=dict)


class Part(Protocol):
    """A part of an expression."""

    def at(self, clocks: Clocks) -> str:
        """Its value; raises BadRequest if it has none there."""


@dataclass(frozen=True)
class Expression:
    """An expression that has been read."""

    text: str
    parts: tuple[Part, ...]

    @property
    def is_constant(self) -> bool:
        """Whether it has the same value in every cycle."""
        return all(isinstance(part, Constant) for part in self.parts)

    def at(self, clocks: Clocks) -> str:
        """Its value; raises BadRequest if a date leaves the years 1 to 9999, or a name has none."""
        try:
            return "".join(part.at(clocks) for part in self.parts)
        except (OverflowError, ValueError):
            raise BadRequest(f"'{self.text}' leaves the years 1 to 9999") from None

    @property
    def scoped(self) -> frozenset[tuple[str, str]]:
        """The scope and name of each value that it takes from elsewhere."""
        return frozenset((p.scope, p.name) for p in self.parts if isinstance(p, Scoped))


@dataclass(frozen=True)
class Constant:
    """Text as it is."""

    text: str

    def at(self, _: Clocks) -> str:
        """The text."""
        return self.text


@dataclass(frozen=True)
class SystemName:
    """`$bizdate` and its kin."""

    name: str

    def at(self, clocks: Clocks) -> str:
        """Its value; the clocks' own names have none without an instance."""
        if self.name == "bizdate":
            return f"{clocks.bizdate:%Y%m%d}".zfill(8)
        if self.name == "cyctime":
            return f"{clocks.cyctime:%Y%m%d%H%M%S}".zfill(14)
        if self.name == "gmtdate":
            return f"{clocks.cyctime:%Y%m%d}".zfill(8)
        if self.name == "bizmonth":
            return calendar.business_month(clocks.bizdate, clocks.cyctime.date())
        return _known(clocks.names, self.name, f"${self.name}")


@dataclass(frozen=True)
class Scoped:
    """A value of the workflow, the workspace, or an upstream node."""

    scope: str
    name: str

    def at(self, clocks: Clocks) -> str:
        """The value in its scope."""
        values = clocks.scopes.get(self.scope, {})
        return _known(values, self.name, f"${{{self.scope}.{self.name}}}")


@dataclass(frozen=True)
class BusinessDate:
    """`${yyyymm-1}`: the business date, moved by its finest unit."""

    format: Format
    amount: int

    def at(self, clocks: Clocks) -> str:
        """The date as the format has it."""
        day = calendar.moved(clocks.bizdate, self.amount, self.format.finest)
        return self.format.written(datetime(day.year, day.month, day.day))  # noqa: DTZ001  a date


@dataclass(frozen=True)
class ScheduledTime:
    """`$[hh24-1/24]`: the scheduled time, moved by days of the calendar or by elapsed time."""

    format: Format
    move: Callable[[datetime], datetime]

    def at(self, clocks: Clocks) -> str:
        """The time as the format has it."""
        return self.format.written(self.move(clocks.cyctime))


@dataclass(frozen=True)
class Week:
    """`$[year_week(yyyy-mm-dd,5)]`: the year and number of a week that begins on a weekday."""

    format: Format
    first: int

    def at(self, clocks: Clocks) -> str:
        """Year and week, with the format's first separator between them."""
        year, week = calendar.year_and_week(clocks.cyctime.date(), self.first)
        return f"{year:04}{self.format.separator}{week:02}"


def read(text: str) -> Expression:
    """The expression that a text is.

    Raises BadRequest with the column of what is not in the language.
    """
    if len(text) > LONGEST:
        raise BadRequest(f"an expression has at most {LONGEST} characters")
    return Expression(text, tuple(_parts(text)))


def _parts(text: str) -> Iterator[Part]:
    at = 0
    for piece in _PIECES.finditer(text):
        if piece.start() > at:
            yield _constant(text, at, piece.start())
        yield _reference(text, piece)
        at = piece.end()
    if at < len(text):
        yield _constant(text, at, len(text))


def _constant(text: str, start: int, end: int) -> Constant:
    constant = text[start:end]
    wrong = re.search(r"[\s=$]", constant)
    if wrong and wrong[0] == "$":
        _refuse(text, start + wrong.start(), "'$' begins no ${...}, $[...] or $name")
    if wrong:
        _refuse(text, start + wrong.start(), "a value has no space and no '='")
    return Constant(constant)


def _reference(text: str, piece: re.Match[str]) -> Part:
    try:
        if piece["name"] is not None:
            return _system_name(piece["name"])
        if piece["date"] is not None:
            return _of_date(piece["date"])
        return _of_time(piece["time"])
    except BadRequest as error:
        _refuse(text, piece.start(), f"{piece[0]}: {error}")


def _system_name(name: str) -> Part:
    if name not in SYSTEM:
        raise BadRequest(f"no such name; there are {', '.join(f'${known}' for known in SYSTEM)}")
    return SystemName(name)


def _of_date(inside: str) -> Part:
    if scoped := _SCOPED.fullmatch(inside):
        return Scoped(scoped["scope"], scoped["name"])
    layout, shift = _split(inside)
    if "/" in shift:
        raise BadRequest("the business date has no hours: that is $[...]")
    format_ = read_format(layout)
    if format_.has_time:
        raise BadRequest("the business date has no hours, minutes or seconds: that is $[...]")
    return BusinessDate(format_, _whole(shift) if shift else 0)


def _of_time(inside: str) -> Part:
    if call := _CALL.fullmatch(inside):
        return _of_function(call["function"], call["inside"].split(","))
    layout, shift = _split(inside)
    format_ = read_format(layout)
    if not shift:
        return ScheduledTime(format_, _as_it_is)
    if "/" not in shift:
        if format_.finest in ("year", "month"):
            raise BadRequest("months and years are moved by $[add_months(...)]")
        days = _whole(shift)
        return ScheduledTime(format_, lambda time: calendar.by_days(time, days))
    seconds = _days(shift) * 86_400
    if seconds.denominator != 1:
        raise BadRequest(f"{shift} of a day is no whole number of seconds")
    return ScheduledTime(format_, lambda time: calendar.by_seconds(time, int(seconds)))


def _of_function(function: str, arguments: list[str]) -> Part:
    if function not in _FUNCTIONS:
        raise BadRequest(f"no such function; there are {', '.join(_FUNCTIONS)}")
    least, most, make = _FUNCTIONS[function]
    if not least <= len(arguments) <= most:
        wanted = "a format and a number" if least == most == 2 else "a format"
        raise BadRequest(f"{function} takes {wanted}")
    format_ = read_format(arguments[0], is_java=function != "add_months")
    return make(format_, _whole(arguments[1]) if len(arguments) > 1 else None)


def _months(format_: Format, amount: int | None) -> Part:
    months = amount or 0
    return ScheduledTime(format_, lambda time: calendar.by_months(time, months))


def _day(format_: Format, _: int | None) -> Part:
    return ScheduledTime(format_, _as_it_is)


def _yesterday(format_: Format, _: int | None) -> Part:
    return ScheduledTime(format_, lambda time: calendar.by_days(time, -1))


def _week(format_: Format, first: int | None) -> Part:
    if first is not None and not 1 <= first <= 7:
        raise BadRequest("a week begins on 1 (Monday) to 7 (Sunday)")
    return Week(format_, first or 1)


def _edge(of: Callable[[datetime, int], datetime]) -> Callable[[Format, int | None], Part]:
    def make(format_: Format, amount: int | None) -> Part:
        return ScheduledTime(format_, lambda time: of(time, amount or 0))

    return make


_FUNCTIONS: Mapping[str, tuple[int, int, Callable[[Format, int | None], Part]]] = {
    "add_months": (2, 2, _months),
    "this_day": (1, 1, _day),
    "last_day": (1, 1, _yesterday),
    "year_week": (1, 2, _week),
    "month_first_day": (2, 2, _edge(calendar.month_first_day)),
    "month_last_day": (2, 2, _edge(calendar.month_last_day)),
    "week_first_day": (2, 2, _edge(calendar.week_first_day)),
    "week_last_day": (2, 2, _edge(calendar.week_last_day)),
}


def _split(inside: str) -> tuple[str, str]:
    """The format, and by how much it is moved."""
    shift = _SHIFT.search(inside)
    return (inside[: shift.start()], shift[0]) if shift else (inside, "")


def _whole(text: str) -> int:
    if not _WHOLE.fullmatch(text):
        raise BadRequest(f"'{text}' is no whole number, or product of some")
    number = _days(text)
    assert number.denominator == 1
    return int(number)


def _days(text: str) -> Fraction:
    """What a product and quotient of whole numbers comes to, from left to right."""
    first, *rest = re.findall(r"[+\-*/]?\d+", text)
    if any(len(term) > _MOST_DIGITS for term in (first, *rest)):
        raise BadRequest(f"numbers have at most {_MOST_DIGITS - 1} digits")
    value = Fraction(first)
    for term in rest:
        number = int(term[1:])
        if term[0] == "/" and number == 0:
            raise BadRequest("a division by 0")
        value = value * number if term[0] == "*" else value / number
    return value


def _known(values: Mapping[str, str], name: str, written: str) -> str:
    if name not in values:
        raise BadRequest(f"{written} has no value here")
    return values[name]


def _as_it_is(time: datetime) -> datetime:
    return time


def _refuse(text: str, at: int, reason: str) -> NoReturn:
    raise BadRequest(f"'{text}', column {at + 1}: {reason}")
