"""Clusterings."""

from __future__ import annotations

from typing import TYPE_CHECKING

from millwork.base.records import dataclass, field
from millwork.catalogue.learning import FEATURES, learned_from
from millwork.catalogue.model import (
    MODEL_OUT,
    OPTIONAL_TRANSFORM,
    REPORT_OUT,
    TABLE,
    TABLE_OUT,
    Declaration,
    Example,
    PaiName,
    choice,
    integer,
    number,
    seed,
    text,
)
from millwork.catalogue.rules import fresh
from millwork.catalogue.shapes import FLOAT, INT, Columns, Learned

if TYPE_CHECKING:
    from collections.abc import Mapping

    from millwork.catalogue.rules import Given, Rule
    from millwork.catalogue.shapes import Shape
    from millwork.spec.model import Parameter

CATEGORY = "cluster"

COMMON = (
    "All features are numbers or true and false; a missing or infinite value in one is an error. "
    "Scale them first (standardise): what is large counts most."
)
_NO_MODEL = "It cannot say the cluster of a new row: there is no model."
_NOISE = "Rows in no cluster are noise, -1."
METRICS = ("euclidean", "manhattan", "chebyshev")
_CLUSTERS = integer("How many clusters", 8, 1, 100_000)


@dataclass(frozen=True)
class _Method:
    """A line of the table: `task` is what its model does, if it has one."""

    name: str
    title: str
    summary: str
    parameters: Mapping[str, Parameter]
    notes: str
    task: str = ""
    has_centres: bool = False
    pai: tuple[PaiName, ...] = ()
    azureml: tuple[str, ...] = ()
    example: Mapping[str, str] = field(default_factory=dict)


def _rule(task: str, *, has_centres: bool) -> Rule:
    def rule(given: Given) -> Mapping[str, Shape]:
        table, name = given.table(), given.get("result_column", "cluster")
        fresh(table, [name])
        features = learned_from(table, given.names("features"), [])
        shapes: dict[str, Shape] = {"table": table.plus({name: INT}), "report": None}
        if has_centres:
            centres = Columns({name: INT, **dict.fromkeys(features or (), FLOAT)})
            shapes["centres"] = centres if features else centres.open()
        if task:
            shapes["model"] = Learned(task, features, INT, given.before())
        return shapes

    return rule


def _declared(method: _Method) -> Declaration:
    centres = {"centres": TABLE_OUT} if method.has_centres else {}
    model = {"model": MODEL_OUT} if method.task else {}
    before = {"transform": OPTIONAL_TRANSFORM} if method.task else {}
    return Declaration(
        method.name,
        CATEGORY,
        method.title,
        method.summary,
        "cluster.cluster",
        _rule(method.task, has_centres=method.has_centres),
        {"table": TABLE, **before},
        {"table": TABLE_OUT, **centres, **model, "report": REPORT_OUT},
        {
            "features": FEATURES,
            "result_column": text("What the column of clusters is called", "cluster"),
            **method.parameters,
        },
        method.name,
        method.pai,
        method.azureml,
        Example({"table": "iris"}, method.example),
        f"{method.notes} {COMMON}",
    )


def _centred(method: str) -> dict[str, Parameter]:
    return {
        "clusters": _CLUSTERS,
        "init": choice("How the first centres are drawn", *_INITS[method]),
        "restarts": integer("How often it starts anew; the best is kept", 10, 1, 1000),
        "max_iterations": integer("The most rounds of each", 300, 1),
        "tolerance": number("It stops when centres move less", 0.0001, 0),
        "seed": seed(),
    }


_INITS = {"kmeans": ("k-means++", "random"), "bisecting_kmeans": ("random", "k-means++")}
_METHODS = (
    _Method(
        "kmeans",
        "K-means",
        "Puts rows into a number of clusters, each about the mean of its rows.",
        _centred("kmeans"),
        "The same seed gives the same clusters. `centres` has a row for each cluster.",
        "cluster",
        has_centres=True,
        pai=(
            PaiName(
                "kmeans",
                {
                    "selectedColNames": "features",
                    "centerCount": "clusters",
                    "loop": "max_iterations",
                    "accuracy": "tolerance",
                    "initCentersMethod": "init",
                    "seed": "seed",
                },
                {"inputTableName": "table"},
                {"idxTableName": "table", "centerTableName": "centres", "modelName": "model"},
                {"init": {"kmpp": "k-means++", "sample": "random", "random": "random"}},
                {"clusters": "10", "max_iterations": "100", "init": "random"},
            ),
        ),
        azureml=("K-Means Clustering",),
        example={"clusters": "3"},
    ),
    _Method(
        "bisecting_kmeans",
        "Bisecting k-means",
        "Divides the rows in two, and the worst cluster again, until there are enough.",
        _centred("bisecting_kmeans"),
        "The same seed gives the same clusters. `centres` has a row for each cluster.",
        "cluster",
        has_centres=True,
        example={"clusters": "3"},
    ),
    _Method(
        "gaussian_mixture",
        "Gaussian mixture",
        "Describes the rows by normal distributions, and says how likely each row is of which.",
        {
            "clusters": _CLUSTERS,
            "covariance": choice("What shapes they have", "full", "tied", "diag", "spherical"),
            "restarts": integer("How often it starts anew; the best is kept", 1, 1, 1000),
            "max_iterations": integer("The most rounds of each", 100, 1),
            "tolerance": number("It stops when it gains less", 0.001, 0, above=True),
            "least_variance": number("What is added to variances", 0.000001, 0),
            "seed": seed(),
        },
        "`centres` has the mean of each cluster; with predict, each cluster's probability is in "
        "the detail.",
        "mixture",
        has_centres=True,
        example={"clusters": "3"},
    ),
    _Method(
        "dbscan",
        "DBSCAN",
        "Finds clusters of any shape where rows are dense.",
        {
            "distance": number("Rows that near are neighbours", 0.5, 0, above=True),
            "min_points": integer("Rows with so many neighbours, itself one, are dense", 5, 1),
            "metric": choice("How distance is measured", *METRICS),
        },
        f"{_NOISE} {_NO_MODEL}",
        example={"distance": "0.8"},
    ),
    _Method(
        "hdbscan",
        "HDBSCAN",
        "Finds dense clusters of any shape and of different density.",
        {
            "min_cluster_rows": integer("The fewest rows of a cluster", 5, 2),
            "min_points": integer("Rows about a dense one; by default as many", None, 1),
            "metric": choice("How distance is measured", *METRICS),
            "method": choice("Which of nested clusters count: the lasting or the least",
                             "eom", "leaf"),
        },
        f"{_NOISE} {_NO_MODEL}",
    ),
    _Method(
        "hierarchical",
        "Hierarchical clustering",
        "Joins the nearest rows and clusters until a number of clusters is left.",
        {
            "clusters": _CLUSTERS,
            "linkage": choice("What is the distance of clusters", "ward", "complete", "average",
                              "single"),
            "metric": choice("How distance is measured; ward: euclidean only", *METRICS),
        },
        f"It compares each row with each: 30,000 rows are the most. {_NO_MODEL}",
        example={"clusters": "3"},
    ),
)  # fmt: skip

DECLARATIONS: tuple[Declaration, ...] = tuple(_declared(method) for method in _METHODS)
