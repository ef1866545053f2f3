"""Graphs: a table of edges in, a table of vertices out."""

from __future__ import annotations

from typing import TYPE_CHECKING

from millwork.base.errors import BadRequest
from millwork.base.records import dataclass, field
from millwork.catalogue.model import (
    TABLE,
    TABLE_OUT,
    Declaration,
    Example,
    PaiName,
    column,
    flag,
    integer,
    number,
    seed,
    text,
)
from millwork.catalogue.rules import require
from millwork.catalogue.shapes import FLOAT, INT, TEXT, UNKNOWN_TYPE, WHOLE, Columns, is_of
from millwork.spec.model import Output

if TYPE_CHECKING:
    from collections.abc import Mapping

    from millwork.catalogue.rules import Given, Rule
    from millwork.catalogue.shapes import Shape
    from millwork.spec.model import Parameter

CATEGORY = "graph"

_ENDS = {
    "source": column("Where an edge begins: texts or whole numbers", "edges", default="source"),
    "target": column("Where it ends: of the same kind", "edges", default="target"),
}
_WEIGHT = {"weight": column("How much an edge counts", "edges", required=False, dtype="number")}
_DIRECTED = "Edges lead from their source to their target only"
_NOTES = (
    "`vertex` is a text or an Int64, and vertices are in that order. An edge without a source or "
    "a target is an error, as is a weight that is missing or below 0. Without edges the table is "
    "empty."
)
_VALUE = Output("value")


@dataclass(frozen=True)
class _Member:
    """A line of the table: `found` are the columns beside `vertex`."""

    name: str
    title: str
    summary: str
    found: Mapping[str, str]
    notes: str
    parameters: Mapping[str, Parameter] = field(default_factory=dict)
    outputs: Mapping[str, Output] = field(default_factory=dict)
    pai: tuple[PaiName, ...] = ()
    example: Mapping[str, str] = field(default_factory=dict)


def _rule(member: _Member) -> Rule:
    def rule(given: Given) -> Mapping[str, Shape]:
        edges = given.table("edges")
        ends = [given.get(name, name) for name in _ENDS]
        require(edges, ends)
        given.columns("weight", ("number",), "edges")
        dtype = _vertex_type(edges, ends)
        shapes: dict[str, Shape] = dict.fromkeys(member.outputs)
        if "edges" in member.outputs:
            shapes["edges"] = Columns(dict.fromkeys(_ENDS, dtype))
        return {"table": Columns({"vertex": dtype, **member.found}), **shapes}

    return rule


def _vertex_type(edges: Columns, ends: list[str]) -> str:
    """What vertices are read as; BadRequest if the two columns do not go together."""
    types = [edges.types.get(name, UNKNOWN_TYPE) for name in ends]
    if UNKNOWN_TYPE in types:
        return UNKNOWN_TYPE
    if all(is_of(dtype, ("text",)) for dtype in types):
        return TEXT
    if all(WHOLE.fullmatch(dtype) for dtype in types):
        return INT
    told = " and ".join(f"'{n}' is {dtype}" for n, dtype in zip(ends, types, strict=True))
    raise BadRequest(f"{told}: both are to be texts, or both whole numbers")


def _declared(member: _Member) -> Declaration:
    return Declaration(
        member.name,
        CATEGORY,
        member.title,
        member.summary,
        "graph.graph",
        _rule(member),
        {"edges": TABLE},
        {"table": TABLE_OUT, **member.outputs},
        {**_ENDS, **member.parameters},
        member.name,
        member.pai,
        (),
        Example({"edges": "karate"}, member.example),
        f"{member.notes} {_NOTES}",
    )


def _named(
    name: str,
    parameters: Mapping[str, str] | None = None,
    port: str = "table",
    fixed: Mapping[str, str] | None = None,
) -> tuple[PaiName, ...]:
    """A graph component of PAI: all name the edges alike."""
    ends = {"fromVertexCol": "source", "toVertexCol": "target"}
    edges, made = {"inputEdgeTableName": "edges"}, {"outputTableName": port}
    return (PaiName(name, {**ends, **(parameters or {})}, edges, made, fixed=fixed or {}),)


_PAI_WEIGHT = {"edgeWeightCol": "weight"}
_MEMBERS = (
    _Member(
        "pagerank",
        "PageRank",
        "Tells how important each vertex is, by how important those are that lead to it.",
        {"score": FLOAT},
        "All scores together are 1.",
        {
            **_WEIGHT,
            "directed": flag(_DIRECTED, default=True),
            "damping": number("How likely a walk goes on at each vertex", 0.85, 0, 0.999),
        },
        pai=_named("PageRankWithWeight", _PAI_WEIGHT),
    ),
    _Member(
        "connected_components",
        "Connected components",
        "Finds the parts of a graph between which there is no edge.",
        {"component": INT},
        "Components are numbered from 0, the largest first.",
        {
            "directed": flag(_DIRECTED),
            "strong": flag("Directed: only vertices that reach one another are one component"),
        },
        pai=_named("MaximalConnectedComponent"),
    ),
    _Member(
        "k_core",
        "K-core",
        "Tells how deep each vertex lies: in its core each has so many edges to others of it.",
        {"core": INT},
        "Edges count once, in neither direction, and loops not at all. `edges` has those of the "
        "k-core.",
        {"k": integer("The core whose edges are put out", 2, 0)},
        {"edges": TABLE_OUT},
        _named("KCore", {"k": "k"}, "edges", {"k": "1"}),
        {"k": "4"},
    ),
    _Member(
        "louvain",
        "Louvain communities",
        "Finds groups of vertices with many edges within and few between them.",
        {"community": INT},
        "Communities are numbered from 0, the largest first; edges have no direction. The same "
        "seed gives the same communities. Without edges the modularity is 0.",
        {
            **_WEIGHT,
            "resolution": number("More gives smaller communities", 1.0, 0, above=True),
            "seed": seed(),
        },
        {"modularity": _VALUE},
    ),
    _Member(
        "label_propagation",
        "Label propagation",
        "Finds groups of vertices by letting each take the label of most of its neighbours.",
        {"community": INT},
        "Communities are numbered from 0, the largest first; edges have no direction. The same "
        "seed gives the same communities. Without edges the modularity is 0.",
        {**_WEIGHT, "seed": seed()},
        {"modularity": _VALUE},
        _named("LabelPropagationClustering", _PAI_WEIGHT),
    ),
    _Member(
        "shortest_paths",
        "Shortest paths",
        "Tells how far each vertex is from one of them.",
        {"distance": FLOAT},
        "The distance is the sum of the weights, or without them the number of edges; it is "
        "missing where there is no way.",
        {
            **_WEIGHT,
            "directed": flag(_DIRECTED),
            "start": text("The vertex to start from", required=True),
        },
        pai=_named("SSSP", {**_PAI_WEIGHT, "startVertex": "start"}),
        example={"start": "0"},
    ),
    _Member(
        "triangle_count",
        "Triangle count",
        "Counts the triangles at each vertex, and the share of its neighbours that know another.",
        {"triangles": INT, "clustering": FLOAT},
        "Edges count once, in neither direction, and loops not at all. `clustering` is 0 with "
        "fewer than two neighbours; the output `triangles` is how many there are in all.",
        outputs={"triangles": _VALUE},
        pai=_named("NodeDensity"),
    ),
)

DECLARATIONS: tuple[Declaration, ...] = tuple(_declared(member) for member in _MEMBERS)
