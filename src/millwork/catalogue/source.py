"""Data in and out: files, databases, sample data."""

from __future__ import annotations

from typing import TYPE_CHECKING

from millwork.base.errors import BadRequest
from millwork.catalogue.model import (
    TABLE_OUT,
    TABLES,
    Declaration,
    Example,
    choice,
    column,
    columns,
    flag,
    integer,
    text,
)
from millwork.catalogue.rules import checked, fixed, require, unknown
from millwork.catalogue.samples import SAMPLES
from millwork.catalogue.shapes import INT, TEXT, UNKNOWN, Columns
from millwork.spec.model import Input, Output

if TYPE_CHECKING:
    from collections.abc import Mapping

    from millwork.catalogue.rules import Given
    from millwork.catalogue.shapes import Shape

CATEGORY = "source"

_OUT = {"table": TABLE_OUT}
_FILE = {"file": Input("any", description="A file, or a folder of them that are alike")}
_FILE_OUT = {"file": Output("file")}
_PENGUINS = {"table": "penguins"}


def _sampled(given: Given) -> Mapping[str, Shape]:
    sample = SAMPLES.get(given.get("name", ""))
    return {"table": Columns(sample.columns) if sample else UNKNOWN}


def _listed(given: Given) -> Mapping[str, Shape]:
    found = {"path": TEXT, "size": INT}
    return {"table": Columns({**found, "text": TEXT} if given.get("content", True) else found)}


def _partitioned(given: Given) -> Mapping[str, Shape]:
    table, keys = given.table(), given.names("partition_by")
    require(table, keys)
    if table.is_whole and keys and len(keys) == len(table.types):
        raise BadRequest("every column makes a partition: leave at least one for the files")
    return {"files": table}


_READ = (
    Declaration(
        "read_csv",
        CATEGORY,
        "Read CSV",
        "Reads files of comma-separated values.",
        "source.read_csv",
        unknown,
        _FILE,
        _OUT,
        {
            "delimiter": text("What stands between values: one character, or `tab`", ","),
            "header": flag("The first line names the columns", default=True),
            "null_values": text(
                "Words that stand for a missing value besides nothing, with commas between", "NA"
            ),
            "encoding": text("The letters' encoding: utf-8, latin-1, gb18030, ...", "utf-8"),
            "types": text(
                "Types of columns that are not to be guessed: `zip:text,born:date`. They are "
                "integer, float, text, boolean, date, datetime, category"
            ),
            "dates": flag("Texts that look like dates or times become such", default=True),
            "skip": integer("Lines to pass over at the start", 0, 0),
        },
        azureml=("Import Data",),
        peeks=True,
        example=Example({"file": "write_csv.file"}),
        notes="Types are guessed from the first 10,000 lines; a later value that does not fit ends "
        "the step: name the column in `types`. Without a header columns are column_0, column_1, "
        "... An empty file is an error. What is not in UTF-8 is read into memory, "
        "and above 4 MiB its columns are known only when it has run.",
    ),
    Declaration(
        "read_parquet",
        CATEGORY,
        "Read Parquet",
        "Reads Parquet files, partitioned folders too.",
        "source.read_parquet",
        unknown,
        _FILE,
        _OUT,
        peeks=True,
        example=Example({"file": "penguins"}),
        notes="The names of folders like `year=2024` become columns, unless the files have them.",
    ),
    Declaration(
        "read_jsonl",
        CATEGORY,
        "Read JSON lines",
        "Reads files with one JSON object a line.",
        "source.read_jsonl",
        unknown,
        _FILE,
        _OUT,
        peeks=True,
        example=Example({"file": "write_jsonl.file"}),
        notes="Columns and types are found in the first 10,000 lines. Objects within an object "
        "become a column of records.",
    ),
    Declaration(
        "read_excel",
        CATEGORY,
        "Read Excel",
        "Reads one sheet of a workbook: xlsx, xls, xlsb, ods.",
        "source.read_excel",
        unknown,
        _FILE,
        _OUT,
        {
            "sheet": text("The sheet's name; the first if it is empty"),
            "header": flag("The first row names the columns", default=True),
        },
        peeks=True,
        example=Example({"file": "write_excel.file"}),
        notes="Formulas are read as the values that the workbook holds. Rows and columns "
        "without any value are left out. The columns of a workbook above 4 MiB are known only when "
        "it has run.",
    ),
    Declaration(
        "read_sql_table",
        CATEGORY,
        "Read SQL table",
        "Reads a table, or what a query selects, of a DuckDB or SQLite file or of PostgreSQL.",
        "source_sql.read_sql_table",
        unknown,
        {"database": Input("file", required=False, description="A file of DuckDB or SQLite")},
        _OUT,
        {
            "table_name": text("The table"),
            "query": text("A SELECT instead of a table"),
            "variable": text(
                "Without a file: the variable that holds PostgreSQL's URL", "DATABASE_URL"
            ),
        },
        example=Example({"database": "write_sql_table.database"}, {"table_name": "data"}),
        notes="A URL with a password belongs into a secret, on the node: `env: {DATABASE_URL: "
        "{secret: shop}}`. Whole tables of a connection need no component: any input takes "
        "`table:CONNECTION/TABLE`. Nothing can be written through it. It is run each time: the "
        "database may have changed.",
        is_deterministic=False,
    ),
    Declaration(
        "read_files",
        CATEGORY,
        "Read files",
        "Makes a table of a folder: a row for each file.",
        "source.read_files",
        _listed,
        {"folder": Input("any", description="A folder")},
        _OUT,
        {
            "pattern": text("Which files: `*.txt`, `**/*.md`", "**/*"),
            "content": flag("A column `text` of what is in them", default=True),
        },
        example=Example({"folder": "penguins"}),
        notes="The files are in the order of their paths, numbers as numbers; links to folders are "
        "followed. The text of a file that is no UTF-8 is "
        "missing.",
    ),
    Declaration(
        "enter_data",
        CATEGORY,
        "Enter data",
        "A small table, typed in as CSV.",
        "source.enter_data",
        unknown,
        {},
        _OUT,
        {"csv": text("The names of the columns, then a line for each row", required=True)},
        azureml=("Enter Data Manually",),
        peeks=True,
        example=Example({}, {"csv": "city,people\nHamburg,1862000\nMünchen,1505000\n"}),
    ),
    Declaration(
        "sample_data",
        CATEGORY,
        "Sample data",
        "A table of real data to try things on; no network is needed.",
        "source_samples.sample_data",
        _sampled,
        {},
        _OUT,
        {"name": choice("Which", *SAMPLES)},
        example=Example({}, {"name": "penguins"}),
        notes="; ".join(f"{name}: {each.about} ({each.source})" for name, each in SAMPLES.items())
        + ".",
    ),
)

