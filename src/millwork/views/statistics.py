"""Small statistics of the rows that a preview shows, of cells as text: an empty one is missing."""

from __future__ import annotations

import math
import re
from typing import TYPE_CHECKING, TypedDict

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

_BINS = 10
_WHOLE = re.compile(r"[-+]?\d{1,18}")
_FLAGS = frozenset({"true", "false"})
_NUMBER = re.compile(r"U?Int|Float|Decimal")


class ColumnStatistics(TypedDict):
    """What the shown values of a column are.

    `minimum` and `maximum` are cells; `mean` and `histogram`, the counts of equal parts between
    them, are of numbers only.
    """

    missing: int
    distinct: int
    minimum: str | None
    maximum: str | None
    mean: float | None
    histogram: list[int]


def guessed(cells: Sequence[str]) -> str:
    """The type that cells look like, as polars writes it."""
    there = [cell for cell in cells if cell]
    if not there:
        return "String"
    if all(_WHOLE.fullmatch(cell) for cell in there):
        return "Int64"
    if all(_number(cell) is not None for cell in there):
        return "Float64"
    return "Boolean" if {cell.lower() for cell in there} <= _FLAGS else "String"


def statistics_of(
    rows: Sequence[Sequence[str]], types: Mapping[str, str]
) -> dict[str, ColumnStatistics]:
    """The statistics of each column; `types` are in the columns' order."""
    columns = zip(*rows, strict=True) if rows else (() for _ in types)
    return {
        name: _of(cells, is_numeric=_NUMBER.match(dtype) is not None)
        for (name, dtype), cells in zip(types.items(), columns, strict=False)
    }


def _of(cells: Sequence[str], *, is_numeric: bool) -> ColumnStatistics:
    there = [cell for cell in cells if cell]
    found: ColumnStatistics = {
        "missing": len(cells) - len(there), "distinct": len(set(there)), "minimum": None,
        "maximum": None, "mean": None, "histogram": [],
    }  # fmt: skip
    if not is_numeric:
        if there:
            found["minimum"], found["maximum"] = min(there), max(there)
        return found
    numbers = {cell: number for cell in there if (number := _number(cell)) is not None}
    if numbers:
        found["minimum"] = min(numbers, key=numbers.__getitem__)
        found["maximum"] = max(numbers, key=numbers.__getitem__)
        counted = [numbers[cell] for cell in there if cell in numbers]
        found["mean"] = math.fsum(number / len(counted) for number in counted)
        found["histogram"] = _histogram(counted)
    return found


def _histogram(numbers: Sequence[float]) -> list[int]:
    """How many numbers lie in each of ten equal parts; one part if all are the same."""
    low, high = min(numbers), max(numbers)
    # Of halves: the distance between the least and the greatest of all floats is not finite.
    width = (high / 2 - low / 2) / _BINS
    if not width:
        return [len(numbers)]
    counts = [0] * _BINS
    for number in numbers:
        counts[min(int((number / 2 - low / 2) / width), _BINS - 1)] += 1
    return counts


def _number(cell: str) -> float | None:
    """The finite number that a cell is; None if it is none."""
    try:
        number = float(cell)
    except ValueError:
        return None
    return number if math.isfinite(number) and "_" not in cell else None
