"""Types of DuckDB's columns and of polars', as Parquet files between the two turn them over."""

from __future__ import annotations

import re

import polars as pl

_DUCKDB: dict[type[pl.DataType], str] = {
    pl.Int8: "TINYINT",
    pl.Int16: "SMALLINT",
    pl.Int32: "INTEGER",
    pl.Int64: "BIGINT",
    pl.UInt8: "UTINYINT",
    pl.UInt16: "USMALLINT",
    pl.UInt32: "UINTEGER",
    pl.UInt64: "UBIGINT",
    pl.Float32: "FLOAT",
    pl.Float64: "DOUBLE",
    pl.Boolean: "BOOLEAN",
    pl.String: "VARCHAR",
    pl.Categorical: "VARCHAR",
    pl.Binary: "BLOB",
    pl.Date: "DATE",
    pl.Time: "TIME_NS",
    pl.Duration: "BIGINT",
    pl.Null: '"NULL"',
}
_POLARS: dict[str, pl.DataType] = {
    **{kind: dtype() for dtype, kind in _DUCKDB.items()},
    "BIGINT": pl.Int64(),
    "VARCHAR": pl.String(),
    '"NULL"': pl.Int32(),
    "BIT": pl.String(),
    "TIME": pl.Time(),
    "TIMESTAMP": pl.Datetime("us"),
    "TIMESTAMP_S": pl.Datetime("us"),
    "TIMESTAMP_MS": pl.Datetime("ms"),
    "TIMESTAMP_NS": pl.Datetime("ns"),
    "TIMESTAMP WITH TIME ZONE": pl.Datetime("us", "UTC"),
    "TIMESTAMPTZ_NS": pl.Datetime("ns", "UTC"),
}
_DECIMAL = re.compile(r"DECIMAL\((\d+),(\d+)\)")


def duckdb_type(dtype: pl.DataType) -> str:
    """What DuckDB finds a column of that type to be; ValueError where that is not known."""
    if isinstance(dtype, pl.Datetime):
        zone, exact = "TZ" if dtype.time_zone else "", "_NS" if dtype.time_unit == "ns" else ""
        return f"TIMESTAMP{zone}{exact}"
    if isinstance(dtype, pl.Decimal):
        return f"DECIMAL({dtype.precision},{dtype.scale})"
    kind = _DUCKDB.get(dtype.base_type())
    if kind is None:
        raise ValueError(f"columns of type {dtype} are known only when it has run")
    return kind


def polars_type(kind: str) -> pl.DataType:
    """What polars finds a column of that type to be; ValueError where that is not known."""
    if kind.endswith("[]"):
        return pl.List(polars_type(kind.removesuffix("[]")))
    if match := _DECIMAL.fullmatch(kind):
        return pl.Decimal(int(match[1]), int(match[2]))
    if kind.startswith("ENUM("):
        return pl.String()
    if kind not in _POLARS:
        raise ValueError(f"columns of type {kind} are known only when it has run")
    return _POLARS[kind]
