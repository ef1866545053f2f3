"""Scheduling parameters in a pipeline: where `${name}` stands, and what stands there then.

Only a pipeline of Millwork's flavour has them (docs/decisions/scheduling-parameters.md). In values
and URIs `$${name}` is the text `${name}`; a command is the shell's, where only what is listed is
replaced.
"""

from __future__ import annotations

import re
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from millwork.spec.model import LocalPath

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator, Mapping

    from millwork.spec.fields import Reading
    from millwork.spec.model import Component, Path, Pipeline, PipelineNode

NAME_RULE = "letters, digits, '_', '-' and '.', starting with a letter, at most 64"
SCHEDULING = "scheduling"
"""What the path of a placeholder begins with that stands for a scheduling parameter."""

_NAME = re.compile(r"[A-Za-z][A-Za-z0-9_.-]{0,63}")
_REFERENCE = re.compile(rf"(\$+)\{{({_NAME.pattern})\}}")
_ENVIRONMENT = re.compile(r"[A-Z][A-Z0-9_]*")


def is_name(text: str) -> bool:
    """Whether `text` may name a scheduling parameter."""
    return _NAME.fullmatch(text) is not None


def may_name(value: Any) -> bool:
    """Whether a node's value or binding may name one; what is quickly told."""
    return any("${" in text for text in _texts(value))


def names_in(pipeline: Pipeline, value: Any) -> list[str]:
    """The scheduling parameters that a node's value or URI names, listed or not."""
    if pipeline.flavour != "millwork":
        return []
    return [
        found[2]
        for text in _texts(value)
        for found in _REFERENCE.finditer(text)
        if found[1] == "$" and _is_ours(pipeline, found[2])
    ]


def filled(pipeline: Pipeline, value: Any, given: Mapping[str, str]) -> Any:
    """A node's value, binding or URI with what is `given` in the place of names."""
    if pipeline.flavour != "millwork":
        return value

    def said(found: re.Match[str]) -> str:
        dollars, name = found.groups()
        if not _is_ours(pipeline, name) or (dollars == "$" and name not in given):
            return found[0]
        return given[name] if dollars == "$" else found[0][1:]

    return _changed(value, lambda text: _REFERENCE.sub(said, text))


def quoted(pipeline: Pipeline) -> Pipeline:
    """A pipeline whose values and URIs are all plain text, as Millwork's flavour writes that."""

    def said(found: re.Match[str]) -> str:
        return f"${found[0]}" if _is_ours(pipeline, found[2]) else found[0]

    def written(value: Any) -> Any:
        return _changed(value, lambda text: _REFERENCE.sub(said, text))

    nodes = {
        name: replace(
            node,
            inputs={port: written(given) for port, given in node.inputs.items()},
            parameters={word: written(value) for word, value in node.parameters.items()},
        )
        for name, node in pipeline.nodes.items()
    }
    return replace(pipeline, nodes=nodes)


def used_by(component: Component, listed: Collection[str]) -> list[str]:
    """Those of the listed names that stand in a component's command, or in its arguments."""
    if not listed:
        return []
    texts = (component.command, component.body.get("args", ""))
    written = [text for text in texts if isinstance(text, str) and "${" in text]
    return [name for name in listed if any(f"${{{name}}}" in text for text in written)]


def check_scheduling(pipeline: Pipeline, reading: Reading) -> None:
    """Notes every name that is not listed, and every circle of those that are."""
    if pipeline.flavour != "millwork":
        return
    for name, node in pipeline.nodes.items():
        for path, value in _replaced_in(node):
            _check_names(pipeline, ("nodes", name, *path), value, reading)
    if pipeline.scheduling_parameters:
        _check_workflow(pipeline, reading)


def circle(needs: Mapping[str, Collection[str]]) -> list[str]:
    """Names of which each needs the next one's value, the first again at the end; or none."""
    done: set[str] = set()
    for start in needs:
        trail: list[str] = []
        pending = [(start, 0)]
        while pending:
            name, depth = pending.pop()
            del trail[depth:]
            if name in trail:
                return [*trail[trail.index(name) :], name]
            if name in done or name not in needs:
                continue
            done.add(name)
            trail.append(name)
            pending += [(other, depth + 1) for other in sorted(needs[name])]
    return []


def workflow_needs(scoped: Collection[tuple[str, str]]) -> set[str]:
    """The names that an expression takes from the outermost pipeline: `${workflow.name}`."""
    return {name for scope, name in scoped if scope == "workflow"}


def _check_names(pipeline: Pipeline, path: Path, value: Any, reading: Reading) -> None:
    listed = pipeline.scheduling_parameters
    for name in dict.fromkeys(names_in(pipeline, value)):
        if name in listed or reading.is_broken(("scheduling_parameters", name)):
            continue
        near = reading.nearest(name, listed)
        reading.fault(
            path,
            f"scheduling_parameters lists no '{name}' (the text itself is written $${{{name}}})"
            f"{near}",
        )


def _check_workflow(pipeline: Pipeline, reading: Reading) -> None:
    from millwork.spec.dates.language import read  # a pipeline without any does not pay for it

    listed = pipeline.scheduling_parameters
    needs = {name: workflow_needs(read(text).scoped) for name, text in listed.items()}
    for name, wanted in needs.items():
        for other in sorted(name for name in wanted if name not in listed):
            reading.fault(
                ("scheduling_parameters", name),
                f"only a pipeline that holds this one can give ${{workflow.{other}}}: here is no "
                f"'{other}'{reading.nearest(other, listed)}",
                "warning",
            )
    if found := circle(needs):
        shown = " -> ".join(found)
        path = ("scheduling_parameters", found[0])
        reading.fault(path, f"scheduling parameters need one another's values: {shown}")


def _replaced_in(node: PipelineNode) -> Iterator[tuple[Path, Any]]:
    for port, binding in node.inputs.items():
        if isinstance(binding, LocalPath):
            yield ("inputs", port, "path"), binding.path
    for word, value in node.parameters.items():
        yield ("parameters", word), value


def _is_ours(pipeline: Pipeline, name: str) -> bool:
    """Whether a name is meant for us: without a list, capitals are the environment's."""
    return bool(pipeline.scheduling_parameters) or not _ENVIRONMENT.fullmatch(name)


def _texts(value: Any) -> Iterator[str]:
    if isinstance(value, str):
        yield value
    elif isinstance(value, LocalPath):
        yield value.path
    elif isinstance(value, list | tuple):
        for item in value:
            yield from _texts(item)
    elif isinstance(value, dict):
        for item in value.values():
            yield from _texts(item)


def _changed(value: Any, change: Any) -> Any:
    if isinstance(value, str):
        return change(value)
    if isinstance(value, LocalPath):
        return LocalPath(change(value.path))
    if isinstance(value, list | tuple):
        return type(value)(_changed(item, change) for item in value)
    if isinstance(value, dict):
        return {name: _changed(item, change) for name, item in value.items()}
    return value
