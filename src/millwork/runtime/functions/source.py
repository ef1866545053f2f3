"""Files to tables and back."""

from __future__ import annotations

import io
from codecs import lookup
from fnmatch import fnmatchcase
from pathlib import Path, PurePosixPath
from typing import TYPE_CHECKING, Any

import polars as pl

from .. import tables
from ..problems import StepError, listed
from ..step import Folder

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence


TYPES: Mapping[str, pl.DataType] = {
    "integer": pl.Int64(),
    "float": pl.Float64(),
    "text": pl.String(),
    "boolean": pl.Boolean(),
    "date": pl.Date(),
    "datetime": pl.Datetime("us"),
    "category": pl.Categorical(),
}
EXCEL_ROWS = 1_048_575
_BOOKS = (".xlsx", ".xls", ".xlsb", ".ods")
_LOOKED_AT = 4 << 20  # bytes


def read_csv(
    *,
    file: Path,
    delimiter: str = ",",
    header: bool = True,
    null_values: str = "NA",
    encoding: str = "utf-8",
    types: str | None = None,
    dates: bool = True,
    skip: int = 0,
) -> pl.LazyFrame:
    """The rows of CSV files; those in UTF-8 are read when they are needed."""
    files, wanted = _files(file), _types(types)
    words = [word.strip() for word in null_values.split(",")] if null_values.strip() else None
    separator = _one_byte(delimiter)
    options: dict[str, Any] = {
        "separator": separator,
        "has_header": header,
        "null_values": words,
        "schema_overrides": wanted,
        "try_parse_dates": dates,
        "skip_rows": skip,
        "infer_schema_length": 10_000,
    }
    if _is_utf8(encoding):
        frame = tables.opened(files[0].name, lambda: pl.scan_csv(files, **options))
    else:
        texts = [_decoded(each, encoding) for each in files]
        frame = tables.opened(
            files[0].name,
            lambda: pl.concat([pl.read_csv(text, **options) for text in texts]).lazy(),
        )
    tables.require(frame, wanted)
    return frame


def read_csv_columns(*, file: Path, encoding: str = "utf-8", **options: Any) -> pl.LazyFrame:
    """As `read_csv`; what is not in UTF-8 is read whole, so only if it is small."""
    if not _is_utf8(encoding):
        _small(_files(file))
    return read_csv(file=file, encoding=encoding, **options)


def read_parquet(*, file: Path) -> pl.LazyFrame:
    """The rows of Parquet files."""
    files = _files(file, ".parquet")
    if file.is_dir():
        return tables.scan(file)
    return tables.opened(file.name, lambda: pl.scan_parquet(files))


def read_jsonl(*, file: Path) -> pl.LazyFrame:
    """The rows of files with a JSON object a line."""
    files = _files(file, ".jsonl", ".ndjson", ".json")
    return tables.opened(files[0].name, lambda: pl.scan_ndjson(files, infer_schema_length=10_000))


def read_excel(*, file: Path, sheet: str | None = None, header: bool = True) -> pl.DataFrame:
    """The rows of one sheet of a workbook."""
    import fastexcel

    (book, *others) = _files(file, *_BOOKS)
    if others:
        raise StepError(f"{file.name}: several workbooks: name one")
    try:
        names = fastexcel.read_excel(book).sheet_names
        name = sheet or names[0]
        if name not in names:
            raise StepError(f"{book.name} has no sheet '{name}'; there are: {listed(names)}")
        return _sheet(book, name, header=header)
    except (fastexcel.FastExcelError, pl.exceptions.PolarsError) as error:
        raise StepError(f"{book.name} cannot be read: {tables.first_line(error)}") from None


def read_excel_columns(*, file: Path, **options: Any) -> pl.DataFrame:
    """As `read_excel`, which reads a workbook whole: so only of a small one."""
    _small(_files(file, *_BOOKS))
    return read_excel(file=file, **options)


def read_files(*, folder: Path, pattern: str = "**/*", content: bool = True) -> pl.DataFrame:
    """A row for each file: its path in the folder, its size, and its text if it is one."""
    wanted = PurePosixPath(pattern)
    if wanted.is_absolute() or not wanted.parts:
        raise StepError(f"pattern: '{pattern}' is none of paths within the folder")
    if folder.is_dir():
        known = tables.files_in(folder)
        files = [each for each in known if _fits(each.relative_to(folder).parts, wanted.parts)]
    else:
        files, folder = [tables.regular(folder)], folder.parent
    columns: dict[str, list[object]] = {
        "path": [each.relative_to(folder).as_posix() for each in files],
        "size": [each.stat().st_size for each in files],
    }
    schema: dict[str, pl.DataType] = {"path": pl.String(), "size": pl.Int64()}
    if content:
        columns["text"] = [_text(each) for each in files]
        schema["text"] = pl.String()
    return pl.DataFrame(columns, schema=schema)


def enter_data(*, csv: str) -> pl.DataFrame:
    """The rows of a CSV text."""
    text = io.StringIO(csv.strip() + "\n")
    return tables.opened(
        "csv", lambda: pl.read_csv(text, infer_schema_length=None, try_parse_dates=True).lazy()
    ).collect()


def write_csv(
    *, table: pl.LazyFrame, file: Folder, delimiter: str = ",", header: bool = True
) -> None:
    """The table as one CSV file."""
    tables.plain(table, "CSV")
    with tables.told():
        table.sink_csv(file / "data.csv", separator=_one_byte(delimiter), include_header=header)


