"""Which columns come out of the components that change tables."""

from __future__ import annotations

from typing import TYPE_CHECKING

from millwork.base.errors import BadRequest
from millwork.catalogue.rules import chosen, fresh, require
from millwork.catalogue.shapes import (
    BOOL,
    COUNT,
    DATE,
    EVERY_KIND,
    FLOAT,
    INT,
    NULL,
    TEXT,
    UNKNOWN,
    UNKNOWN_TYPE,
    WHOLE,
    Columns,
    is_of,
)

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from millwork.catalogue.rules import Given, Rule
    from millwork.catalogue.shapes import Shape

_DATETIME = "Datetime(time_unit='us', time_zone=None)"
_PLAIN = ("number", "text", "bool")

CASTS: Mapping[str, tuple[str, tuple[str, ...]]] = {
    "to_integer": (INT, _PLAIN),
    "to_float": (FLOAT, _PLAIN),
    "to_text": (TEXT, EVERY_KIND),
    "to_boolean": (BOOL, _PLAIN),
    "to_date": (DATE, ("text", "time")),
    "to_datetime": (_DATETIME, ("text", "time")),
    "to_category": ("Categorical", EVERY_KIND),
}
"""The types that `cast_types` makes, and of what."""

AGGREGATES: Mapping[str, tuple[str, str, tuple[str, ...], str]] = {
    "sums": ("sum", "The sum of each", ("number", "bool"), ""),
    "means": ("mean", "The mean", ("number", "bool"), FLOAT),
    "medians": ("median", "The median", ("number", "bool"), FLOAT),
    "minima": ("min", "The least value", EVERY_KIND, ""),
    "maxima": ("max", "The greatest value", EVERY_KIND, ""),
    "deviations": ("std", "The standard deviation, of a sample", ("number", "bool"), FLOAT),
    "variances": ("variance", "The variance, of a sample", ("number", "bool"), FLOAT),
    "counts": ("count", "How many values are not missing", (), COUNT),
    "distinct": ("distinct", "How many different values there are", EVERY_KIND, COUNT),
    "firsts": ("first", "The first value", (), ""),
    "lasts": ("last", "The last value", (), ""),
}
"""By the parameter of `group_aggregate`: the function, its sentence, what it takes, its type."""


def selected(given: Given) -> Mapping[str, Shape]:
    """The columns that are named, less those to be left out."""
    table = given.table()
    require(table, given.names("exclude"))
    names = chosen(table, given.names("columns"))
    if names is None:
        return {"table": table.but(given.names("exclude")).open()}
    return {"table": table.of(n for n in names if n not in given.names("exclude"))}


def unchanged(*outputs: str, **columns: Sequence[str]) -> Rule:
    """The columns of the input; `columns` are the parameters that name some, with their kinds."""

    def rule(given: Given) -> Mapping[str, Shape]:
        for parameter, kinds in columns.items():
            given.columns(parameter, kinds)
        return dict.fromkeys(outputs or ("table",), given.table())

    return rule


def renamed(given: Given) -> Mapping[str, Shape]:
    """The columns under their new names."""
    table = given.table()
    old = chosen(table, given.names("columns"))
    if old is None:
        return {"table": UNKNOWN}
    words = given.get("names", "")
    new = [name.strip() for name in words.split(",")] if words else old
    if len(new) != len(old):
        raise BadRequest(f"{len(old)} columns, and {len(new)} new names")
    prefix, suffix = given.get("prefix", ""), given.get("suffix", "")
    names = {before: f"{prefix}{after}{suffix}" for before, after in zip(old, new, strict=True)}
    after = _named((names.get(name, name), dtype) for name, dtype in table.types.items())
    return {"table": Columns(after, table.is_whole)}


def cast(given: Given) -> Mapping[str, Shape]:
    """The columns, some of other types."""
    table = given.table()
    after: dict[str, str] = {}
    for parameter, (target, kinds) in CASTS.items():
        names = given.names(parameter)
        require(table, names)
        for name in names:
            dtype = table.types.get(name, UNKNOWN_TYPE)
            if name in after:
                raise BadRequest(f"column '{name}' is to become two types")
            if dtype != NULL:
                chosen(table, [name], kinds)
            if target in (DATE, _DATETIME) and dtype.startswith(("Time", "Duration")):
                raise BadRequest(f"column '{name}' is {dtype}, which has no date")
            after[name] = target
    return {"table": table.plus(after) if table.is_whole else _known(table, after)}


def calculated(given: Given) -> Mapping[str, Shape]:
    """The columns with results, which are floats."""
    table, suffix = given.table(), given.get("suffix", "")
    names = chosen(table, given.names("columns"), ("number", "bool"))
    given.columns("other", ("number", "bool"))
    if names is None:
        return {"table": UNKNOWN}
    after = {name + suffix: FLOAT for name in names}
    if suffix:
        fresh(table, after)
    return {"table": table.plus(after) if table.is_whole else _known(table, after)}


def numbered(given: Given) -> Mapping[str, Shape]:
    """The row's number, and the columns."""
    table, name = given.table(), given.get("name", "append_id")
    fresh(table, [name])
    return {"table": Columns({name: INT, **table.types}, table.is_whole)}


