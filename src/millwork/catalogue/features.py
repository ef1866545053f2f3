"""Features: columns encoded, binned, selected, made of others."""

from __future__ import annotations

from collections import Counter
from itertools import combinations, combinations_with_replacement
from math import comb
from typing import TYPE_CHECKING

from millwork.base.errors import BadRequest
from millwork.catalogue.model import (
    REPORT_OUT,
    TABLE_OUT,
    Declaration,
    Example,
    PaiName,
    choice,
    column,
    columns,
    flag,
    integer,
    number,
    seed,
    text,
)
from millwork.catalogue.prepare import (
    FITTED_INPUTS,
    FITTED_OUTPUTS,
    NUMBERS,
    SUFFIX,
    changed,
    numbers,
    some,
)
from millwork.catalogue.rules import chosen, fitted, fresh, require, with_more
from millwork.catalogue.shapes import BOOL, DATE, FLOAT, INT, TEXT, UNKNOWN_TYPE, Columns, is_of

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from millwork.catalogue.prepare import Step
    from millwork.catalogue.rules import Given

CATEGORY = "features"
_ENCODED = ("text", "bool", "number")
_MOST_TERMS = 5000
_DATE_PARTS = ("year", "quarter", "month", "week", "day", "weekday", "day_of_year", "is_weekend")
_TIME_PARTS = ("hour", "minute", "second")
_USUAL_PARTS = "year,month,day,weekday,hour"


def replaced(
    names: Sequence[str] | None,
    kinds: Sequence[str],
    made: Mapping[str, str] | None,
    *,
    keep: bool,
) -> Step:
    """Columns that give way to new ones at the end; `made` is None where the data decide."""

    def gone(table: Columns) -> list[str]:
        if names is not None:
            return list(names)
        return [
            name
            for name, dtype in table.types.items()
            if dtype == UNKNOWN_TYPE or is_of(dtype, kinds)
        ]

    def effect(table: Columns) -> Columns:
        require(table, names or [])
        left = table if keep else table.but(gone(table))
        if names is None or made is None:
            return left.open()
        fresh(left, made)
        return left.plus(made)

    return effect


def _encoded(given: Given, without: Sequence[str] = ()) -> list[str] | None:
    named = given.names("columns")
    kinds = _ENCODED if named else ("text",)
    return some(chosen(given.table(), named, kinds, without), "text")


def _label(given: Given) -> str:
    """The label's column; empty for none."""
    return "".join(given.columns("label", _ENCODED))


def _one_hot(given: Given) -> Step:
    return replaced(_encoded(given), ("text",), None, keep=given.get("keep", False))


def _ordinal(given: Given) -> Step:
    return changed(given, _encoded(given), INT)


def _target(given: Given) -> Step:
    return changed(given, _encoded(given, [_label(given)]), FLOAT)


def _hashed(given: Given) -> Step:
    prefix = given.get("prefix", "hash")
    made = {f"{prefix}_{place}": FLOAT for place in range(given.get("count", 32))}
    return replaced(_encoded(given), ("text",), made, keep=given.get("keep", False))


def _binned(given: Given) -> Step:
    label = _label(given)
    if given.get("method") == "tree" and not label:
        raise BadRequest("the method 'tree' needs a label: name its column")
    names = chosen(given.table(), given.names("columns"), ("number",), [label])
    return changed(given, some(names, "numbers"), INT)


def _components(given: Given) -> Step:
    names, count = numbers(given), given.get("components", 2)
    made = None
    if given.get("share") is None:
        if names is not None and count > len(names):
            raise BadRequest(f"{count} components need as many columns: there are {len(names)}")
        made = {f"{given.get('prefix', 'pc')}{place}": FLOAT for place in range(1, count + 1)}
    return replaced(names, NUMBERS, made, keep=given.get("keep", False))


def _products(given: Given) -> Step:
    names = numbers(given)
    if names is None:
        return Columns.open
    is_plain, degrees = given.get("interaction_only", False), range(2, given.get("degree", 2) + 1)
    count = sum(comb(len(names) + (0 if is_plain else n - 1), n) for n in degrees)
    if count > _MOST_TERMS:
        raise BadRequest(f"there would be {count} new columns, more than {_MOST_TERMS}: name fewer")
    choose = combinations if is_plain else combinations_with_replacement
    terms = [_term(each) for n in degrees for each in choose(names, n)]
    return replaced(names, NUMBERS, dict.fromkeys(terms, FLOAT), keep=True)


