"""Arguments for the components that change tables, where no generator could guess them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import polars as pl

from tests.catalogue.tables import generated

if TYPE_CHECKING:
    from collections.abc import Callable
    from random import Random

_NUMBERS = ("sums", "means", "medians", "deviations", "variances")
_BINARY = ("add", "subtract", "multiply", "divide", "modulo", "power")


def _some(table: pl.DataFrame, random: Random, most: int = 3) -> list[str]:
    return random.sample(table.columns, random.randint(1, min(most, table.width)))


def _numbers(table: pl.DataFrame) -> list[str]:
    return [name for name, dtype in table.schema.items() if dtype.is_numeric()]


def _aggregate(table: pl.DataFrame, random: Random) -> dict[str, Any]:
    numbers = _numbers(table)
    plain = [n for n, dtype in table.schema.items() if dtype != pl.Null and not dtype.is_nested()]
    given: dict[str, Any] = {"by": _some(table, random, 2)}
    for name in random.sample(_NUMBERS, 3):
        given[name] = random.sample(numbers, 1) if numbers else []
    for name in ("minima", "maxima", "distinct"):
        given[name] = random.sample(plain, min(2, len(plain)))
    for name in ("counts", "firsts", "lasts"):
        given[name] = _some(table, random, 2) if random.random() < 0.5 else []
    return given


def _cast(table: pl.DataFrame, random: Random) -> dict[str, Any]:
    targets = {
        "to_integer": _numbers(table),
        "to_float": _numbers(table),
        "to_boolean": _numbers(table),
        "to_text": [n for n, dtype in table.schema.items() if not dtype.is_nested()],
        "to_category": [n for n, dtype in table.schema.items() if dtype == pl.String],
        "to_date": [n for n, dtype in table.schema.items() if dtype in (pl.Date, pl.Datetime)],
        "to_datetime": [n for n, dtype in table.schema.items() if dtype in (pl.Date, pl.String)],
    }
    given: dict[str, Any] = dict.fromkeys(targets)
    left = set(table.columns)
    for target in random.sample(list(targets), 3):
        fitting = [name for name in targets[target] if name in left]
        given[target] = random.sample(fitting, min(len(fitting), 2))
        left -= set(given[target])
    if not any(given.values()):
        given["to_text"] = table.columns[:1]
    return {**given, "invalid": "missing" if random.random() < 0.8 else "fail"}


def _join(table: pl.DataFrame, random: Random) -> dict[str, Any]:
    how = random.choice(("inner", "left", "right", "full", "semi", "anti", "cross"))
    if how == "cross":
        return {"right": table.head(3), "how": how, "left_on": None, "right_on": None}
    keys = _some(table, random, 2)
    others = {name: f"{name}_key" for name in keys if random.random() < 0.5}
    right = table.head(7).rename(others)
    return {
        "right": right,
        "how": how,
        "left_on": keys,
        "right_on": [others.get(name, name) for name in keys],
    }


def _union(table: pl.DataFrame, random: Random) -> dict[str, Any]:
    other = table if random.random() < 0.5 else generated(random)
    widths: dict[pl.DataType, pl.DataType] = {pl.Int64(): pl.Int32(), pl.Float64(): pl.Float32()}
    other = other.with_columns(
        pl.col(name).cast(widths.get(dtype, dtype)) for name, dtype in other.schema.items()
    )
    return {"second": other, "missing": random.choice(("fail", "fill"))}


def _merge(table: pl.DataFrame, random: Random) -> dict[str, Any]:
    return {"right": generated(random, table.height)}


def _pivot(table: pl.DataFrame, random: Random) -> dict[str, Any]:
    index, on = random.sample(table.columns, 2)
    return {
        "index": [index],
        "on": on,
        "values": random.choice(table.columns),
        "aggregate": random.choice(("first", "last", "count")),
    }


def _unpivot(table: pl.DataFrame, random: Random) -> dict[str, Any]:
    numbers = _numbers(table)
    names = random.sample(numbers, min(3, len(numbers)))
    return {"columns": names, "keep": [name for name in table.columns[:3] if name not in names]}


def _split(table: pl.DataFrame, random: Random) -> dict[str, Any]:
    method = random.choice(("random", "stratified", "order", "threshold"))
    together = random.choice(table.columns) if method == "random" else None
    column = next(iter(_numbers(table)), None) if method == "threshold" else table.columns[0]
    return {"method": method, "together": together, "column": column, "threshold": 1.0}


def _rename(table: pl.DataFrame, random: Random) -> dict[str, Any]:
    names = _some(table, random)
    new = ",".join(f"{name} neu" for name in names) if random.random() < 0.7 else None
    return {"columns": names, "names": new, "suffix": random.choice(("", "_2"))}


def _math(table: pl.DataFrame, random: Random) -> dict[str, Any]:
    operation = random.choice(("absolute", "log1p", *_BINARY))
    other = next(iter(_numbers(table)), None) if random.random() < 0.5 else None
    return {"operation": operation, "value": 2.5, "other": other}


def _clip(_table: pl.DataFrame, random: Random) -> dict[str, Any]:
    by = random.choice(("value", "quantile"))
    return {"by": by, "lower": 0.1 if by == "quantile" else -3.0, "upper": 0.9}


def _filter(table: pl.DataFrame, _random: Random) -> dict[str, Any]:
    name = (_numbers(table) or table.columns)[0]
    return {"condition": f'"{name}" IS NOT NULL'}


def _script(_table: pl.DataFrame, _random: Random) -> dict[str, Any]:
    return {"script": "def main(t1):\n    return t1.head(3)\n"}


CASES: dict[str, Callable[[pl.DataFrame, Random], dict[str, Any]]] = {
    "rename_columns": _rename,
    "cast_types": _cast,
    "append_id": lambda _table, random: {"start": random.randint(-2, 2)},
    "clip_values": _clip,
    "math_operation": _math,
    "filter_rows": _filter,
    "join": _join,
    "union_rows": _union,
    "merge_columns": _merge,
    "group_aggregate": _aggregate,
    "pivot": _pivot,
    "unpivot": _unpivot,
    "split_rows": _split,
    "sample_rows": lambda _table, random: {"replace": random.random() < 0.5, "fraction": 0.5},
    "sample_weighted": lambda table, _random: {
        "table": table.with_columns(__w=pl.int_range(pl.len()).cast(pl.Float64) + 1),
        "weights": "__w",
        "count": None,
    },
    "sort_rows": lambda table, random: {"by": _some(table, random), "descending": None},
    "sql": lambda table, _random: {"t1": table, "query": "SELECT * FROM t1 LIMIT 5"},
    "python_script": lambda table, random: {"t1": table, **_script(table, random)},
}
