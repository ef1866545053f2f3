"""Drafts of PAI's Designer as pipelines of built-in components, and what they are called there."""

from __future__ import annotations

from typing import TYPE_CHECKING

from millwork.base.errors import InvalidFile, MillworkError
from millwork.base.names import is_builtin
from millwork.catalogue.index import builtin
from millwork.catalogue.pai_graph import PaiGraph, Setting, Variable
from millwork.spec import values
from millwork.spec.twins import Twin

if TYPE_CHECKING:
    from collections.abc import Mapping

    from millwork.formats.designer.model import Draft
    from millwork.spec.fields import Reading
    from millwork.spec.model import Pipeline


def draft_to_pipeline(draft: Draft, reading: Reading, name: str) -> Pipeline:
    """The pipeline that a draft draws, called `name` if the draft has no name.

    What it does not carry is noted in `reading`. Raises InvalidFile for a draft that is no graph.
    """
    variables = {
        each.name: Variable(each.name, each.type, each.value, each.description, each.path)
        for each in draft.variables
    }
    graph = PaiGraph(reading, variables)
    for node in draft.nodes:
        if node.id in graph:
            reading.fault(node.path, f"the id '{node.id[:60]}' stands twice")
            continue
        settings = [Setting(*each) for each in node.properties]
        made = graph.add(node.id, node.name, node.identifier, settings, node.path, node.provider)
        if node.position and made:
            graph.layout[made] = node.position
        elif node.position:
            graph.leave((*node.path, "position"), "an input has no place on the canvas")
    for edge in draft.edges:
        unknown = [key for key in (edge.source, edge.target) if key not in graph]
        if unknown:
            reading.fault(edge.path, f"there is no node with the id '{unknown[0][:60]}'")
        else:
            graph.connect(
                edge.source, edge.source_anchor, edge.target, edge.target_anchor, edge.path
            )
    if any(fault.severity == "error" for fault in reading.faults):
        raise InvalidFile(reading.faults)
    return graph.pipeline(draft.name or name, draft.description, reading.file)


def twin_of(component: str) -> Twin | None:
    """PAI's component with the work of a built-in, the first if there are several."""
    if not is_builtin(component):
        return None
    try:
        declaration = builtin(component)
    except MillworkError:
        return None
    if not declaration.pai:
        return None
    pai = declaration.pai[0]
    words = _turned(pai.parameters)
    unsaid = {}
    for word in pai.fixed.keys() & words.keys():
        default = declaration.parameters[word].default
        if default is not None:
            text = values.to_text(default)
            unsaid[word] = _turned(pai.values.get(word, {})).get(text, text)
    return Twin(
        pai.name,
        words,
        _turned(pai.inputs),
        _turned(pai.outputs),
        {word: _turned(known) for word, known in pai.values.items()},
        unsaid,
    )


def _turned(names: Mapping[str, str]) -> dict[str, str]:
    """Names the other way round, the first of several."""
    turned: dict[str, str] = {}
    for theirs, ours in names.items():
        turned.setdefault(ours, theirs)
    return turned