def _term(factors: tuple[str, ...]) -> str:
    powers = Counter(factors).items()
    return " ".join(name if power == 1 else f"{name}^{power}" for name, power in powers)


def _moments(given: Given) -> Step:
    wanted = [part.strip() for part in given.get("parts", _USUAL_PARTS).split(",") if part.strip()]
    for part in wanted:
        if part not in _DATE_PARTS + _TIME_PARTS:
            known = ", ".join(_DATE_PARTS + _TIME_PARTS)
            raise BadRequest(f"there is no part '{part}'; there are: {known}")
    named = given.names("columns")
    names = chosen(given.table(), named, ("time",))
    keep = given.get("keep", False)
    if names is None:
        return replaced(None, ("time",), None, keep=keep)
    types = given.table().of(names).types
    found = {
        name: [part for part in dict.fromkeys(wanted) if part in _parts(dtype)]
        for name, dtype in types.items()
    }
    for name, parts in found.items():
        if named and not parts:
            raise BadRequest(f"column '{name}' is {types[name]}: it has none of those parts")
    learned = some([name for name, parts in found.items() if parts], "dates or times")
    made = {
        f"{name}_{part}": BOOL if part == "is_weekend" else "Int32"
        for name, parts in found.items()
        for part in parts
    }
    is_known = UNKNOWN_TYPE not in types.values()
    return replaced(learned, ("time",), made if is_known else None, keep=keep)


def _parts(dtype: str) -> tuple[str, ...]:
    if dtype.startswith("Duration"):
        return ()
    if dtype == DATE:
        return _DATE_PARTS
    return _TIME_PARTS if dtype == "Time" else _DATE_PARTS + _TIME_PARTS


def _selected(given: Given) -> Step:
    label = _label(given)
    named = given.names("columns")
    names = some(chosen(given.table(), named, NUMBERS, [label]), "numbers besides the label")
    if names is not None and given.get("count", 10) >= len(names):
        return lambda table: table
    return replaced(names, NUMBERS, None, keep=False)


_IMPORTANCE = {"column": TEXT, "score": FLOAT, "p_value": FLOAT, "is_kept": BOOL}
KEEP = flag("Keep the columns that the new ones are made of")

