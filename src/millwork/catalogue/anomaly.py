"""What is unlike the rest."""

from __future__ import annotations

from typing import TYPE_CHECKING

from millwork.base.errors import BadRequest
from millwork.base.records import dataclass, field
from millwork.catalogue.cluster import COMMON, METRICS
from millwork.catalogue.learning import FEATURES, learned_from
from millwork.catalogue.model import (
    MODEL_OUT,
    OPTIONAL_TRANSFORM,
    TABLE,
    TABLE_OUT,
    TABLES,
    Declaration,
    Example,
    choice,
    columns,
    integer,
    number,
    seed,
    text,
)
from millwork.catalogue.rules import chosen, fresh
from millwork.catalogue.shapes import BOOL, FLOAT, Columns, Learned

if TYPE_CHECKING:
    from collections.abc import Mapping

    from millwork.catalogue.rules import Given
    from millwork.catalogue.shapes import Shape
    from millwork.spec.model import Parameter

CATEGORY = "anomaly"

_SHARE = number(
    "The share of the rows that are anomalies; without it, the method's own bound holds",
    None, 0, 0.5, above=True,
)  # fmt: skip
_RESULTS = {
    "result_column": text("What the column of true and false is called", "is_anomaly"),
    "score_column": text("What the column of scores is called", "anomaly_score"),
}


@dataclass(frozen=True)
class _Method:
    """A line of the table."""

    name: str
    title: str
    summary: str
    parameters: Mapping[str, Parameter]
    notes: str = ""
    example: Mapping[str, str] = field(default_factory=dict)


def _marked(given: Given) -> Columns:
    """The table with the two columns behind its own."""
    names = given.get("result_column", "is_anomaly"), given.get("score_column", "anomaly_score")
    if len(set(names)) == 1:
        raise BadRequest("two result columns have the same name: name them differently")
    fresh(given.table(), names)
    return given.table().plus(dict(zip(names, (BOOL, FLOAT), strict=True)))


def _detected(given: Given) -> Mapping[str, Shape]:
    features = learned_from(given.table(), given.names("features"), [])
    model = Learned("anomaly", features, BOOL, given.before())
    return {"table": _marked(given), "model": model}


def _outliers(given: Given) -> Mapping[str, Shape]:
    if chosen(given.table(), given.names("columns"), ("number",)) == []:
        raise BadRequest("there are no columns of numbers to look at")
    return {"table": _marked(given)}


def _declared(method: _Method) -> Declaration:
    return Declaration(
        method.name,
        CATEGORY,
        method.title,
        method.summary,
        "anomaly.detect",
        _detected,
        {"table": TABLE, "transform": OPTIONAL_TRANSFORM},
        {"table": TABLE_OUT, "model": MODEL_OUT},
        {"features": FEATURES, **_RESULTS, **method.parameters},
        method.name,
        example=Example({"table": "breast_cancer"}, method.example),
        notes=" ".join(filter(None, (method.notes, _SCORE, COMMON))),
    )


_SCORE = "The score grows with how unlike the others a row is."
_METHODS = (
    _Method(
        "isolation_forest",
        "Isolation forest",
        "Finds rows that few random cuts set apart from the others.",
        {
            "trees": integer("How many trees", 100, 1, 100_000),
            "sample_rows": integer("The rows of a tree; by default 256, or all if fewer", None, 2),
            "contamination": _SHARE,
            "seed": seed(),
        },
        "The same seed gives the same scores. Without `contamination` a score above 0.5 is an "
        "anomaly.",
        {"contamination": "0.05"},
    ),
    _Method(
        "local_outlier_factor",
        "Local outlier factor",
        "Finds rows that lie less densely than their nearest neighbours do.",
        {
            "neighbours": integer("How many neighbours count; there must be more rows", 20, 1),
            "metric": choice("How distance is measured", *METRICS),
            "contamination": _SHARE,
        },
        "Without `contamination` a score above 1.5 is an anomaly. In the table a row is no "
        "neighbour of itself; with predict a row that was learned is.",
    ),
    _Method(
        "one_class_svm",
        "One-class support vector machine",
        "Draws a boundary about most of the rows; what lies outside is an anomaly.",
        {
            "kernel": choice("What shape it may have", "rbf", "linear", "poly", "sigmoid"),
            "nu": number("About the share of rows outside", 0.1, 0, 1, above=True),
            "gamma": number("How near a row must be to count; by default from the data", None, 0,
                            above=True),
            "degree": integer("The degree of poly", 3, 1, 20),
            "offset": number("The constant of poly and sigmoid", 0.0),
            "tolerance": number("It stops when it gains less", 0.001, 0, above=True),
        },
        "Its time grows with the square of the rows.",
        {"nu": "0.05"},
    ),
)  # fmt: skip

DECLARATIONS: tuple[Declaration, ...] = (
    *(_declared(method) for method in _METHODS),
    Declaration(
        "mark_outliers",
        CATEGORY,
        "Mark outliers",
        "Marks rows in which a value lies far outside of its column's.",
        "anomaly.mark_outliers",
        _outliers,
        TABLES,
        {"table": TABLE_OUT},
        {
            "columns": columns("The columns to look at; all of numbers if none is named",
                               dtype="number"),
            "method": choice(
                "box_plot: interquartile ranges outside of the quartiles; z_score: standard "
                "deviations from the mean; median: median deviations from the median",
                "box_plot", "z_score", "median",
            ),
            "threshold": number(
                "From which distance on; by default 1.5 of box_plot, 3 of z_score, 3.5 of median",
                None, 0,
            ),
            **_RESULTS,
        },
        example=Example({"table": "penguins"}, {"columns": "body_mass_g"}),
        notes="The score is the largest distance among the columns. Missing values count for "
        "nothing; a row without any value has no score. Where a column's unit is 0, whatever "
        "differs from the rest is infinitely far.",
    ),
)  # fmt: skip
