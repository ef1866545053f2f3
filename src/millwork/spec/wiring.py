"""A pipeline with its nodes' definitions: names of ports, types of wires, values of parameters."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from millwork.spec import roles, scheduling, values
from millwork.spec.component import check_job
from millwork.spec.model import Component, Parameter, Pipeline, PipelineNode, Reference
from millwork.spec.pipeline import references
from millwork.spec.types import fits

if TYPE_CHECKING:
    from millwork.spec.fields import Reading
    from millwork.spec.model import Path, Resources
    from millwork.spec.tree import Tree


def check_wiring(tree: Tree, reading: Reading) -> None:
    """Notes every breach of a rule between the nodes of the pipeline at the top of `tree`."""
    pipeline = tree.definition
    assert isinstance(pipeline, Pipeline)
    for name, node in pipeline.nodes.items():
        child = tree.children.get(name)
        if child is None:
            continue  # its file could not be read, which is a fault already
        _check_ports(node, child, ("nodes", name), reading)
        _check_values(pipeline, node, child, ("nodes", name), reading)
        _check_sources(tree, node, child, ("nodes", name), reading)
        _check_kind(node, child, ("nodes", name), reading)
    for name, reference in pipeline.outputs.items():
        _output_type(tree, reference, ("outputs", name, "from"), reading)


def _check_ports(node: PipelineNode, child: Tree, path: Path, reading: Reading) -> None:
    for kind in ("inputs", "parameters"):
        known = getattr(child, kind)
        for name in getattr(node, kind):
            if name not in known:
                listed = ", ".join(known) or "none"
                message = f"the component has no such {kind.removesuffix('s')}; it has: {listed}"
                reading.fault((*path, kind, name), message)
    held = child.definition.data if isinstance(child.definition, Pipeline) else ()
    for name, port in child.inputs.items():
        if port.required and name not in node.inputs and name not in held:
            reading.fault((*path, "inputs", name), f"the required input '{name}' is not given")
    filled = {node.foreach.into} if node.foreach else set()
    for name, parameter in child.parameters.items():
        given = name in node.parameters or name in filled or parameter.default is not None
        if parameter.required and not given:
            message = f"the required parameter '{name}' is not given"
            reading.fault((*path, "parameters", name), message)


def _check_values(
    pipeline: Pipeline, node: PipelineNode, child: Tree, path: Path, reading: Reading
) -> None:
    for name, given in node.parameters.items():
        parameter = child.parameters.get(name)
        at = (*path, "parameters", name)
        if parameter is None:
            continue
        if not isinstance(given, Reference):
            if not scheduling.names_in(pipeline, given):  # else its value is known to a run alone
                _note(reading, at, parameter, scheduling.filled(pipeline, given, {}))
        elif given.owner == "parameters" and given.name in pipeline.parameters:
            _check_handed_down(pipeline.parameters[given.name], parameter, at, reading)


def _note(reading: Reading, path: Path, parameter: Parameter, given: Any) -> None:
    try:
        values.read(parameter, given)
    except ValueError as error:
        reading.fault(path, str(error))


def _check_handed_down(source: Parameter, target: Parameter, path: Path, reading: Reading) -> None:
    texts = ("String", "Column")  # and columns may be written as text, with commas between
    same = source.type == target.type or (
        source.type in texts and target.type in (*texts, "Columns")
    )
    if not same and (source.type, target.type) != ("Int", "Float"):
        reading.fault(path, f"a {source.type} does not fit a {target.type}")
    elif source.default is not None:
        _note(reading, path, target, source.default)


def _check_sources(
    tree: Tree, node: PipelineNode, child: Tree, path: Path, reading: Reading
) -> None:
    for field_path, reference in references(node):
        at = (*path, *field_path)
        offered = _offered(tree, reference, at, reading)
        if offered is None:
            continue
        if field_path[0] != "inputs":
            if offered != "value":
                reading.fault(
                    at, f"only a value output can be read here; '{reference}' is a {offered}"
                )
        elif field_path[1] in child.inputs:
            wanted = child.inputs[str(field_path[1])].type
            if not fits(offered, wanted):
                reading.fault(at, f"'{reference}' is a {offered}; the input takes a {wanted}")


def _offered(tree: Tree, reference: Reference, path: Path, reading: Reading) -> str | None:
    if reference.owner == "parameters":
        return None
    if reference.owner == "inputs":
        port = tree.inputs.get(reference.name)
        return port.type if port else None
    return _output_type(tree, reference, path, reading)


def _output_type(tree: Tree, reference: Reference, path: Path, reading: Reading) -> str | None:
    owner = tree.children.get(reference.owner)
    if owner is None:
        return None
    offered = owner.output_type(reference.name)
    if offered is None:
        listed = ", ".join(owner.definition.outputs) or "none"
        message = f"'{reference.owner}' has no output '{reference.name}'; it has: {listed}"
        reading.fault(path, message)
    return offered


def _check_kind(node: PipelineNode, child: Tree, path: Path, reading: Reading) -> None:
    if node.foreach and node.foreach.into not in child.parameters:
        reading.fault((*path, "foreach", "into"), f"there is no parameter '{node.foreach.into}'")
    if isinstance(child.definition, Component):
        _check_replicas(node, child.definition, path, reading)
        return
    for name in ("resources", "replicas", "job", "run_policy", "env", "timeout"):
        if getattr(node, name):
            reading.fault((*path, name), "this node is a pipeline; its own nodes have that")


def _check_replicas(node: PipelineNode, component: Component, path: Path, reading: Reading) -> None:
    at = (*path, "replicas")
    for where, message in roles.faults(component, node.replicas):
        reading.fault((*at, *where), message)
    for message in roles.warnings(component, node.replicas):
        reading.fault(at, message, "warning")
    check_job(component, node, path, reading)
    _check_gpus(node.resources, component, (*path, "resources", "gpu"), reading)
    for role, group in node.replicas.items():
        _check_gpus(group.resources, component, (*at, role, "resources", "gpu"), reading)


def _check_gpus(
    wishes: Resources | None, component: Component, path: Path, reading: Reading
) -> None:
    limits = component.constraints
    if limits and wishes and wishes.gpu and limits.instance_type != "GPU":
        reading.fault(path, "the component's constraints say CPU")
    if limits and wishes and wishes.gpu > 1 and not limits.multiple_gpus:
        reading.fault(path, "the component's constraints allow one GPU")
