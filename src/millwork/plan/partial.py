"""What of a pipeline with faults could be run: the rest of it, as if the faulty were not there."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

from millwork.base.records import dataclass
from millwork.spec import condition
from millwork.spec.model import Pipeline, Reference
from millwork.spec.pipeline import ROOTS, stuck
from millwork.spec.scheduling import names_in
from millwork.spec.tree import Tree

if TYPE_CHECKING:
    from collections.abc import Collection

    from millwork.spec.model import Path, PipelineNode


def sound_part(
    tree: Tree, faulty: Collection[Path], parameters: Collection[str]
) -> tuple[Tree, frozenset[str]]:
    """The pipeline without what is wrong in it, and the names of its nodes that lack something.

    `faulty` are the places that are wrong or hold something wrong; `parameters` are those of the
    pipeline whose values are known. Nodes whose component is not known are left out.
    """
    pipeline = tree.definition
    assert isinstance(pipeline, Pipeline)
    sieve = _Sieve(tree, faulty, parameters, stuck(pipeline))
    known = {name: node for name, node in pipeline.nodes.items() if name in tree.children}
    nodes = {name: sieve.sifted(name, node) for name, node in known.items()}
    unready = (
        name for name, node in nodes.items() if node != known[name] or ("nodes", name) in faulty
    )
    return Tree(replace(pipeline, nodes=nodes, outputs={}), tree.children), frozenset(unready)


@dataclass(frozen=True)
class _Sieve:
    tree: Tree
    faulty: Collection[Path]
    parameters: Collection[str]
    stuck: Collection[str]

    def sifted(self, name: str, node: PipelineNode) -> PipelineNode:
        """The node with the fields that are right, and the wires that come from somewhere."""
        child, at = self.tree.children[name], ("nodes", name)
        foreach = node.foreach
        is_each = foreach and foreach.into in child.parameters and self._has(name, foreach.items)
        conditions = condition.references(condition.parse(node.when)) if node.when else ()
        return replace(
            node,
            inputs={
                port: binding
                for port, binding in node.inputs.items()
                if self._is_right((*at, "inputs", port)) and port in child.inputs
                and (self._is_listed(binding) if not isinstance(binding, Reference)
                     else self._has(name, binding))
            },
            parameters={
                word: value
                for word, value in node.parameters.items()
                if self._is_right((*at, "parameters", word)) and word in child.parameters
                and (self._is_listed(value) if not isinstance(value, Reference)
                     else self._has(name, value))
            },
            after=tuple(other for other in node.after if self._may_follow(name, other)),
            when=node.when if all(self._has(name, each) for each in conditions) else "",
            foreach=foreach if is_each and self._is_right((*at, "foreach")) else None,
        )  # fmt: skip

    def _is_right(self, path: Path) -> bool:
        return path not in self.faulty

    def _is_listed(self, value: Any) -> bool:
        """Whether each scheduling parameter that a value or URI names is known."""
        pipeline = self.tree.definition
        assert isinstance(pipeline, Pipeline)
        return pipeline.scheduling_parameters.keys() >= set(names_in(pipeline, value))

    def _has(self, name: str, reference: Reference) -> bool:
        """Whether something comes to that node by this wire."""
        owner = reference.owner
        if owner in ROOTS:
            known = self.tree.inputs if owner == "inputs" else self.parameters
            return reference.name in known
        is_there = self._may_follow(name, owner)
        return is_there and self.tree.children[owner].output_type(reference.name) is not None

    def _may_follow(self, name: str, other: str) -> bool:
        return other in self.tree.children and not (name in self.stuck and other in self.stuck)
