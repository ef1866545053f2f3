"""Nodes of PAI in DataWorks as pipelines with schedules, by what PAIFlow's manifests become."""

from __future__ import annotations

import re
from dataclasses import replace
from typing import TYPE_CHECKING

from millwork.base.errors import InvalidFile
from millwork.base.faults import Fault
from millwork.base.names import is_entity
from millwork.base.records import dataclass, field
from millwork.catalogue.paiflow import manifest_to_pipelines
from millwork.formats import paiflow
from millwork.formats.dataworks import Settled, is_expression, read_node, settle
from millwork.formats.paiflow.model import Argument, Manifest, Parameter
from millwork.spec.twins import READER

if TYPE_CHECKING:
    from collections.abc import Collection
    from collections.abc import Mapping as Names

    from millwork.catalogue.paiflow import Family
    from millwork.formats.dataworks.model import PaiNode
    from millwork.spec.document import Mapping
    from millwork.spec.fields import Reading
    from millwork.spec.model import Pipeline
    from millwork.spec.schedule import Schedule

_TABLE = re.compile(r"(?:PAI's table )?([\w-]+)\.([\w-]+)")
_WORD = re.compile(r"[^\s'\"\[\]{},]+")
_COMPUTE = "Map"
_WHERE = "where PAI computes: here the engine and the node's resources say that"


@dataclass(frozen=True)
class FromDataWorks:
    """A pipeline with its schedule, those that its nodes name, and what neither carries."""

    pipeline: Pipeline
    schedule: Schedule | None = None
    files: Names[str, Pipeline] = field(default_factory=dict)
    losses: tuple[tuple[str, str], ...] = ()


def from_dataworks(root: Mapping, file: str) -> FromDataWorks:
    """What a node of PAI in a file of DataWorks becomes.

    Raises InvalidFile with every fault of the file, or of a text in it.
    """
    found = read_node(root, file)
    node = found.node
    manifest, reading = _manifest(node)
    maps = {each.name for each in manifest.parameters if each.type == _COMPUTE}
    manifest = _without_noise(manifest, maps)
    own = {each.name for each in manifest.parameters}
    arguments = [each for each in node.arguments if each.name not in maps]
    settled = settle(found.variables, node.parameters, arguments, node.manifest_text, own, file)
    losses = [*found.losses, *settled.losses, *_unread(node)]
    losses += [(node.path, f"'{name[:60]}': {_WHERE}") for name in sorted(maps)]
    losses += [
        (each.path, "the graph has no such parameter") for each in arguments if each.name not in own
    ]
    given = {name: value for name, value in settled.given.items() if name in own}
    if not found.schedule:
        manifest, settled = _bound(manifest, settled, given)
    values = [_constant(name, text) for name, text in settled.values.items()]
    manifest = replace(manifest, parameters=(*manifest.parameters, *values))
    family = manifest_to_pipelines(manifest, reading, settled.expressions)
    losses += [(f"{node.path}.{path}" if path else "", why) for path, why in family.losses]
    pipeline = _named(family, node)
    if not found.schedule:
        return FromDataWorks(pipeline, None, family.files, tuple(losses))
    schedule = _filled(found.schedule, pipeline, given, losses)
    return FromDataWorks(pipeline, schedule, family.files, tuple(losses))


def _manifest(node: PaiNode) -> tuple[Manifest, Reading]:
    """The graph, which is called as the node is."""
    if not paiflow.is_manifest(node.manifest):
        message = "expected a manifest of PAIFlow, apiVersion: core/v1"
        place = node.manifest.place
        raise InvalidFile([Fault(node.manifest_file, *place, "apiVersion", "error", message)])
    manifest, reading = paiflow.read_manifest(node.manifest, node.manifest_file)
    return replace(manifest, name=node.name or manifest.name), reading


def _without_noise(manifest: Manifest, maps: Collection[str]) -> Manifest:
    """The graph without what stands at each of its components and says nothing of the work.

    That is where PAI computes, which is said once, and that it waits for tables that are read.
    """
    readers = {task.name for task in manifest.pipelines if task.identifier == READER}
    pipelines = tuple(
        replace(
            task,
            settings=tuple(each for each in task.settings if not _is_of(each, maps)),
            after=tuple(each for each in task.after if each not in readers),
        )
        for task in manifest.pipelines
    )
    parameters = tuple(each for each in manifest.parameters if each.name not in maps)
    return replace(manifest, parameters=parameters, pipelines=pipelines)


def _is_of(argument: Argument, names: Collection[str]) -> bool:
    """Whether it is the value of a parameter of the graph."""
    origin = argument.origin
    return bool(origin and not origin.pipeline and origin.name in names)


def _named(family: Family, node: PaiNode) -> Pipeline:
    """The pipeline, called as the node is, or as near to that as a name may be."""
    pipeline = replace(family.pipeline, description=node.description)
    if not is_entity(node.name):
        return pipeline
    title = pipeline.display_name or pipeline.name
    return replace(pipeline, name=node.name, display_name="" if title == node.name else title)


def _unread(node: PaiNode) -> list[tuple[str, str]]:
    """The tables that the node names and its graph does not."""
    said = set(_WORD.findall(node.manifest_text))
    return [
        (each.path, f"the graph has no table '{str(each.value)[:60]}'")
        for each in node.tables
        if str(each.value) not in said
    ]


def _constant(name: str, text: str) -> Parameter:
    return Parameter(name, "String", text, "", ("spec", "inputs", "parameters"))


def _bound(
    manifest: Manifest, settled: Settled, given: Names[str, str | tuple[str, ...]]
) -> tuple[Manifest, Settled]:
    """The graph with what it is given: constants as defaults, expressions in the nodes' values."""
    expressions = {
        name: value
        for name, value in given.items()
        if isinstance(value, str) and "$" in value and is_expression(value)
    }
    constants = {name: value for name, value in given.items() if name not in expressions}
    parameters = tuple(
        each._replace(value=constants.get(each.name, each.value))
        for each in manifest.parameters
        if each.name not in expressions
    )
    pipelines = tuple(
        replace(task, settings=tuple(_said(each, expressions) for each in task.settings))
        for task in manifest.pipelines
    )
    both = {**settled.expressions, **expressions}
    graph = replace(manifest, parameters=parameters, pipelines=pipelines)
    return graph, replace(settled, expressions=both)


def _said(argument: Argument, expressions: Names[str, str]) -> Argument:
    """An argument that is a parameter with an expression, as the expression's name in a text."""
    if argument.origin is None or not _is_of(argument, expressions):
        return argument
    return argument._replace(value=f"${{{argument.origin.name}}}", origin=None)


def _filled(
    schedule: Schedule,
    pipeline: Pipeline,
    given: Names[str, str | tuple[str, ...]],
    losses: list[tuple[str, str]],
) -> Schedule:
    """The schedule of a pipeline, with what it gives: values, and tables that have a project."""
    parameters = {name: value for name, value in given.items() if name in pipeline.parameters}
    losses += [
        ("paiflowArguments", f"'{name[:60]}' is called otherwise in the pipeline: not given")
        for name in given.keys() - parameters.keys()
    ]
    inputs = {}
    for name, port in pipeline.inputs.items():
        if table := _TABLE.fullmatch(port.description):
            inputs[name] = f"odps://{table[1]}/tables/{table[2]}"
        elif port.required:
            losses.append((f"inputs.{name}", "no project is said: give the schedule its URI"))
    return replace(schedule, pipeline=pipeline.name, parameters=parameters, inputs=inputs)
