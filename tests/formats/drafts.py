"""Drafts of PAI's Designer for tests, and what of a pipeline one of them can say."""

from __future__ import annotations

import json
from dataclasses import fields, replace
from typing import TYPE_CHECKING, Any

from millwork.catalogue.designer import draft_to_pipeline, twin_of
from millwork.formats.designer import read_draft, write_draft
from millwork.spec.document import PIPELINE_LIMITS, parse
from millwork.spec.model import Input, Parameter, Pipeline, PipelineNode, Reference

if TYPE_CHECKING:
    from millwork.spec.fields import Reading


def node(
    key: str, identifier: str, place: tuple[float, float] = (0, 0), **properties: Any
) -> dict[str, Any]:
    """A node of a draft."""
    return {
        "id": key,
        "name": key,
        "metadata": {"identifier": identifier, "version": "v1", "provider": "pai"},
        "properties": [{"name": name, "value": value} for name, value in properties.items()],
        "position": {"x": place[0], "y": place[1]},
    }


def edge(wire: str) -> dict[str, str]:
    """`read.outputTable -> split.inputTable`."""
    (source, made), (target, port) = (end.split(".") for end in wire.split(" -> "))
    return {"source": source, "sourceAnchor": made, "target": target, "targetAnchor": port}


def draft(nodes: list[Any], edges: list[str], **more: Any) -> dict[str, Any]:
    """A draft."""
    head = {"metadata": {"name": "flow", "desc": ""}, "globalParams": [], "globalSettings": []}
    return head | {"nodes": nodes, "edges": [edge(wire) for wire in edges]} | more


def read(document: Any) -> tuple[Pipeline, Reading]:
    """What a draft becomes, and the reading with its losses."""
    text = document if isinstance(document, str) else json.dumps(document)
    found, reading = read_draft(parse(text, "d.json", limits=PIPELINE_LIMITS), "d.json")
    return draft_to_pipeline(found, reading, "d"), reading


def written(pipeline: Pipeline) -> tuple[str, set[str]]:
    """The text of a pipeline's draft, and the paths of what is lost."""
    document, left = write_draft(pipeline, twin_of)
    assert all(path and reason for path, reason in left)
    return json.dumps(document), {path for path, _ in left}


def sayable(pipeline: Pipeline) -> tuple[Pipeline, set[str]]:
    """What a draft can say of a pipeline whose nodes have no twins, and the paths of the rest."""
    lost = {row.name for row in fields(Pipeline) if row.name in _LOST and _differs(pipeline, row)}
    tables = {n: port for n, port in pipeline.inputs.items() if port.type in ("table", "any")}
    lost |= {f"inputs.{name}" for name in pipeline.inputs.keys() - tables.keys()}
    for name, port in tables.items():
        said = replace(port, type="table")
        lost |= {f"inputs.{name}.{row.name}" for row in fields(Input) if _differs(said, row)
                 and row.name != "type"} | ({f"inputs.{name}.type"} & _any(name, port))  # fmt: skip
    for name, parameter in pipeline.parameters.items():
        for row in fields(Parameter):
            if row.name not in ("type", "default", "description", "required"):
                lost |= {f"parameters.{name}.{row.name}"} if _differs(parameter, row) else set()
        if parameter.required != (parameter.default is None):
            lost.add(f"parameters.{name}.required")
    nodes = {}
    for name, each in pipeline.nodes.items():
        nodes[name], more = _node(name, each, set(tables))
        lost |= more
    return (
        Pipeline(
            pipeline.name, "1.0.0", nodes, description=pipeline.description,
            inputs={name: Input("table") for name in tables}, layout=pipeline.layout,
            parameters={
                name: Parameter(each.type, default=each.default, required=each.default is None,
                                description=each.description)
                for name, each in pipeline.parameters.items()
            },
        ),
        lost,
    )  # fmt: skip


_LOST = ("version", "version_description", "display_name", "tags", "outputs", "notes")
_EMPTY = {Pipeline: Pipeline("", "1.0.0", {}), Input: Input("table"), Parameter: Parameter("Int"),
          PipelineNode: PipelineNode("")}  # fmt: skip


def _differs(model: Any, row: Any) -> bool:
    return bool(getattr(model, row.name) != getattr(_EMPTY[type(model)], row.name))


def _any(name: str, port: Input) -> set[str]:
    return {f"inputs.{name}.type"} if port.type == "any" else set()


def _node(name: str, node: PipelineNode, tables: set[str]) -> tuple[PipelineNode, set[str]]:
    kept = ("component", "inputs", "parameters")
    lost = {f"nodes.{name}.{row.name}" for row in fields(PipelineNode)
            if row.name not in kept and _differs(node, row)}  # fmt: skip
    lost.add(f"nodes.{name}.component")
    inputs = {
        port: wire for port, wire in node.inputs.items()
        if isinstance(wire, Reference) and (wire.owner != "inputs" or wire.name in tables)
    }  # fmt: skip
    parameters = {
        word: value for word, value in node.parameters.items()
        if not isinstance(value, Reference) or value.owner == "parameters"
    }  # fmt: skip
    lost |= {f"nodes.{name}.inputs.{port}" for port in node.inputs.keys() - inputs.keys()}
    lost |= {f"nodes.{name}.parameters.{word}"
             for word in node.parameters.keys() - parameters.keys()}  # fmt: skip
    return PipelineNode(node.component, inputs, parameters), lost