def joined(given: Given) -> Mapping[str, Shape]:
    """The columns of the left table, and of the right one those that are no keys."""
    left, right, how = given.table("left"), given.table("right"), given.get("how", "inner")
    keys = given.names("left_on")
    others = given.names("right_on") or keys
    require(left, keys)
    require(right, others)
    if how != "cross" and (not keys or len(keys) != len(others)):
        raise BadRequest(f"{len(keys)} keys on the left, {len(others)} on the right")
    for mine, its in zip(keys, others, strict=False):
        types = left.types.get(mine, UNKNOWN_TYPE), right.types.get(its, UNKNOWN_TYPE)
        if UNKNOWN_TYPE not in types and types[0] != types[1]:
            raise BadRequest(f"left '{mine}' is {types[0]}, right '{its}' is {types[1]}")
    if how in ("semi", "anti"):
        return {"table": left}
    if not (left.is_whole and right.is_whole):
        return {"table": UNKNOWN if how == "right" else left.open()}
    first = left.but(keys) if how == "right" else left
    second = right if how in ("right", "cross") else right.but(others)
    return {"table": _beside(first, second, given.get("suffix", "_right"))}


def merged(given: Given) -> Mapping[str, Shape]:
    """The columns of the left table, then those of the right one."""
    left, right = given.table("left"), given.table("right")
    if not (left.is_whole and right.is_whole):
        return {"table": left.open()}
    return {"table": _beside(left, right, given.get("suffix", "_right"))}


def united(given: Given) -> Mapping[str, Shape]:
    """The columns of both tables, each of a type that holds the values of both."""
    first, second = given.table("first"), given.table("second")
    if not (first.is_whole and second.is_whole):
        return {"table": UNKNOWN}
    for here, there in ((first, second), (second, first)):
        lacking = [name for name in here.types if name not in there]
        if lacking and given.get("missing", "fail") == "fail":
            raise BadRequest(f"one of the tables has no column '{lacking[0]}'")
    names = dict.fromkeys([*first.types, *second.types])
    found = {
        name: _common(name, [each.types[name] for each in (first, second) if name in each])
        for name in names
    }
    return {"table": Columns(found)}


def grouped(given: Given) -> Mapping[str, Shape]:
    """The keys, how many rows there are, the aggregates."""
    table, keys = given.table(), given.names("by")
    require(table, keys)
    found = list(table.of(keys).types.items())
    if given.get("rows", True):
        found.append(("rows", COUNT))
    for parameter, (word, _, kinds, dtype) in AGGREGATES.items():
        for name in given.columns(parameter, kinds):
            taken = table.types.get(name, UNKNOWN_TYPE)
            found.append((f"{name}_{word}", dtype or (_sum(taken) if word == "sum" else taken)))
    if not found:
        raise BadRequest("neither keys nor aggregates are named")
    return {"table": Columns(_named(found))}


def pivoted(given: Given) -> Mapping[str, Shape]:
    """The keys, and a column for each value that the data hold."""
    table, keys = given.table(), given.names("index")
    require(table, keys)
    given.columns("on", EVERY_KIND)
    kinds = ("number", "bool") if given.get("aggregate") in ("sum", "mean", "median") else ()
    given.columns("values", kinds)
    return {"table": table.of(keys).open()}


def unpivoted(given: Given) -> Mapping[str, Shape]:
    """The columns that are kept, a column's name, and its value."""
    table, keep = given.table(), given.names("keep")
    require(table, keep)
    names = chosen(table, given.names("columns"), without=keep)
    value, dtype = given.get("value", "value"), UNKNOWN_TYPE
    if names is not None:
        if not names or set(names) & set(keep):
            raise BadRequest("no column is left to be turned into rows, or one is kept as well")
        dtype = _common(value, [table.types.get(name, UNKNOWN_TYPE) for name in names])
    kept = table.of(dict.fromkeys(keep)).types.items()
    return {
        "table": Columns(_named([*kept, (given.get("name", "variable"), TEXT), (value, dtype)]))
    }


def _beside(left: Columns, right: Columns, suffix: str) -> Columns:
    named = ((n + suffix if n in left else n, dtype) for n, dtype in right.types.items())
    return Columns(_named([*left.types.items(), *named]))


def _named(columns: Iterable[tuple[str, str]]) -> dict[str, str]:
    """The columns by name; BadRequest for a name that two would have."""
    found: dict[str, str] = {}
    for name, dtype in columns:
        if name in found:
            raise BadRequest(f"two columns would be named '{name}'")
        found[name] = dtype
    return found


def _known(table: Columns, after: Mapping[str, str]) -> Columns:
    """New types of the columns that are known to be there; others may have their places."""
    return Columns({n: after.get(n, dtype) for n, dtype in table.types.items()}, False)


def _common(name: str, types: Iterable[str]) -> str:
    """The type that holds values of several, as `preprocess_combine.common_type` says."""
    known = [dtype for dtype in dict.fromkeys(types) if dtype != NULL]
    if UNKNOWN_TYPE in known:
        return UNKNOWN_TYPE
    if len(known) < 2:
        return known[0] if known else NULL
    if all(map(WHOLE.fullmatch, known)):
        return INT
    if all(is_of(dtype, ("number",)) for dtype in known):
        return FLOAT
    raise BadRequest(f"'{name}' is {' and '.join(known)}")


def _sum(dtype: str) -> str:
    if dtype == UNKNOWN_TYPE:
        return UNKNOWN_TYPE
    return INT if dtype == BOOL or WHOLE.fullmatch(dtype) else FLOAT
