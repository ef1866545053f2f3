"""What is known of the data at a port before anything runs.

Column types are written as polars writes them: `Int64`, `Float64`, `String`, `Boolean`, `Date`,
`Datetime(time_unit='us', time_zone=None)`, `List(Int64)`, ...
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, TypeAlias

from millwork.base.records import dataclass, field

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping

INT, FLOAT, TEXT, BOOL, COUNT = "Int64", "Float64", "String", "Boolean", "UInt32"
DATE, NULL, UNKNOWN_TYPE = "Date", "Null", "?"
WHOLE = re.compile(r"U?Int\d+")
_NUMBER = re.compile(r"U?Int(8|16|32|64|128)|Float(16|32|64)|Decimal.*")

KINDS: Mapping[str, Callable[[str], bool]] = {
    "number": lambda dtype: _NUMBER.fullmatch(dtype) is not None,
    "text": lambda dtype: dtype == TEXT or dtype.startswith(("Categorical", "Enum")),
    "time": lambda dtype: dtype.startswith(("Date", "Time", "Duration")),
    "bool": lambda dtype: dtype == BOOL,
}
EVERY_KIND = tuple(KINDS)
"""What can be put into an order or into groups: no lists, no records."""


def is_of(dtype: str, kinds: Iterable[str]) -> bool:
    """Whether a type is of one of these kinds."""
    return any(KINDS[kind](dtype) for kind in kinds)


@dataclass(frozen=True)
class Columns:
    """A table's columns in their order, with their types.

    Not `is_whole`: there may be more, which the data decide (one column a category, what a query
    selects). A type may be UNKNOWN_TYPE.
    """

    types: Mapping[str, str] = field(default_factory=dict)
    is_whole: bool = True

    def __contains__(self, name: str) -> bool:
        return name in self.types

    def of(self, names: Iterable[str]) -> Columns:
        """Those columns, in that order."""
        return Columns({name: self.types.get(name, UNKNOWN_TYPE) for name in names})

    def but(self, names: Iterable[str]) -> Columns:
        """All but those."""
        left_out = set(names)
        kept = {name: dtype for name, dtype in self.types.items() if name not in left_out}
        return Columns(kept, self.is_whole)

    def plus(self, more: Mapping[str, str]) -> Columns:
        """With these: a name that is there keeps its place and gets the new type."""
        return Columns({**self.types, **more}, self.is_whole)

    def open(self) -> Columns:
        """The same, and maybe more."""
        return Columns(self.types, False)

    def kind(self, *kinds: str) -> list[str]:
        """The names of the columns of those kinds."""
        return [name for name, dtype in self.types.items() if is_of(dtype, kinds)]


UNKNOWN = Columns({}, False)
"""A table of which nothing is known yet."""


@dataclass(frozen=True)
class Learned:
    """A model: what it does, and the columns that it needs; None where that is not known."""

    task: str = ""
    features: tuple[str, ...] | None = None
    label_type: str = UNKNOWN_TYPE
    before: Effect | None = None


@dataclass(frozen=True)
class Effect:
    """A transform: what it makes of a table's columns; several do so one after the other."""

    steps: tuple[Callable[[Columns], Columns], ...] = ()

    def then(self, step: Callable[[Columns], Columns]) -> Effect:
        """This chain with one more."""
        return Effect((*self.steps, step))

    def __call__(self, columns: Columns) -> Columns:
        """What it makes of those columns."""
        for step in self.steps:
            columns = step(columns)
        return columns


Shape: TypeAlias = "Columns | Learned | Effect | None"
"""None: a port that carries files, a report, or a value."""
