"""Tables to tables: rows and columns chosen, joined, grouped, drawn by chance."""

from __future__ import annotations

from millwork.catalogue import preprocess_rules as rules
from millwork.catalogue.model import (
    TABLE,
    TABLE_OUT,
    TABLES,
    Declaration,
    Example,
    PaiName,
    choice,
    column,
    columns,
    flag,
    integer,
    number,
    text,
)
from millwork.catalogue.preprocess_sample import DRAWN
from millwork.catalogue.rules import unknown
from millwork.spec.model import Input

CATEGORY = "preprocess"

_OUT = {"table": TABLE_OUT}
_TABLE_NAMES = {"inputTableName": "table"}, {"outputTableName": "table"}
_PAIR = {"left": TABLE, "right": TABLE}
_PENGUINS = {"table": "penguins"}
_GIVEN = {name: Input("table", required=False) for name in ("t1", "t2", "t3", "t4")}
_UNARY = (
    "absolute", "negate", "sign", "round", "floor", "ceiling", "square", "square_root",
    "exponential", "log", "log2", "log10", "log1p", "reciprocal",
)  # fmt: skip
_BINARY = ("add", "subtract", "multiply", "divide", "modulo", "power")


_COLUMNS = (
    Declaration(
        "select_columns",
        CATEGORY,
        "Select columns",
        "Keeps the columns that are named, in that order, or all but some.",
        "preprocess.select_columns",
        rules.selected,
        TABLES,
        _OUT,
        {
            "columns": columns("The columns to keep; all if none is named"),
            "exclude": columns("Columns to leave out"),
        },
        azureml=("Select Columns in Dataset",),
        example=Example(_PENGUINS, {"columns": "species,body_mass_g"}),
    ),
    Declaration(
        "rename_columns",
        CATEGORY,
        "Rename columns",
        "Gives columns new names, or a prefix or suffix.",
        "preprocess.rename_columns",
        rules.renamed,
        TABLES,
        _OUT,
        {
            "columns": columns("The columns to rename; all if none is named"),
            "names": text("Their new names, in that order, with commas between"),
            "prefix": text("Put before each name"),
            "suffix": text("Put behind each name"),
        },
        example=Example(_PENGUINS, {"columns": "sex,year", "names": "gender,season"}),
    ),
    Declaration(
        "cast_types",
        CATEGORY,
        "Cast types",
        "Converts columns to other types.",
        "preprocess_types.cast_types",
        rules.cast,
        TABLES,
        _OUT,
        {
            **{
                name: columns(f"Columns to turn into {name.removeprefix('to_')}")
                for name in rules.CASTS
            },
            "format": text("How dates are written, `%d.%m.%Y`; found out if it is empty"),
            "invalid": choice("What does not fit: an error, or missing", "fail", "missing"),
        },
        pai=(
            PaiName(
                "type_transform_v1",
                {
                    "cols_to_int": "to_integer",
                    "cols_to_double": "to_float",
                    "cols_to_string": "to_text",
                },
                {"inputTable": "table"},
                {"outputTable": "table"},
                fixed={"invalid": "missing"},
            ),
        ),
        azureml=("Edit Metadata",),
        example=Example(_PENGUINS, {"to_text": "year", "to_category": "species,island"}),
        notes="Fractions are cut when floats become integers. Texts are true as true, t, yes, y or "
        "1, and false as false, f, no, n or 0, in any case; other numbers than 0 are true. A time "
        "with a zone becomes the local time there. With `invalid: missing`, what does not fit "
        "becomes missing; with `fail` it ends the step.",
    ),
    Declaration(
        "append_id",
        CATEGORY,
        "Append ID column",
        "Puts a column before the others that numbers the rows.",
        "preprocess.append_id",
        rules.numbered,
        TABLES,
        _OUT,
        {
            "name": text("The new column's name", "append_id"),
            "start": integer("The first row's number", 0),
        },
        pai=(PaiName("AppendId", {"IDColName": "name"}, *_TABLE_NAMES),),
        example=Example(_PENGUINS, {"name": "id"}),
        notes="A column of that name must not be there yet.",
    ),
    Declaration(
        "clip_values",
        CATEGORY,
        "Clip values",
        "Moves numbers below a lower or above an upper bound to the bound, or makes them missing.",
        "preprocess.clip_values",
        rules.unchanged(columns=("number",)),
        TABLES,
        _OUT,
        {
            "columns": columns("The columns to clip; all of numbers if none is named"),
            "by": choice("Whether bounds are values, or quantiles (0 to 1)", "value", "quantile"),
            "lower": number("The lower bound; none if it is empty"),
            "upper": number("The upper bound; none if it is empty"),
            "outside": choice("What is outside becomes the bound, or missing", "bound", "missing"),
        },
        azureml=("Clip Values",),
        example=Example(_PENGUINS, {"columns": "body_mass_g", "by": "quantile", "upper": "0.99"}),
        notes="Columns keep their types: a bound of whole numbers is the whole number within it. "
        "Missing values stay missing. Quantiles are interpolated linearly.",
    ),
    Declaration(
        "math_operation",
        CATEGORY,
        "Math operation",
        "Applies a function to each number of columns, alone or with a value or another column.",
        "preprocess.math_operation",
        rules.calculated,
        TABLES,
        _OUT,
        {
            "columns": columns("The columns; all of numbers if none is named"),
            "operation": choice(
                "The function; those from `add` on need a second operand", *_UNARY, *_BINARY
            ),
            "value": number("The second operand"),
            "other": column("The column that is the second operand", required=False),
            "suffix": text("Put behind the new columns' names; empty replaces the columns"),
        },
        azureml=("Apply Math Operation",),
        example=Example(
            _PENGUINS, {"columns": "body_mass_g", "operation": "divide", "value": "1000"}
        ),
        notes="Results are Float64. Missing values stay missing; what is not defined becomes NaN "
        "(the root or logarithm of a negative number) or infinite (a division by 0).",
    ),
)  # fmt: skip

