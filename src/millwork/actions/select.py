"""A part of a graph: what is to run, and what it takes from the last run instead."""

from __future__ import annotations

from typing import TYPE_CHECKING

from millwork.base.errors import BadRequest
from millwork.base.records import dataclass
from millwork.plan.model import Graph

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from millwork.plan.model import Step


@dataclass(frozen=True)
class Selection:
    """Node names as people gave them; empty is no wish. `only` stands alone."""

    first: str = ""
    last: str = ""
    only: str = ""

    @property
    def is_all(self) -> bool:
        """Whether the whole graph is meant."""
        return not (self.first or self.last or self.only)


def select(graph: Graph, wanted: Selection) -> tuple[Graph, tuple[str, ...]]:
    """The graph of what is to run and what that reads, and the names of what is only read.

    A sub-pipeline's name stands for all its steps. Raises BadRequest for an unknown node, and
    if nothing is left.
    """
    if wanted.is_all:
        return graph, ()
    if wanted.only and (wanted.first or wanted.last):
        raise BadRequest("--only stands alone, without --from and --to")
    running = set(graph.steps)
    if wanted.only:
        running = named(graph, wanted.only)
    if wanted.first:
        running &= _reached(named(graph, wanted.first), _followers(graph.steps))
    if wanted.last:
        needs = {name: step.upstream for name, step in graph.steps.items()}
        running &= _reached(named(graph, wanted.last), needs)
    if not running:
        raise BadRequest(f"no node lies between '{wanted.first}' and '{wanted.last}'")
    read = {name for step in running for name in graph.steps[step].upstream} - running
    kept = {name: step for name, step in graph.steps.items() if name in running | read}
    outputs = {name: output for name, output in graph.outputs.items() if output.step in kept}
    return Graph(kept, outputs), tuple(name for name in kept if name in read)


def named(graph: Graph, node: str) -> set[str]:
    """The steps that a node stands for, all of a sub-pipeline's; BadRequest if there are none."""
    found = {name for name in graph.steps if name == node or name.startswith(f"{node}.")}
    if not found:
        raise BadRequest(f"there is no node '{node}'; nodes: {', '.join(graph.steps)}")
    return found


def _followers(steps: Mapping[str, Step]) -> dict[str, list[str]]:
    followers: dict[str, list[str]] = {}
    for name, step in steps.items():
        for need in step.upstream:
            followers.setdefault(need, []).append(name)
    return followers


def _reached(begin: set[str], edges: Mapping[str, Iterable[str]]) -> set[str]:
    found, pending = set(begin), list(begin)
    while pending:
        for name in edges.get(pending.pop(), ()):
            if name not in found:
                found.add(name)
                pending.append(name)
    return found
