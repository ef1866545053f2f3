"""The types of columns, read from the text that polars writes of them.

Such texts stand in files that a stranger may have made (`transform.json`, `model.json`), so that
nothing is called by a name in them but the types listed here.
"""

from __future__ import annotations

import re
from typing import Any, cast

import polars as pl

_PLAIN: dict[str, type[pl.DataType]] = {
    kind.__name__: kind
    for kind in (
        *(pl.Int8, pl.Int16, pl.Int32, pl.Int64, pl.Int128),
        *(pl.UInt8, pl.UInt16, pl.UInt32, pl.UInt64, pl.UInt128),
        *(pl.Float16, pl.Float32, pl.Float64),
        *(pl.Boolean, pl.String, pl.Binary, pl.Categorical, pl.Date, pl.Time, pl.Null),
    )
}
_DATETIME = re.compile(
    r"Datetime\(time_unit='(ms|us|ns)', time_zone=(?:None|'([A-Za-z0-9_+/:-]{1,64})')\)"
)
_DURATION = re.compile(r"Duration\(time_unit='(ms|us|ns)'\)")
_DECIMAL = re.compile(r"Decimal\(precision=([0-9]{1,2}), scale=([0-9]{1,2})\)")
_MOST_DIGITS = 38


def named(text: str) -> pl.DataType:
    """The type that polars writes so: `Int64`, `Datetime(time_unit='us', time_zone=None)`.

    ValueError for any other text, and for a type that is made of others.
    """
    if isinstance(text, str):
        if text in _PLAIN:
            return _PLAIN[text]()
        if found := _DATETIME.fullmatch(text):
            return pl.Datetime(cast("Any", found[1]), found[2])
        if found := _DURATION.fullmatch(text):
            return pl.Duration(cast("Any", found[1]))
        found = _DECIMAL.fullmatch(text)
        if found and int(found[2]) <= int(found[1]) <= _MOST_DIGITS and int(found[1]):
            return pl.Decimal(int(found[1]), int(found[2]))
    raise ValueError(f"{str(text)[:60]!r} is no type that a column can be read as")
