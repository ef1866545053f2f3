"""Preprocessing that is fitted: a table in, a table and what was learned of it out."""

from __future__ import annotations

from typing import TYPE_CHECKING

from millwork.base.errors import BadRequest
from millwork.catalogue.model import (
    OPTIONAL_TRANSFORM,
    TABLE,
    TABLE_OUT,
    TRANSFORM_OUT,
    Declaration,
    Example,
    PaiName,
    choice,
    columns,
    flag,
    number,
    text,
)
from millwork.catalogue.rules import chosen, fitted, fresh, require
from millwork.catalogue.shapes import BOOL, EVERY_KIND, FLOAT, TEXT, UNKNOWN_TYPE

if TYPE_CHECKING:
    from collections.abc import Callable

    from millwork.catalogue.rules import Given
    from millwork.catalogue.shapes import Columns

    Step = Callable[[Columns], Columns]

CATEGORY = "preprocess"
FITTED_INPUTS = {"table": TABLE, "transform": OPTIONAL_TRANSFORM}
FITTED_OUTPUTS = {"table": TABLE_OUT, "transform": TRANSFORM_OUT}
SUFFIX = text("Put behind the new columns' names; empty replaces the columns", "")

NUMBERS = ("number", "bool")
_FILLED_KINDS = {
    "mean": ("number",),
    "median": ("number",),
    "min": ("number", "time"),
    "max": ("number", "time"),
    "most_frequent": EVERY_KIND,
}


def changed(given: Given, names: list[str] | None, dtype: str) -> Step:
    """Columns that get another type, in their place, or beside them with a `suffix`."""
    suffix = given.get("suffix", "")

    def effect(table: Columns) -> Columns:
        if names is None:
            return table.open()
        require(table, names)
        made = {name + suffix: dtype for name in names}
        if suffix:
            fresh(table, made)
        return table.plus(made)

    return effect


def some(names: list[str] | None, what: str) -> list[str] | None:
    """The same names; BadRequest if it is known that there are none."""
    if names == []:
        raise BadRequest(f"no column holds {what}: name the columns, or convert some first")
    return names


def numbers(given: Given) -> list[str] | None:
    """The columns of numbers, truths among them, that are meant; None if that is not known."""
    return some(chosen(given.table(), given.names("columns"), NUMBERS), "numbers")


def _scaled(given: Given) -> Step:
    return changed(given, numbers(given), FLOAT)


def _cleaned(given: Given) -> Step:
    names = chosen(given.table(), given.names("columns"), ("text",))
    return changed(given, some(names, "text"), TEXT)


def _imputed(given: Given) -> Step:
    strategy = given.get("strategy", "mean")
    named = given.names("columns")
    if strategy == "constant":
        by_default = ("number",) if _is_number(given.get("value", "")) else ("text",)
        kinds = EVERY_KIND if named else by_default
    else:
        kinds = _FILLED_KINDS[strategy]
    names = some(chosen(given.table(), named, kinds), f"{' or '.join(kinds)} to fill")
    is_float = strategy in ("mean", "median")

    def effect(table: Columns) -> Columns:
        if names is None:
            return table.open()
        require(table, names)
        made = table.plus({n: _filled(table.of([n]).types[n], is_float) for n in names})
        if not given.get("indicator", False):
            return made
        marks = dict.fromkeys((f"{name}_missing" for name in names), BOOL)
        fresh(table, marks)
        return made.plus(marks)

    return effect


def _filled(dtype: str, is_float: bool) -> str:
    keeps = not is_float or dtype == UNKNOWN_TYPE or dtype.startswith("Float")
    return dtype if keeps else FLOAT


def _is_number(value: str) -> bool:
    try:
        return abs(float(value)) < float("inf")
    except ValueError:
        return False


def _scaling_name(name: str, keeping: str, **fixed: str) -> PaiName:
    """PAI's scaling, which keeps the old columns if it is told to."""
    return PaiName(
        name,
        {"selectedColNames": "columns", "keepOriginal": "suffix"},
        {"inputTableName": "table"},
        {"outputTableName": "table", "outputParaTableName": "transform"},
        values={"suffix": {"true": keeping, "false": ""}},
        fixed=fixed,
    )


