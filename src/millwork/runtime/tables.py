"""Tables on disk: a folder of Parquet files, or one CSV, Parquet or JSONL file."""

from __future__ import annotations

import math
import os
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

import polars as pl

from .problems import StepError, listed

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Sequence

FILE = "data.parquet"

MISSING = ["NA"]
"""What stands for a missing value in CSV files besides nothing, as in those that R writes."""

_SCANNERS: dict[str, Callable[[list[Path]], pl.LazyFrame]] = {
    ".parquet": pl.scan_parquet,
    ".csv": lambda files: pl.scan_csv(
        files, infer_schema_length=10_000, try_parse_dates=True, null_values=MISSING
    ),
    ".jsonl": lambda files: pl.scan_ndjson(files, infer_schema_length=10_000),
    ".ndjson": lambda files: pl.scan_ndjson(files, infer_schema_length=10_000),
}


def scan(path: Path) -> pl.LazyFrame:
    """The table at `path`, read when it is needed; StepError if it is none."""
    files = _files(path)
    kinds = {file.suffix.lower() for file in files}
    if not files:
        raise StepError(f"{path.name}: no table: there is no .parquet, .csv or .jsonl file in it")
    if len(kinds) > 1:
        raise StepError(f"{path.name}: files of several kinds: {listed(sorted(kinds))}")
    _check_one(path, files)
    (kind,) = kinds
    frame = opened(files[0].name, lambda: _SCANNERS[kind](files))
    return _with_partitions(frame, files, path) if kind == ".parquet" and path.is_dir() else frame


def _check_one(path: Path, files: Iterable[Path]) -> None:
    """StepError for a folder of several outputs, as `millwork run -o` makes it.

    What a `foreach` has left are parts of one table: their folders have numbers for names.
    """
    outputs = {file.parent.name for file in files if file.name == FILE and file.parent != path}
    several = sorted(name for name in outputs if not name.isdecimal() and "=" not in name)
    if len(several) > 1:
        raise StepError(f"{path.name} holds several tables: {listed(several)}; name one of them")


def opened(name: str, scanned: Callable[[], pl.LazyFrame]) -> pl.LazyFrame:
    """The table of a scan whose columns can be read; StepError that names the file."""
    with told(f"{name} cannot be read"):
        try:
            frame = scanned()
            frame.collect_schema()
        except pl.exceptions.NoDataError:
            raise StepError(f"{name} is empty: it has no header") from None
    return frame


def write(frame: pl.LazyFrame | pl.DataFrame, folder: Path) -> None:
    """The table as one Parquet file in `folder`, without holding all of it if it is lazy."""
    with told():
        frame.lazy().sink_parquet(folder / FILE)


@contextmanager
def told(what: str = "") -> Iterator[None]:
    """What the library cannot do with the data, as a StepError that begins with `what`."""
    try:
        yield
    except (pl.exceptions.PolarsError, OSError) as error:
        raise StepError(f"{what}: {first_line(error)}" if what else first_line(error)) from None
    except BaseException as error:
        if type(error).__module__ != "pyo3_runtime":
            raise
        raise StepError(f"polars gave up: {first_line(error)}") from None


def height(frame: pl.LazyFrame) -> int:
    """How many rows a table has."""
    with told():
        count: int = frame.select(pl.len()).collect(engine="streaming").item()
    return count


def collected(frame: pl.LazyFrame) -> pl.DataFrame:
    """The whole table in memory."""
    with told():
        return frame.collect(engine="streaming")


def is_number(dtype: pl.DataType) -> bool:
    """Whether a column of that type holds numbers; true and false are none."""
    return dtype.is_numeric()


KINDS: dict[str, Callable[[pl.DataType], bool]] = {
    "number": is_number,
    "text": lambda dtype: dtype in (pl.String, pl.Categorical, pl.Enum),
    "time": lambda dtype: dtype.is_temporal(),
    "bool": lambda dtype: dtype == pl.Boolean,
}