_WRITTEN = (
    Declaration(
        "write_csv",
        CATEGORY,
        "Write CSV",
        "Writes a table as one CSV file, data.csv.",
        "source.write_csv",
        fixed(file=None),
        TABLES,
        _FILE_OUT,
        {
            "delimiter": text("What stands between values: one character, or `tab`", ","),
            "header": flag("The first line names the columns", default=True),
        },
        azureml=("Export Data", "Convert to CSV"),
        example=Example(_PENGUINS),
        notes="UTF-8. A missing value is an empty field. Columns of lists or of durations are an "
        "error.",
    ),
    Declaration(
        "write_parquet",
        CATEGORY,
        "Write Parquet",
        "Writes a table as Parquet, in a folder for each value of some columns if so wished.",
        "source.write_parquet",
        _partitioned,
        TABLES,
        {"files": TABLE_OUT},
        {
            "partition_by": columns("The columns whose values make folders, `year=2024`"),
            "compression": choice("How it is compressed", "zstd", "snappy", "lz4", "gzip"),
        },
        azureml=("Convert to Dataset",),
        example=Example(_PENGUINS, {"partition_by": "species"}),
        notes="The files hold the columns of the partitions too, so no type is lost.",
    ),
    Declaration(
        "write_jsonl",
        CATEGORY,
        "Write JSON lines",
        "Writes a table as one file with a JSON object a line, data.jsonl.",
        "source.write_jsonl",
        fixed(file=None),
        TABLES,
        _FILE_OUT,
        example=Example(_PENGUINS),
    ),
    Declaration(
        "write_excel",
        CATEGORY,
        "Write Excel",
        "Writes a table as a workbook with one sheet, data.xlsx.",
        "source.write_excel",
        fixed(file=None),
        TABLES,
        _FILE_OUT,
        {"sheet": text("The sheet's name", "data")},
        example=Example(_PENGUINS),
        notes="At most 1,048,575 rows and 16,384 columns. Columns of lists are an error. "
        "Numbers keep 16 digits; NaN and infinity become Excel's errors, times with a zone the "
        "local time there.",
    ),
    Declaration(
        "write_sql_table",
        CATEGORY,
        "Write SQL table",
        "Writes a table into a new file of DuckDB or SQLite.",
        "source_sql.write_sql_table",
        fixed(database=None),
        TABLES,
        {"database": Output("file")},
        {
            "table_name": text("The table's name", "data"),
            "kind": choice("Which database", "duckdb", "sqlite"),
        },
        example=Example(_PENGUINS, {"kind": "sqlite"}),
        notes="SQLite keeps dates and times as ISO 8601 texts. A table of a database server is "
        "written by `-O table=table:CONNECTION/TABLE` at any step's output. It is run each time: "
        "no earlier result is used.",
        is_deterministic=False,
    ),
    Declaration(
        "write_files",
        CATEGORY,
        "Write files",
        "Writes a text file for each row.",
        "source.write_files",
        checked({"path": (), "text": ()}, files=None),
        TABLES,
        {"files": Output("folder")},
        {
            "path": column("The column of the files' paths", dtype="text"),
            "text": column("The column of what they hold", dtype="text"),
        },
        example=Example({"table": "airlines"}, {"path": "carrier", "text": "name"}),
        notes="Paths stay within the folder, and no two rows have the same.",
    ),
)  # fmt: skip

DECLARATIONS = (*_READ, *_WRITTEN)