DECLARATIONS = (
    Declaration(
        "one_hot",
        CATEGORY,
        "One-hot encoding",
        "Makes a column of 0 and 1 for each category.",
        "features_encode.one_hot",
        fitted(_one_hot),
        FITTED_INPUTS,
        FITTED_OUTPUTS,
        {
            "columns": columns("The columns to encode; all of text if none is named"),
            "unseen": choice(
                "A category that was not there: 0 in all columns, or an error", "zero", "error"
            ),
            "drop_first": flag("Leave out each column's first category"),
            "min_count": integer("Categories with fewer rows share the column NAME_rare", 1, 1),
            "limit": integer("The most new columns for one column", 1000, 1),
            "keep": KEEP,
        },
        pai=(
            PaiName(
                "one_hot",
                {"binaryCols": "columns"},
                {"inputTable": "table"},
                {"outputTable": "table"},
            ),
        ),
        azureml=("Convert to Indicator Values",),
        example=Example({"table": "penguins"}, {"columns": "species,island"}),
        notes="The new columns are named COLUMN_CATEGORY and stand at the end, in the order of "
        "the values. A missing value is 0 in all of them.",
    ),
    Declaration(
        "ordinal_encode",
        CATEGORY,
        "Ordinal encoding",
        "Gives each category a number, from 0 on.",
        "features_encode.ordinal_encode",
        fitted(_ordinal),
        FITTED_INPUTS,
        FITTED_OUTPUTS,
        {
            "columns": columns("The columns to encode; all of text if none is named"),
            "order": choice("By the values, or the most frequent first", "value", "frequency"),
            "unseen": choice("A category that was not there becomes -1, or missing", "-1", "null"),
            "suffix": SUFFIX,
        },
        example=Example({"table": "penguins"}, {"columns": "island"}),
        notes="Missing values stay missing. Numbers are ordered by size, texts by their "
        "characters; of equally frequent ones the lesser comes first.",
    ),
    Declaration(
        "target_encode",
        CATEGORY,
        "Target encoding",
        "Replaces each category with the mean of the label in its rows.",
        "features_encode.target_encode",
        fitted(_target),
        FITTED_INPUTS,
        FITTED_OUTPUTS,
        {
            "columns": columns("The columns to encode; all of text but the label by default"),
            "label": column("What is to be predicted: numbers, or two classes"),
            "positive": text("The class that counts as 1; the last of two if it is not said", ""),
            "smoothing": number(
                "As many rows with the mean of all are added to each category; by default the "
                "data say how many (empirical Bayes)",
                None,
                0,
            ),
            "suffix": SUFFIX,
        },
        example=Example({"table": "penguins"}, {"columns": "island", "label": "body_mass_g"}),
        notes="Equal to scikit-learn's TargetEncoder fitted on all rows and then applied. It does "
        "not cross-fit, as that one's fit_transform does: a rare category's value in the training "
        "rows knows their labels, so smooth, or fit on rows that the model does not learn from. A "
        "missing value is a category if there was one, and a new category gets the mean of all. "
        "Rows without a label are not counted.",
    ),
    Declaration(
        "hash_features",
        CATEGORY,
        "Feature hashing",
        "Hashes the values of columns into a fixed number of columns.",
        "features_encode.hash_features",
        fitted(_hashed),
        FITTED_INPUTS,
        FITTED_OUTPUTS,
        {
            "columns": columns("The columns to hash; all of text if none is named"),
            "count": integer("How many new columns", 32, 1, 4096),
            "prefix": text("What the new columns' names begin with", "hash"),
            "keep": KEEP,
        },
        azureml=("Feature Hashing",),
        example=Example({"table": "penguins"}, {"columns": "species,island", "count": "8"}),
        notes="Equal to scikit-learn's FeatureHasher: the signed 32-bit MurmurHash3 of the UTF-8 "
        "text `column=value`, the same on every machine. A number counts as much as it is, under "
        "its column's name. A missing value adds nothing.",
    ),
    Declaration(
        "bin_columns",
        CATEGORY,
        "Put into bins",
        "Replaces numbers with the number of their bin: of equal count, of equal width, or those "
        "that tell most of a label.",
        "features_derive.bin_columns",
        fitted(_binned),
        FITTED_INPUTS,
        FITTED_OUTPUTS,
        {
            "columns": columns("The columns to put into bins; all of numbers if none is named"),
            "method": choice(
                "quantile: of equal count; width: of equal width; tree: by a decision tree on the "
                "label",
                "quantile",
                "width",
                "tree",
            ),
            "bins": integer("The most bins of a column", 10, 2, 1000),
            "label": column("tree: what the bins are to tell of", required=False),
            "min_share": number(
                "tree: the least share of the rows in a bin", 0.05, 0, 0.5, above=True
            ),
            "suffix": SUFFIX,
        },
        pai=(
            PaiName(
                "fe_discrete_runner_1",
                {
                    "discreteCols": "columns",
                    "discreteMethod": "method",
                    "maxBins": "bins",
                    "labelCol": "label",
                },
                {"inputTable": "table"},
                {"outputTable": "table", "modelTable": "transform"},
                values={"method": {"SameFrequecy": "quantile", "SameDistance": "width"}},
                fixed={"method": "width"},
            ),
        ),
        azureml=("Group Data into Bins",),
        example=Example({"table": "penguins"}, {"columns": "body_mass_g", "bins": "4"}),
        notes="Bins are numbered from 0; an edge belongs to the bin above it, and values beyond "
        "the outer edges to the outer bins. Equal edges are one, so there may be fewer bins. "
        "Missing values and NaN become missing. The tree is scikit-learn's, a regression if the "
        "label is a number.",
    ),
    Declaration(
        "pca",
        CATEGORY,
        "Principal components",
        "Replaces columns with the few directions in which the rows differ most.",
        "features_derive.pca",
        with_more(fitted(_components), report=None),
        FITTED_INPUTS,
        {**FITTED_OUTPUTS, "report": REPORT_OUT},
        {
            "columns": columns("The columns to replace; all of numbers if none is named"),
            "components": integer("How many components", 2, 1),
            "share": number(
                "Instead: as many components as tell this share of the variance",
                None,
                0,
                1,
                above=True,
            ),
            "scale": flag("Divide each column by its standard deviation first"),
            "prefix": text("What the new columns' names begin with", "pc"),
            "keep": KEEP,
        },
        pai=(
            PaiName(
                "PrinCompAnalysis",
                {"selectedColNames": "columns", "contriRate": "share", "calcuType": "scale"},
                {"inputTableName": "table"},
                {"princompOutputTableName": "table"},
                values={"scale": {"CORR": "true", "COVAR_SAMP": "false", "COVAR_POP": "false"}},
                fixed={"share": "0.9", "scale": "true"},
            ),
        ),
        example=Example({"table": "wine"}, {"components": "2", "scale": "true"}),
        notes="Values must not be missing when it is fitted; of new rows with a missing value the "
        "components are missing. Each component's largest weight is above 0. Equal to "
        "scikit-learn's PCA with svd_solver='full'.",
    ),
    Declaration(
        "polynomial_features",
        CATEGORY,
        "Polynomial features",
        "Adds the products of columns, up to so many factors.",
        "features_derive.polynomial_features",
        fitted(_products),
        FITTED_INPUTS,
        FITTED_OUTPUTS,
        {
            "columns": columns("The columns to multiply; all of numbers if none is named"),
            "degree": integer("The most factors of a product", 2, 2, 5),
            "interaction_only": flag("Only products of different columns, no powers"),
        },
        example=Example({"table": "penguins"}, {"columns": "bill_length_mm,bill_depth_mm"}),
        notes="Named and ordered as scikit-learn's PolynomialFeatures: `a^2`, `a b`. A product "
        "with a missing value is missing. "
        f"At most {_MOST_TERMS} new columns.",
    ),
    Declaration(
        "datetime_parts",
        CATEGORY,
        "Parts of dates and times",
        "Makes numbers of dates and times: year, month, weekday, hour, ...",
        "features_derive.datetime_parts",
        fitted(_moments),
        FITTED_INPUTS,
        FITTED_OUTPUTS,
        {
            "columns": columns("The columns; all of dates and times if none is named"),
            "parts": text(
                "Which parts, with commas: " + ", ".join(_DATE_PARTS + _TIME_PARTS), _USUAL_PARTS
            ),
            "keep": KEEP,
        },
        example=Example({"table": "air_passengers"}, {"parts": "year,month"}),
        notes="The new columns are named COLUMN_PART. Each column has the parts that its type has: "
        "a date no hour, a time no year. Monday is 1, Sunday 7; weeks are ISO's; times are those "
        "of the column's zone. Missing values stay missing.",
    ),
    Declaration(
        "select_features",
        CATEGORY,
        "Select features",
        "Keeps the columns that tell most of a label.",
        "features_select.select_features",
        with_more(fitted(_selected), importance=_IMPORTANCE),
        FITTED_INPUTS,
        {**FITTED_OUTPUTS, "importance": TABLE_OUT},
        {
            "columns": columns("The columns to select from; all of numbers but the label"),
            "label": column("What is to be predicted"),
            "method": choice(
                "f: F test; chi2: chi-square test, for counts; mutual_information; importance: in "
                "a random forest",
                "f",
                "chi2",
                "mutual_information",
                "importance",
            ),
            "count": integer("How many columns to keep", 10, 1),
            "task": choice(
                "Whether the label is classes or a quantity; auto: classes if it is no number, or "
                "whole numbers of at most 20 kinds",
                "auto",
                "classify",
                "regress",
            ),
            "seed": seed(),
        },
        pai=(
            PaiName(
                "fe_select_runner",
                {
                    "selectedCols": "columns",
                    "labelCol": "label",
                    "topN": "count",
                    "selectMethod": "method",
                },
                {"inputTable": "table"},
                {"outputTable": "table", "featImportanceTable": "importance"},
                values={"method": {"infogain": "mutual_information"}},
            ),
        ),
        azureml=("Filter Based Feature Selection",),
        example=Example({"table": "wine"}, {"label": "cultivar", "count": "5"}),
        notes="Columns that are not candidates, and the label, are kept. Values must not be "
        "missing. Of equal scores the earlier column wins; a column without a score comes last. "
        "The scores are scikit-learn's.",
    ),
)
