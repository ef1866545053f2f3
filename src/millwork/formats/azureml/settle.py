"""A pipeline of AzureML, brought to fit what its jobs' components declare.

AzureML has one `inputs` for data and for values; which a name is, only the component's own file
tells. Until it is read, literals and the pipeline's values are taken for parameters, all else for
data.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

from millwork.formats.azureml.bindings import UNKNOWN
from millwork.formats.azureml.parallel import overridden
from millwork.spec import values
from millwork.spec.model import (
    Component,
    Input,
    LocalPath,
    Parameter,
    Pipeline,
    PipelineNode,
    Reference,
)
from millwork.spec.tree import Tree

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator, Mapping

    from millwork.formats.azureml.notes import AzureNames
    from millwork.spec.fields import Reading
    from millwork.spec.model import Path

_FILES = ("file", "folder")


def settle(tree: Tree, reading: AzureNames) -> Tree:
    """The pipeline at the top of `tree` with each binding where its component declares it.

    Its children are settled already. Text for a data input becomes a path; the pipeline's own
    untyped values take the type that its components want; ports of jobs in the pipeline's own
    file take the type of what they read. What a component does not have is left out, with a
    warning, as AzureML does; `reading` is the one that came with the pipeline.
    """
    pipeline = tree.definition
    assert isinstance(pipeline, Pipeline)
    tree = Tree(pipeline, _typed_children(pipeline, tree))
    tree = Tree(pipeline, _batches(pipeline, tree, reading))
    pipeline = _typed_inputs(pipeline, tree, reading.untyped)
    nodes = {
        name: _placed(node, tree.children[name], pipeline, ("nodes", name), reading)
        if name in tree.children
        else node
        for name, node in pipeline.nodes.items()
    }
    definitions = {
        name: tree.children[name].definition if name in tree.children else definition
        for name, definition in pipeline.definitions.items()
    }
    settled = replace(pipeline, nodes=nodes, definitions=definitions)
    return _with_tables(settled, tree.children)


def _with_tables(pipeline: Pipeline, known: Mapping[str, Tree]) -> Tree:
    """The tree, in which files and folders may be read as a table.

    AzureML's types say nothing of what is in files, so the step finds out.
    """
    inputs, children = dict(pipeline.inputs), dict(known)
    for name, node in pipeline.nodes.items():
        if name not in children:
            continue
        for port, source in node.inputs.items():
            child = children[name].definition
            declared = child.inputs.get(port)
            if not isinstance(source, Reference) or not declared or declared.type != "table":
                continue
            if source.owner == "inputs":
                given = inputs.get(source.name)
                if given and given.type in _FILES:
                    inputs[source.name] = replace(given, type="table")
            elif isinstance(child, Component) and source.owner in children:
                offered = children[source.owner].output_type(source.name) or ""
                if offered in _FILES:
                    ports = {**child.inputs, port: replace(declared, type=offered)}
                    children[name] = Tree(replace(child, inputs=ports))
    return Tree(replace(pipeline, inputs=inputs), children)


def _bindings(node: PipelineNode) -> dict[str, Any]:
    return {**node.inputs, **node.parameters}


def _typed_children(pipeline: Pipeline, tree: Tree) -> dict[str, Tree]:
    """The children, with ports of a type that only the node upstream could tell."""
    children = dict(tree.children)
    for name in pipeline.definitions.keys() & children.keys():
        child = children[name].definition
        if isinstance(child, Component):
            typed = _typed(child, pipeline.nodes[name], tree.children)
            children[name] = Tree(typed)
    return children


def _batches(pipeline: Pipeline, tree: Tree, reading: AzureNames) -> dict[str, Tree]:
    """The children, parallel ones with what their jobs set, and with the names of their files."""
    children = dict(tree.children)
    for name, child in tree.children.items():
        node, component = pipeline.nodes[name], child.definition
        given = reading.overrides.get(name, {})
        if isinstance(component, Component) and component.work == "parallel":
            children[name] = Tree(overridden(component, given, node.file_names))
        else:
            for field in sorted(given.keys() - {"instance_count"}):  # any job has that
                message = "its component is no parallel one, and has no use for it"
                reading.fault(("nodes", name, field), message, "warning")
    return children


def _typed(component: Component, node: PipelineNode, others: Mapping[str, Tree]) -> Component:
    inputs, parameters = dict(component.inputs), dict(component.parameters)
    for name, port in component.inputs.items():
        source = node.inputs.get(name)
        if port.native != UNKNOWN or not isinstance(source, Reference):
            continue
        offered = others[source.owner].output_type(source.name) if source.owner in others else None
        if offered == "value":
            parameters[name] = Parameter("String", required=port.required)
            del inputs[name]
        elif offered:
            inputs[name] = replace(port, type=offered)
            if component.work == "parallel":  # a table is split in another way than files
                native = _native(source, others)
                inputs[name] = replace(inputs[name], native=native or port.native)
    return replace(component, inputs=inputs, parameters=parameters)


def _native(source: Reference, others: Mapping[str, Tree]) -> str:
    definition = others[source.owner].definition
    port = definition.outputs.get(source.name) if isinstance(definition, Component) else None
    return port.native if port else ""


def _typed_inputs(pipeline: Pipeline, tree: Tree, untyped: Collection[str]) -> Pipeline:
    """The pipeline, with those of its values that the file does not declare as they are used."""
    inputs, parameters = dict(pipeline.inputs), dict(pipeline.parameters)
    data = dict(pipeline.data)
    for name, parameter in pipeline.parameters.items():
        if name not in untyped:
            continue
        uses = list(_uses(name, pipeline, tree))
        ports = [use for use in uses if isinstance(use, Input)]
        kinds = {use.type for use in uses if isinstance(use, Parameter)}
        if ports and not kinds and isinstance(parameter.default, str) and parameter.default:
            inputs[name], data[name] = replace(ports[0]), LocalPath(parameter.default)
            del parameters[name]
        elif len(kinds) == 1:
            parameters[name] = _retyped(parameter, kinds.pop())
    return replace(pipeline, inputs=inputs, parameters=parameters, data=data)


def _uses(name: str, pipeline: Pipeline, tree: Tree) -> Iterator[Input | Parameter]:
    for owner, child in tree.children.items():
        for port, binding in _bindings(pipeline.nodes[owner]).items():
            if binding == Reference("parameters", name):
                found = child.parameters.get(port) or child.inputs.get(port)
                if found:
                    yield found


def _retyped(parameter: Parameter, kind: str) -> Parameter:
    wanted = replace(parameter, type=kind, default=None)
    if parameter.default is None:
        return wanted
    try:
        return replace(wanted, default=values.convert(wanted, parameter.default))
    except ValueError:
        return parameter  # the check of the wires says what is wrong


def _placed(
    node: PipelineNode, child: Tree, pipeline: Pipeline, path: Path, reading: Reading
) -> PipelineNode:
    """The node with each binding as what its component declares."""
    inputs: dict[str, Any] = {}
    parameters: dict[str, Any] = {}
    for given, binding in _bindings(node).items():
        name = _declared(given, child, (*path, "inputs", given), reading)
        if name in child.inputs:
            taken = _as_data(binding, pipeline)
        elif name in child.parameters:
            taken = binding
        else:
            continue
        if isinstance(taken, LocalPath) and name in child.parameters:
            reading.fault((*path, "inputs", given), "the component takes a value here, not data")
        elif isinstance(taken, Reference) and taken.owner == "parameters" and name in child.inputs:
            message = f"the component reads data here; '{taken.name}' of the pipeline is a value"
            reading.fault((*path, "inputs", given), message)
        elif isinstance(taken, Reference) and taken.owner == "inputs" and name in child.parameters:
            message = f"the component takes a value here; '{taken.name}' of the pipeline is data"
            reading.fault((*path, "inputs", given), message)
        else:
            (inputs if name in child.inputs else parameters)[name] = taken
    files = {o: text for o, text in node.file_names.items() if child.output_type(o) == "file"}
    return replace(node, inputs=inputs, parameters=parameters, file_names=files)


def _as_data(binding: Any, pipeline: Pipeline) -> Any:
    if isinstance(binding, str):
        return LocalPath(binding)
    if isinstance(binding, Reference) and binding.owner == "parameters":
        name = binding.name
        return Reference("inputs", name) if name in pipeline.inputs else binding
    return binding


def _declared(given: str, child: Tree, path: Path, reading: Reading) -> str:
    """What the component calls the input `given`; empty, with a warning, if it has none."""
    names = [*child.inputs, *child.parameters]
    if given in names:
        return given
    alike = [name for name in names if name.lower() == given.lower()]
    if len(alike) == 1:
        reading.fault(path, f"the component calls this input '{alike[0]}'", "warning")
        return alike[0]
    near = reading.nearest(given, names)
    message = f"the component has no input '{given}', so nothing is given to it{near}"
    reading.fault(path, message, "warning")
    return ""