DECLARATIONS = (
    Declaration(
        "standardise",
        CATEGORY,
        "Standardise",
        "Scales columns to mean 0 and standard deviation 1.",
        "prepare.standardise",
        fitted(_scaled),
        FITTED_INPUTS,
        FITTED_OUTPUTS,
        {
            "columns": columns("The columns to scale; all of numbers if none is named"),
            "suffix": SUFFIX,
        },
        pai=(_scaling_name("Standardize", "_standardised"),),
        azureml=("Normalize Data",),
        example=Example({"table": "penguins"}, {"columns": "body_mass_g,bill_length_mm"}),
        notes="A column without spread becomes 0. Missing values stay missing, and are not counted "
        "for mean and deviation; a column of nothing else stays as it is. True is 1, false is 0.",
    ),
    Declaration(
        "normalise",
        CATEGORY,
        "Normalise",
        "Scales columns to a range, by their greatest size, or by their quartiles.",
        "prepare.normalise",
        fitted(_scaled),
        FITTED_INPUTS,
        FITTED_OUTPUTS,
        {
            "columns": columns("The columns to scale; all of numbers if none is named"),
            "method": choice(
                "min_max: from the least to the greatest; max_abs: by the greatest size; robust: "
                "less the median, by the distance of the quartiles",
                "min_max",
                "max_abs",
                "robust",
            ),
            "low": number("min_max: what the least value becomes", 0),
            "high": number("min_max: what the greatest value becomes", 1),
            "suffix": SUFFIX,
        },
        pai=(_scaling_name("Normalize", "_normalised", method="min_max"),),
        example=Example({"table": "penguins"}, {"columns": "body_mass_g", "method": "robust"}),
        notes="A column without spread becomes `low`, or 0. Missing values stay missing, and are "
        "not counted. New data may lie outside the range.",
    ),
    Declaration(
        "impute",
        CATEGORY,
        "Fill missing values",
        "Fills missing values with what the column's other values say, or with a constant.",
        "prepare.impute",
        fitted(_imputed),
        FITTED_INPUTS,
        FITTED_OUTPUTS,
        {
            "columns": columns("The columns to fill; all of the kinds that the strategy can fill"),
            "strategy": choice(
                "mean and median: numbers; min and max: numbers and times; most_frequent and "
                "constant: all",
                "mean",
                "median",
                "most_frequent",
                "min",
                "max",
                "constant",
            ),
            "value": text("constant: the value, read as the column's type", ""),
            "indicator": flag("Add a column NAME_missing which says where a value was missing"),
        },
        pai=(
            PaiName(
                "FillMissingValues",
                {},
                {"inputTableName": "table"},
                {"outputTableName": "table", "outputParaTableName": "transform"},
            ),
        ),
        azureml=("Clean Missing Data",),
        example=Example({"table": "penguins"}, {"strategy": "median"}),
        notes="NaN counts as missing. Mean and median make Float64 of whole numbers, in every "
        "column they are asked for. Of values that are equally frequent the least is taken. A "
        "column that has no value at all stays empty. A constant fills columns of numbers by "
        "default if it is a number, otherwise those of text. To leave rows out use filter_rows.",
    ),
    Declaration(
        "clean_strings",
        CATEGORY,
        "Clean strings",
        "Trims texts, puts them into one case, removes accents and punctuation.",
        "prepare.clean_strings",
        fitted(_cleaned),
        FITTED_INPUTS,
        FITTED_OUTPUTS,
        {
            "columns": columns("The columns to clean; all of text if none is named"),
            "case": choice("Which case the letters get", "keep", "lower", "upper", "title"),
            "trim": flag("Remove blanks at both ends", default=True),
            "blanks": flag("Make one blank of several, and of line ends and tabs", default=True),
            "accents": flag("Remove accents: é becomes e"),
            "punctuation": flag("Remove punctuation and symbols"),
            "empty_is_missing": flag("Make a missing value of an empty text"),
            "suffix": SUFFIX,
        },
        azureml=("Preprocess Text",),
        example=Example({"table": "penguins"}, {"columns": "island", "case": "upper"}),
        notes="It learns nothing; its transform does the same to new data. Accents go first, then "
        "punctuation, then blanks. Missing values stay missing; categories become text.",
    ),
)
