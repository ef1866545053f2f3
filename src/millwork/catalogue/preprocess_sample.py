"""Tables to tables by chance: rows split, sampled, shuffled."""

from __future__ import annotations

from millwork.catalogue import preprocess_rules as rules
from millwork.catalogue.model import (
    TABLE_OUT,
    TABLES,
    Declaration,
    Example,
    PaiName,
    choice,
    column,
    flag,
    integer,
    number,
    seed,
    text,
)
from millwork.catalogue.shapes import EVERY_KIND

CATEGORY = "preprocess"

_OUT = {"table": TABLE_OUT}
_TABLE_NAMES = {"inputTableName": "table"}, {"outputTableName": "table"}
_PENGUINS = {"table": "penguins"}
_ROWS = integer("How many rows; goes before the share", None, 0)
_SHARE = number("The share of the rows", 0.1, 0, 1)
_REPLACE = flag("Draw with replacement: a row may come more than once")

DRAWN = (
    Declaration(
        "split_rows",
        CATEGORY,
        "Split rows",
        "Divides a table's rows into two tables: by chance, in order, or by a column.",
        "preprocess_sample.split_rows",
        rules.unchanged("first", "second", column=(), together=()),
        TABLES,
        {"first": TABLE_OUT, "second": TABLE_OUT},
        {
            "fraction": number("The share of the rows in the first table", 0.8, 0, 1),
            "method": choice(
                "random: each row by chance; stratified: by chance, that share of each value of "
                "`column`; order: the first rows; threshold: the rows whose `column` is less",
                "random", "stratified", "order", "threshold",
            ),
            "column": column("What stratified and threshold look at", required=False),
            "threshold": number("Rows with less than this go to the first table"),
            "together": column(
                "Rows with the same value here stay together; only with random", required=False
            ),
            "seed": seed(),
        },
        pai=(
            PaiName(
                "split",
                {"fraction": "fraction", "randomSeed": "seed", "idColName": "together"},
                {"inputTableName": "table"},
                {"output1TableName": "first", "output2TableName": "second"},
            ),
        ),
        azureml=("Split Data",),
        example=Example(_PENGUINS, {"fraction": "0.7"}),
        notes="With random, each row is in the first table with that probability, so its number of "
        "rows is about that share; with stratified and order it is that share, rounded. Where "
        "`column` is missing, threshold puts the row into the second table. Rows keep their order.",
    ),
    Declaration(
        "sample_rows",
        CATEGORY,
        "Sample rows",
        "Draws rows by chance, each as likely as any other.",
        "preprocess_sample.sample_rows",
        rules.unchanged(),
        TABLES,
        _OUT,
        {"fraction": _SHARE, "count": _ROWS, "replace": _REPLACE, "seed": seed()},
        pai=(
            PaiName(
                "RandomSample",
                {
                    "sampleSize": "count",
                    "sampleRatio": "fraction",
                    "replace": "replace",
                    "randomSeed": "seed",
                },
                *_TABLE_NAMES,
            ),
        ),
        azureml=("Partition and Sample",),
        example=Example(_PENGUINS, {"count": "50"}),
        notes="By a share, each row is drawn with that probability, so the number of rows is about "
        "that share; with a count, or with replacement, it is exact. Rows keep their order.",
    ),
    Declaration(
        "sample_weighted",
        CATEGORY,
        "Sample by weight",
        "Draws rows by chance, each as likely as its weight says.",
        "preprocess_sample.sample_weighted",
        rules.unchanged(weights=("number",)),
        TABLES,
        _OUT,
        {
            "weights": column("The column of the weights", dtype="number"),
            "fraction": _SHARE,
            "count": _ROWS,
            "replace": _REPLACE,
            "seed": seed(),
        },
        pai=(
            PaiName(
                "WeightedSample",
                {
                    "probCol": "weights",
                    "sampleSize": "count",
                    "sampleRatio": "fraction",
                    "replace": "replace",
                    "randomSeed": "seed",
                },
                *_TABLE_NAMES,
            ),
        ),
        example=Example({"table": "wine"}, {"weights": "alcohol", "count": "20"}),
        notes="Weights need not add up to 1; missing, negative and infinite ones are an error. A "
        "row of weight 0 is never drawn. Rows keep their order.",
    ),
    Declaration(
        "sample_stratified",
        CATEGORY,
        "Sample by stratum",
        "Draws a share or a number of the rows of each value of a column.",
        "preprocess_sample.sample_stratified",
        rules.unchanged(column=EVERY_KIND),
        TABLES,
        _OUT,
        {
            "column": column("The column whose values are the strata"),
            "fraction": number("The share of each stratum's rows", 0.1, 0, 1),
            "count": text(
                "How many rows of each: a number, or `A:200,B:300`; goes before the share"
            ),
            "seed": seed(),
        },
        pai=(
            PaiName(
                "StratifiedSample",
                {
                    "strataColName": "column",
                    "sampleSize": "count",
                    "sampleRatio": "fraction",
                    "randomSeed": "seed",
                },
                *_TABLE_NAMES,
            ),
        ),
        example=Example(_PENGUINS, {"column": "species", "count": "20"}),
        notes="The share is rounded in each stratum. Strata that a count does not name are left "
        "out; missing values are the stratum `null`. Rows keep their order.",
    ),
    Declaration(
        "shuffle_rows",
        CATEGORY,
        "Shuffle rows",
        "Puts the rows into a random order.",
        "preprocess_sample.shuffle_rows",
        rules.unchanged(),
        TABLES,
        _OUT,
        {"seed": seed()},
        example=Example(_PENGUINS, {"seed": "7"}),
    ),
)  # fmt: skip
