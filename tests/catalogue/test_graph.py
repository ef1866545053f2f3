"""What is said of vertices is what igraph says, called directly on a real graph."""

from __future__ import annotations

import random
from typing import Any

import igraph
import polars as pl
import pytest

from millwork.runtime.functions.graph import graph
from millwork.runtime.problems import StepError

KARATE = igraph.Graph.Famous("Zachary")


def edges(name: str = "{}") -> pl.LazyFrame:
    """The karate club's; vertices have numbers, or names that sort otherwise."""
    frame = pl.DataFrame(KARATE.get_edgelist(), ["source", "target"], orient="row")
    frame = frame.with_columns(weight=pl.int_range(pl.len()) % 5 + 1)
    if name == "{}":
        return frame.lazy()
    return frame.with_columns(pl.format(name, pl.col("source", "target")).name.keep()).lazy()


def weights() -> list[float]:
    return [float(place % 5 + 1) for place in range(KARATE.ecount())]


def by_vertex(
    member: str, column: str, table: pl.LazyFrame | None = None, **more: Any
) -> list[Any]:
    found = graph(member, edges=edges() if table is None else table, **more)["table"]
    assert found["vertex"].to_list() == list(range(34))
    values: list[Any] = found[column].to_list()
    return values


def groups(membership: list[int]) -> set[frozenset[int]]:
    return {
        frozenset(at for at, each in enumerate(membership) if each == group)
        for group in set(membership)
    }


def seeded(seed: int) -> igraph.Graph:
    igraph.set_random_number_generator(random.Random(seed))
    return KARATE.copy()


def test_pagerank() -> None:
    assert by_vertex("pagerank", "score") == KARATE.pagerank()
    heavy = by_vertex("pagerank", "score", weight="weight", damping=0.7)
    assert heavy == KARATE.pagerank(weights=weights(), damping=0.7)
    led = igraph.Graph(KARATE.get_edgelist(), directed=True)
    assert by_vertex("pagerank", "score", directed=True) == led.pagerank()


def test_shortest_paths() -> None:
    assert by_vertex("shortest_paths", "distance", start="5") == KARATE.distances(5)[0]
    heavy = by_vertex("shortest_paths", "distance", start="5", weight="weight")
    assert heavy == KARATE.distances(5, weights=weights())[0]
    led = by_vertex("shortest_paths", "distance", start="33", directed=True)
    assert led == [None] * 33 + [0.0]


def test_k_core_and_its_edges() -> None:
    assert by_vertex("k_core", "core") == KARATE.coreness()
    core = {at for at, each in enumerate(KARATE.coreness()) if each >= 4}
    found = graph("k_core", edges=edges(), k=4)["edges"]
    wanted = [each for each in KARATE.get_edgelist() if set(each) <= core]
    assert sorted(found.rows()) == sorted(wanted)
    assert found.schema == {"source": pl.Int64, "target": pl.Int64}


def test_triangles() -> None:
    found = graph("triangle_count", edges=edges())
    assert found["triangles"] == len(KARATE.list_triangles())
    corners = [at for each in KARATE.list_triangles() for at in each]
    assert found["table"]["triangles"].to_list() == [corners.count(at) for at in range(34)]
    local = KARATE.transitivity_local_undirected(mode="zero")
    assert found["table"]["clustering"].to_list() == local


def test_edges_that_come_twice_and_loops_make_no_triangles() -> None:
    doubled = pl.concat([edges(), edges(), edges().with_columns(target="source")])
    for member, column in (("triangle_count", "triangles"), ("k_core", "core")):
        assert by_vertex(member, column, doubled) == by_vertex(member, column)


@pytest.mark.parametrize("weight", [None, "weight"])
def test_communities(weight: str | None) -> None:
    heavy = weights() if weight else None
    found = graph("louvain", edges=edges(), weight=weight, seed=4)
    direct = seeded(4).community_multilevel(weights=heavy)
    assert groups(found["table"]["community"].to_list()) == groups(direct.membership)
    assert found["modularity"] == pytest.approx(direct.modularity, abs=1e-12)
    found = graph("label_propagation", edges=edges(), weight=weight, seed=4)
    spread = seeded(4).community_label_propagation(weights=heavy)
    assert groups(found["table"]["community"].to_list()) == groups(spread.membership)
    again = graph("label_propagation", edges=edges(), weight=weight, seed=4)
    assert again["table"].equals(found["table"])


def test_components_are_numbered_by_size() -> None:
    table = pl.LazyFrame({"source": ["d", "a", "b"], "target": ["e", "b", "c"]})
    found = graph("connected_components", edges=table)["table"]
    assert found.rows() == [("a", 0), ("b", 0), ("c", 0), ("d", 1), ("e", 1)]
    strong = graph("connected_components", edges=table, directed=True, strong=True)["table"]
    assert strong["component"].to_list() == [0, 1, 2, 3, 4]
    assert set(by_vertex("connected_components", "component")) == {0}


def test_names_of_vertices_are_texts_of_any_kind() -> None:
    table = edges("größe 日本 {}").with_columns(pl.col("source").cast(pl.Categorical))
    found = graph("pagerank", edges=table)["table"]
    assert found.schema == {"vertex": pl.String, "score": pl.Float64}
    named = dict(found.rows())
    scores = KARATE.pagerank()
    assert all(named[f"größe 日本 {at}"] == pytest.approx(scores[at]) for at in range(34))


def test_no_edges_give_no_vertices() -> None:
    nothing = edges().head(0)
    for member in ("pagerank", "connected_components", "k_core", "louvain", "label_propagation",
                   "triangle_count"):  # fmt: skip
        assert graph(member, edges=nothing)["table"].is_empty()
    assert graph("louvain", edges=nothing)["modularity"] == 0


@pytest.mark.parametrize(
    ("change", "more", "told"),
    [
        ({"target": pl.lit(None, pl.Int64)}, {}, "78 edges have no source or no target"),
        ({"target": pl.lit("a")}, {}, "both are to be texts, or both whole numbers"),
        ({"source": pl.lit(0.5)}, {}, "'source' is Float64"),
        ({"source": pl.lit(2**64 - 1, pl.UInt64)}, {}, "the vertices' names: "),
        ({"weight": pl.lit(-1)}, {"weight": "weight"}, "the weight 'weight' is missing, infinite"),
        ({"weight": pl.lit(None, pl.Int8)}, {"weight": "weight"}, "the weight 'weight' is missing"),
        ({}, {"weight": "nowhere"}, "there is no column 'nowhere'"),
        ({}, {"source": "nowhere"}, "there is no column 'nowhere'"),
    ],
)
def test_edges_that_are_none(change: dict[str, Any], more: dict[str, Any], told: str) -> None:
    with pytest.raises(StepError, match=told) as caught:
        graph("pagerank", edges=edges().with_columns(**change), **more)
    assert "\n" not in str(caught.value)


def test_a_start_that_is_no_vertex() -> None:
    with pytest.raises(StepError, match="there is no vertex '99' to start from"):
        graph("shortest_paths", edges=edges(), start="99")