def write_parquet(
    *,
    table: pl.LazyFrame,
    files: Folder,
    partition_by: list[str] | None = None,
    compression: str = "zstd",
) -> None:
    """The table as Parquet: one file, or a folder for each value of some columns."""
    keys = tables.chosen(table, partition_by) if partition_by else []
    if keys and len(keys) == len(table.collect_schema()):
        raise StepError("every column makes a partition: leave at least one for the files")
    target = pl.PartitionBy(files, key=keys, include_key=True) if keys else files / tables.FILE
    with tables.told():
        table.sink_parquet(target, compression=compression, mkdir=True)  # type: ignore[call-overload]


def write_jsonl(*, table: pl.LazyFrame, file: Folder) -> None:
    """The table as one file with a JSON object a line."""
    tables.plain(table, "JSON", nested=True)
    with tables.told():
        table.sink_ndjson(file / "data.jsonl")


def write_excel(*, table: pl.LazyFrame, file: Folder, sheet: str = "data") -> None:
    """The table as a workbook with one sheet."""
    from xlsxwriter.exceptions import XlsxWriterException  # type: ignore[import-untyped]

    tables.plain(table, "Excel")
    rows = tables.height(table)
    if rows > EXCEL_ROWS:
        raise StepError(f"{rows} rows: a sheet holds {EXCEL_ROWS}; write CSV or Parquet instead")
    try:
        tables.collected(_local(table)).write_excel(file / "data.xlsx", worksheet=sheet)
    except (XlsxWriterException, ValueError, pl.exceptions.PolarsError) as error:
        raise StepError(f"sheet '{sheet}': {tables.first_line(error)}") from None


def write_files(
    *, table: pl.LazyFrame, files: Folder, path: str = "path", text: str = "text"
) -> None:
    """A file for each row, named by one column and filled by another."""
    tables.chosen(table, [path, text], ("text",))
    rows = table.select(place=pl.col(path).cast(pl.String), content=pl.col(text).cast(pl.String))
    for name, content in tables.collected(rows).iter_rows():
        place = Path(name or "")
        if not place.parts or place.is_absolute() or ".." in place.parts:
            raise StepError(f"'{name}' is no path within a folder")
        target = files / place
        if target.exists():
            raise StepError(f"two rows are for '{name}'")
        try:
            target.parent.mkdir(parents=True, exist_ok=True)
            target.write_text(content or "", encoding="utf-8", newline="")
        except (OSError, ValueError) as error:
            raise StepError(f"'{name}' cannot be written: {error}") from None


def _files(path: Path, *endings: str) -> list[Path]:
    """The file, or those in the folder that have one of the endings."""
    if not path.is_dir():
        return [tables.regular(path)]
    found = [
        each
        for each in tables.files_in(path)
        if not each.name.startswith((".", "_")) and (not endings or each.suffix.lower() in endings)
    ]
    if not found:
        raise StepError(f"{path.name}: there is no {' or '.join(endings) or 'file'} in it")
    return found


def _small(files: list[Path]) -> None:
    """ValueError for files that are too large to be read for their columns only."""
    if sum(file.stat().st_size for file in files) > _LOOKED_AT:
        raise ValueError("it is large: its columns are known only when it has run")


def _fits(parts: Sequence[str], pattern: Sequence[str]) -> bool:
    """Whether a path is one of a pattern's, of which `**` is any number of folders."""
    if not pattern:
        return not parts
    first, *rest = pattern
    if first == "**":
        return any(_fits(parts[start:], rest) for start in range(len(parts) + 1))
    return bool(parts) and fnmatchcase(parts[0], first) and _fits(parts[1:], rest)


def _sheet(book: Path, name: str, *, header: bool) -> pl.DataFrame:
    import fastexcel

    try:
        return pl.read_excel(book, sheet_name=name, has_header=header, raise_if_empty=False)
    except pl.exceptions.InvalidOperationError:  # floats that are whole, and too large for Int64
        found = fastexcel.read_excel(book).load_sheet(name, header_row=0 if header else None)
        return pl.DataFrame(found)


def _local(table: pl.LazyFrame) -> pl.LazyFrame:
    """Times with a zone as the local time there: Excel has no zones."""
    zoned = [
        name
        for name, dtype in table.collect_schema().items()
        if isinstance(dtype, pl.Datetime) and dtype.time_zone
    ]
    return table.with_columns(pl.col(zoned).dt.replace_time_zone(None)) if zoned else table


def _types(text: str | None) -> dict[str, pl.DataType]:
    """The types of columns, told as `COLUMN:TYPE,COLUMN:TYPE`."""
    found: dict[str, pl.DataType] = {}
    for each in text.split(",") if text else ():
        name, _, word = each.strip().rpartition(":")
        if not name or word.strip() not in TYPES:
            raise StepError(f"types: '{each}' is not COLUMN:TYPE, TYPE one of {listed(TYPES)}")
        found[name.strip()] = TYPES[word.strip()]
    return found


def _one_byte(delimiter: str) -> str:
    word = {"tab": "\t", "\\t": "\t"}.get(delimiter, delimiter)
    if len(word.encode()) != 1:
        raise StepError(f"delimiter: one character or `tab`, not '{delimiter}'")
    return word


def _is_utf8(encoding: str) -> bool:
    try:
        return lookup(encoding).name in ("utf-8", "ascii")
    except LookupError:
        raise StepError(
            f"encoding: there is no '{encoding}'; utf-8, latin-1, gb18030, ..."
        ) from None


def _decoded(file: Path, encoding: str) -> io.StringIO:
    try:
        return io.StringIO(file.read_text(encoding=encoding))
    except (UnicodeError, OSError) as error:
        raise StepError(f"{file.name} cannot be read as {encoding}: {error}") from None


def _text(file: Path) -> str | None:
    try:
        return file.read_bytes().decode()
    except UnicodeDecodeError:
        return None
