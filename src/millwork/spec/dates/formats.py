"""Formats of dates and times, in DataWorks' tokens: yyyy yy mm dd hh24 mi ss."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from millwork.base.errors import BadRequest
from millwork.base.records import dataclass

if TYPE_CHECKING:
    from datetime import datetime

_TOKENS = {
    "yyyy": ("year", "{:04}"), "yy": ("year", "{:02}"), "mm": ("month", "{:02}"),
    "dd": ("day", "{:02}"), "hh24": ("hour", "{:02}"), "mi": ("minute", "{:02}"),
    "ss": ("second", "{:02}"),
}  # fmt: skip
_UNITS = ("year", "month", "day", "hour", "minute", "second")
_PIECE = re.compile(r"(?P<token>yyyy|yy|mm|dd|hh24|mi|ss)|(?P<separator>[^\w\s=$(){}\[\]+*,]|_)")


@dataclass(frozen=True)
class Format:
    """A format: its tokens, and what stands between them."""

    pieces: tuple[str, ...]

    @property
    def finest(self) -> str:
        """The smallest unit that it shows: year, month, day, hour, minute or second."""
        return max((_TOKENS[p][0] for p in self.pieces if p in _TOKENS), key=_UNITS.index)

    @property
    def has_time(self) -> bool:
        """Whether it shows anything finer than a day."""
        return _UNITS.index(self.finest) > _UNITS.index("day")

    @property
    def separator(self) -> str:
        """The first text between two tokens."""
        return next((piece for piece in self.pieces if piece not in _TOKENS), "")

    def written(self, time: datetime) -> str:
        """The time in this format."""
        return "".join(_value(piece, time) for piece in self.pieces)


def _value(piece: str, time: datetime) -> str:
    if piece not in _TOKENS:
        return piece
    unit, shown = _TOKENS[piece]
    number = getattr(time, unit)
    return shown.format(number % 100 if piece == "yy" else number)


def read_format(text: str, *, is_java: bool = False) -> Format:
    """A format of tokens and separators; with `is_java` months may be `MM`, as in Java's patterns.

    Raises BadRequest for anything else.
    """
    wanted = text.replace("MM", "mm") if is_java else text
    pieces, at = [], 0
    while at < len(wanted):
        piece = _PIECE.match(wanted, at)
        if not piece:
            raise BadRequest(f"'{text}' is no format: {_hint(text[at:])}")
        pieces.append(piece[0])
        at = piece.end()
    if not any(piece in _TOKENS for piece in pieces):
        raise BadRequest(f"'{text}' is no format: it has none of {', '.join(_TOKENS)}")
    return Format(tuple(pieces))


def _hint(rest: str) -> str:
    java = {"MM": "a month is mm", "HH": "an hour is hh24", "hh": "an hour is hh24"}
    tokens = ", ".join(_TOKENS)
    return java.get(rest[:2], f"'{rest[:1]}' is neither a token ({tokens}) nor a separator")