_ROWS_CHOSEN = (
    Declaration(
        "filter_rows",
        CATEGORY,
        "Filter rows",
        "Keeps the rows for which a condition is true.",
        "preprocess.filter_rows",
        rules.unchanged(),
        TABLES,
        _OUT,
        {
            "condition": text(
                "An SQL expression over the columns: `body_mass_g > 4000 AND species = 'Gentoo'`",
                required=True,
            )
        },
        example=Example(_PENGUINS, {"condition": "body_mass_g > 4000 AND sex = 'female'"}),
        notes="Polars' SQL: names with other letters go in double quotes, texts in single ones, "
        "dates as DATE '2024-01-31'. A comparison with a missing value is not true. A condition "
        "sees the table and nothing else: a query within it is an error.",
    ),
    Declaration(
        "drop_duplicates",
        CATEGORY,
        "Drop duplicates",
        "Keeps one of the rows that are alike.",
        "preprocess.drop_duplicates",
        rules.unchanged(columns=()),
        TABLES,
        _OUT,
        {
            "columns": columns("The columns that are compared; all if none is named"),
            "keep": choice("Which of them stays", "first", "last", "none"),
        },
        azureml=("Remove Duplicate Rows",),
        example=Example(_PENGUINS, {"columns": "species,island"}),
        notes="The rows keep their order. Missing values are alike.",
    ),
    Declaration(
        "sort_rows",
        CATEGORY,
        "Sort rows",
        "Puts the rows into the order of columns.",
        "preprocess.sort_rows",
        rules.unchanged(by=(), descending=()),
        TABLES,
        _OUT,
        {
            "by": columns("The columns, the most important first", required=True),
            "descending": columns("Those of them that go from the greatest to the least"),
            "nulls_last": flag("Missing values come last", default=True),
            "limit": integer("Keep so many rows; all if it is empty", None, 0),
        },
        example=Example(_PENGUINS, {"by": "species,body_mass_g", "descending": "body_mass_g"}),
        notes="Rows that are alike keep their order.",
    ),
)

_COMBINED = (
    Declaration(
        "join",
        CATEGORY,
        "Join",
        "Puts the rows of two tables together whose keys are equal.",
        "preprocess_combine.join",
        rules.joined,
        _PAIR,
        _OUT,
        {
            "how": choice(
                "Which rows stay where no key fits; semi and anti: rows of the left table that "
                "have, or have not, a fitting one",
                "inner", "left", "right", "full", "semi", "anti", "cross",
            ),
            "left_on": columns("The keys of the left table", "left"),
            "right_on": columns("The keys of the right one; if none, those of the left", "right"),
            "suffix": text("Put behind a name of the right table that the left has too", "_right"),
        },
        azureml=("Join Data",),
        example=Example(
            {"left": "flights", "right": "airlines"}, {"how": "left", "left_on": "carrier"}
        ),
        notes="The rows are in the order of the left table (`right`: of the right one). Keys must "
        "be of one type on both sides. A missing key fits none.",
    ),
    Declaration(
        "union_rows",
        CATEGORY,
        "Union rows",
        "Puts the rows of a second table below those of a first.",
        "preprocess_combine.union_rows",
        rules.united,
        {"first": TABLE, "second": TABLE},
        _OUT,
        {
            "missing": choice("A column that one has not: an error, or missing", "fail", "fill"),
            "distinct": flag("Keep one of the rows that are alike"),
        },
        azureml=("Add Rows",),
        example=Example({"first": "penguins", "second": "penguins"}, {"distinct": "true"}),
        notes="Columns are matched by name. Integers of different types become Int64, other "
        "numbers Float64; any other two types are an error.",
    ),
    Declaration(
        "merge_columns",
        CATEGORY,
        "Merge columns",
        "Puts two tables of as many rows side by side.",
        "preprocess_combine.merge_columns",
        rules.merged,
        _PAIR,
        _OUT,
        {"suffix": text("Put behind a name of the right table that the left has too", "_right")},
        azureml=("Add Columns",),
        example=Example({"left": "wine", "right": "wine"}, {"suffix": "_again"}),
        notes="Tables of different numbers of rows are an error.",
    ),
)  # fmt: skip

