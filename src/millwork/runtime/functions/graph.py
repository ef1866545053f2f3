"""Graphs: a table of edges in, a table of vertices out."""

from __future__ import annotations

import random
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import polars as pl

from .. import tables
from ..fitted.columns import col
from ..problems import StepError


@dataclass(frozen=True)
class Edges:
    """A graph as it was read: igraph's, the vertices' names in its order, the edges' weights."""

    graph: Any
    names: pl.Series
    weights: list[float] | None

    def found(self, **columns: Any) -> pl.DataFrame:
        """The table of vertices, with a column each of what was found."""
        return pl.DataFrame([self.names, *(pl.Series(n, v) for n, v in columns.items())])


def graph(
    member: str,
    *,
    edges: pl.LazyFrame,
    source: str = "source",
    target: str = "target",
    weight: str | None = None,
    directed: bool = False,
    **options: Any,
) -> dict[str, Any]:
    """What a member of `MEMBERS` says of the vertices."""
    return MEMBERS[member](_read(edges, source, target, weight, directed=directed), **options)


def _read(
    table: pl.LazyFrame, source: str, target: str, weight: str | None, *, directed: bool
) -> Edges:
    """The graph whose edges are the rows; vertices are in the order of their names."""
    import igraph

    dtype = _vertex_type(table, source, target)
    found = [col(source).alias("source"), col(target).alias("target")]
    if weight:
        tables.chosen(table, [weight], ("number",))
        found.append(col(weight).cast(pl.Float64).alias("weight"))
    rows = tables.collected(table.select(found))
    missing = rows.filter(pl.any_horizontal(pl.col("source", "target").is_null())).height
    if missing:
        raise StepError(f"{missing} edges have no source or no target: filter those rows first")
    with tables.told("the vertices' names"):
        ends = pl.concat([rows["source"].cast(dtype), rows["target"].cast(dtype)])
    codes = (ends.rank("dense") - 1).cast(pl.Int64).to_numpy().reshape(2, -1).T
    names = ends.unique().sort().alias("vertex")
    made = igraph.Graph(n=len(names), edges=np.ascontiguousarray(codes), directed=directed)
    return Edges(made, names, _weights(rows["weight"], weight) if weight else None)


def _vertex_type(table: pl.LazyFrame, source: str, target: str) -> pl.DataType:
    """What the names of vertices are read as: texts, or whole numbers."""
    tables.require(table, [source, target])
    schema = table.collect_schema()
    types = [schema[name] for name in (source, target)]
    if all(tables.KINDS["text"](dtype) for dtype in types):
        return pl.String()
    if all(dtype.is_integer() for dtype in types):
        return pl.Int64()
    raise StepError(
        f"'{source}' is {types[0]} and '{target}' is {types[1]}: both are to be texts, or both "
        "whole numbers; convert them first (cast_types)"
    )


def _weights(found: pl.Series, name: str) -> list[float]:
    if found.null_count() or not found.is_finite().all() or (found < 0).any():
        raise StepError(
            f"the weight '{name}' is missing, infinite or below 0 in some rows: correct it, or "
            "filter those rows"
        )
    return found.to_list()


def _pagerank(edges: Edges, *, damping: float = 0.85) -> dict[str, Any]:
    scores = edges.graph.pagerank(damping=damping, weights=edges.weights)
    return {"table": edges.found(score=_floats(scores))}


def _connected_components(edges: Edges, *, strong: bool = False) -> dict[str, Any]:
    parts = edges.graph.connected_components(mode="strong" if strong else "weak")
    return {"table": edges.found(component=_by_size(parts.membership))}


def _k_core(edges: Edges, *, k: int = 2) -> dict[str, Any]:
    """The edges of the k-core are those between vertices whose core is k or more."""
    simple = edges.graph.simplify()
    cores = _integers(simple.coreness())
    between = np.array(simple.get_edgelist(), dtype=np.int64).reshape(-1, 2)
    kept = between[(cores.to_numpy()[between] >= k).all(axis=1)]
    ends = {name: edges.names.gather(kept[:, at]) for at, name in enumerate(("source", "target"))}
    return {"table": edges.found(core=cores), "edges": pl.DataFrame(ends)}


def _louvain(edges: Edges, *, resolution: float = 1.0, seed: int = 0) -> dict[str, Any]:
    _seeded(seed)
    found = edges.graph.community_multilevel(weights=edges.weights, resolution=resolution)
    return _communities(edges, found.membership)


def _label_propagation(edges: Edges, *, seed: int = 0) -> dict[str, Any]:
    _seeded(seed)
    found = edges.graph.community_label_propagation(weights=edges.weights)
    return _communities(edges, found.membership)


def _communities(edges: Edges, membership: list[int]) -> dict[str, Any]:
    """Modularity is a number: of a graph whose edges weigh nothing there is none, and so 0."""
    modularity = edges.graph.modularity(membership, weights=edges.weights)
    value = float(modularity) if np.isfinite(modularity) else 0.0
    return {"table": edges.found(community=_by_size(membership)), "modularity": value}


def _shortest_paths(edges: Edges, *, start: str) -> dict[str, Any]:
    """Distances along the edges' direction; null for what cannot be reached."""
    at = edges.names.cast(pl.String).index_of(start)
    if at is None:
        raise StepError(f"there is no vertex '{start}' to start from")
    (away,) = edges.graph.distances(source=[at], weights=edges.weights)
    distance = _floats(away)
    return {"table": edges.found(distance=distance.set(distance.is_infinite(), None))}


def _triangle_count(edges: Edges) -> dict[str, Any]:
    simple = edges.graph.simplify()
    corners = np.array(simple.list_triangles(), dtype=np.int64).ravel()
    counts = np.bincount(corners, minlength=len(edges.names))
    clustering = simple.transitivity_local_undirected(mode="zero")
    found = edges.found(triangles=_integers(counts), clustering=_floats(clustering))
    return {"table": found, "triangles": len(corners) // 3}


def _by_size(membership: list[int]) -> pl.Series:
    """Groups numbered from 0 on, the largest first; of equal ones that of the first vertex."""
    frame = pl.DataFrame({"group": _integers(membership)}).with_row_index("at")
    order = frame.group_by("group").agg(pl.len(), pl.col("at").min())
    numbered = order.sort(["len", "at"], descending=[True, False]).with_row_index("number")
    joined = frame.join(numbered.select("group", "number"), on="group", maintain_order="left")
    return joined["number"].cast(pl.Int64)


def _seeded(seed: int) -> None:
    import igraph

    igraph.set_random_number_generator(random.Random(seed))  # noqa: S311 - for repeatable results


def _integers(values: Any) -> pl.Series:
    return pl.Series("", values, pl.Int64)


def _floats(values: Any) -> pl.Series:
    return pl.Series("", values, pl.Float64)


MEMBERS: Mapping[str, Callable[..., dict[str, Any]]] = {
    "pagerank": _pagerank,
    "connected_components": _connected_components,
    "k_core": _k_core,
    "louvain": _louvain,
    "label_propagation": _label_propagation,
    "shortest_paths": _shortest_paths,
    "triangle_count": _triangle_count,
}