def chosen(
    frame: pl.LazyFrame,
    names: Sequence[str],
    kinds: Iterable[str] = (),
    without: Iterable[str] = (),
) -> list[str]:
    """The columns that are named, or all of those kinds (none said: all); StepError for a fault.

    Named ones must be there and of one of the kinds; `without` are left out where none is named.
    """
    schema = frame.collect_schema()
    wanted = [KINDS[kind] for kind in kinds]

    def is_wanted(name: str) -> bool:
        return not wanted or any(holds(schema[name]) for holds in wanted)

    if not names:
        left_out = set(without)
        return [name for name in schema if name not in left_out and is_wanted(name)]
    require(frame, names)
    named = list(dict.fromkeys(names))
    for name in named:
        if not is_wanted(name):
            raise StepError(
                f"column '{name}' is {schema[name]}, and {' or '.join(kinds)} is needed: "
                "convert it first (cast_types), or leave it out"
            )
    return named


def require(frame: pl.LazyFrame, names: Iterable[str]) -> None:
    """StepError for a name that the table has no column of."""
    known = frame.collect_schema().names()
    for name in names:
        if name not in known:
            raise StepError(f"there is no column '{name}'; there are: {listed(known)}")


def fresh(frame: pl.LazyFrame, names: Iterable[str]) -> None:
    """StepError for a new column's name that the table has already."""
    known = set(frame.collect_schema().names())
    for name in names:
        if name in known:
            raise StepError(f"there is a column '{name}' already: name the new one differently")


def plain(frame: pl.LazyFrame, kind: str, *, nested: bool = False) -> None:
    """StepError for a column of bytes, or where that is not `nested`, of lists or records, which
    a kind of file cannot hold."""
    for name, dtype in frame.collect_schema().items():
        if "Binary" in str(dtype) or dtype == pl.Object or (dtype.is_nested() and not nested):
            raise StepError(f"column '{name}' is {dtype}, which {kind} cannot hold: leave it out")


def _with_partitions(frame: pl.LazyFrame, files: list[Path], folder: Path) -> pl.LazyFrame:
    """With the columns that only the names of folders tell, as in `year=2024/0.parquet`."""
    known = frame.collect_schema().names()
    parts = [part for file in files for part in file.relative_to(folder).parts[:-1]]
    keys = dict.fromkeys(part.partition("=")[0] for part in parts if "=" in part)
    if keys.keys() <= set(known):
        return frame
    whole = opened(files[0].name, lambda: pl.scan_parquet(files, hive_partitioning=True))
    return whole.select(*known, *(key for key in keys if key not in known))


def _files(path: Path) -> list[Path]:
    if not path.is_dir():
        if path.suffix.lower() not in _SCANNERS:
            raise StepError(f"{path.name}: a table is a .parquet, .csv or .jsonl file")
        return [regular(path)]
    return [
        file
        for file in files_in(path)
        if file.suffix.lower() in _SCANNERS and not file.name.startswith(("_", "."))
    ]


def files_in(folder: Path) -> list[Path]:
    """The regular files in a folder and in those below it, in the order of their paths.

    Links are followed: what a `foreach` has left is a folder of links to folders, `0`, `1`, ...,
    which come in the order of their numbers.
    """
    found = []
    above = {folder: [folder.resolve()]}
    for path, folders, names in os.walk(folder, followlinks=True):
        place = Path(path)
        reals = above.pop(place)
        for name in list(folders):
            real = (place / name).resolve()
            if real in reals:  # a link to what it is in: without an end
                folders.remove(name)
            else:
                above[place / name] = [*reals, real]
        found += [file for file in map(place.joinpath, names) if file.is_file()]
    return sorted(found, key=_in_order)


def regular(file: Path) -> Path:
    """The file itself; StepError for what is none: opening a pipe would never end."""
    if not file.is_file():
        raise StepError(f"{file.name} cannot be read: there is no such file")
    return file


def _in_order(file: Path) -> list[tuple[float, str]]:
    return [(int(part) if part.isdecimal() else math.inf, part) for part in file.parts]


def first_line(error: BaseException) -> str:
    """What a library says of an error, without its advice and plans."""
    return str(error).strip().split("\n")[0]