_GROUPED = (
    Declaration(
        "group_aggregate",
        CATEGORY,
        "Group and aggregate",
        "Makes one row of each group of rows.",
        "preprocess_group.group_aggregate",
        rules.grouped,
        TABLES,
        _OUT,
        {
            "by": columns("The columns that make a group; the whole table is one if none is named"),
            **{
                parameter: columns(f"{doc}: `COLUMN_{word}`")
                for parameter, (word, doc, _, _) in rules.AGGREGATES.items()
            },
            "rows": flag("A column `rows`: how many rows the group has", default=True),
        },
        example=Example(_PENGUINS, {"by": "species,sex", "means": "body_mass_g,bill_length_mm"}),
        notes="The groups are in the order of their keys; missing keys are a group, the first. "
        "Missing values are left out, of an empty group a sum is 0 and others are missing. Sums of "
        "integers are Int64, others Float64.",
    ),
    Declaration(
        "pivot",
        CATEGORY,
        "Pivot",
        "Turns a long table into a wide one: a column for each value of a column.",
        "preprocess_group.pivot",
        rules.pivoted,
        TABLES,
        _OUT,
        {
            "index": columns(
                "The columns that stay: one row for each of their values", required=True
            ),
            "on": column("The column whose values become columns"),
            "values": column("The column that fills them"),
            "aggregate": choice(
                "Of several values", "first", "last", "sum", "mean", "median", "min", "max", "count"
            ),
        },
        example=Example(
            _PENGUINS,
            {"index": "island", "on": "species", "values": "body_mass_g", "aggregate": "mean"},
        ),
        notes="Rows and columns are in order. Where there is no value it is missing; a missing "
        "value of `on` is the column `null`. More than 1,000 columns are an error.",
    ),
    Declaration(
        "unpivot",
        CATEGORY,
        "Unpivot",
        "Turns a wide table into a long one: a row for each value of some columns.",
        "preprocess_group.unpivot",
        rules.unpivoted,
        TABLES,
        _OUT,
        {
            "columns": columns("The columns to turn into rows; all others if none is named"),
            "keep": columns("The columns that stay"),
            "name": text("The new column of the names", "variable"),
            "value": text("The new column of the values", "value"),
        },
        example=Example(
            _PENGUINS, {"columns": "bill_length_mm,bill_depth_mm", "keep": "species,year"}
        ),
        notes="Integers of different types become Int64, other numbers Float64; any other two "
        "types are an error: convert them first.",
    ),
)

_CODE = (
    Declaration(
        "sql",
        CATEGORY,
        "SQL",
        "Runs a query of DuckDB's SQL over up to four tables.",
        "preprocess_code.sql",
        unknown,
        _GIVEN,
        _OUT,
        {"query": text("A SELECT over the tables t1, t2, t3, t4", required=True)},
        peeks=True,
        azureml=("Apply SQL Transformation",),
        example=Example(
            {"t1": "penguins"},
            {"query": "SELECT species, avg(body_mass_g) AS mass FROM t1 GROUP BY ALL ORDER BY 1"},
        ),
        notes="Only the tables are there: no files, no network, no extensions. The columns are "
        "known before it runs, but for those of PIVOT and of several statements. A sum of integers "
        "is Int64. The result has to fit into memory; without ORDER BY its order is not promised. "
        "An earlier result of the same query and tables is used again: what now() and random() "
        "would say by then is not taken into account (`--force` runs it again).",
    ),
    Declaration(
        "python_script",
        CATEGORY,
        "Python script",
        "Runs a Python function over up to four tables.",
        "preprocess_code.python_script",
        unknown,
        _GIVEN,
        _OUT,
        {
            "script": text(
                "Python that defines `main`; its arguments are those of t1, t2, t3, t4 (each a "
                "polars LazyFrame) and parameters that it names, and it returns a table",
                required=True,
            ),
            "parameters": text("JSON, given to `main` as `parameters`", "{}"),
        },
        azureml=("Execute Python Script",),
        example=Example(
            {"t1": "penguins"},
            {"script": "def main(t1):\n    return t1.group_by('species').len().sort('species')\n"},
        ),
        notes="A table is a polars frame, or what polars makes one of: a mapping of lists. The "
        "libraries of the built-in components can be imported. The columns are known when it has "
        "run. It runs as the step does, and is not kept from files or the network: that is why "
        "it is run each time, and no earlier result is used.",
        is_deterministic=False,
    ),
)

DECLARATIONS = (*_COLUMNS, *_ROWS_CHOSEN, *_COMBINED, *_GROUPED, *DRAWN, *_CODE)
