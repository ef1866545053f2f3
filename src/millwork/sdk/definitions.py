"""Python's values as definitions: by way of the document that a file would hold.

So every rule and message is that of the files, and what is saved is read back as it was.
"""

from __future__ import annotations

import json
import os
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from millwork.base.errors import InvalidFile
from millwork.base.names import is_builtin
from millwork.plan.scheduling import check_commands
from millwork.spec.document import parse
from millwork.spec.fields import Reading
from millwork.spec.model import Code, Component, LocalPath, Pipeline, Reference, Source
from millwork.spec.reader import read_text
from millwork.spec.wiring import check_wiring

if TYPE_CHECKING:
    from collections.abc import Mapping

    from millwork.spec.fields import Record
    from millwork.spec.model import Definition, PipelineNode
    from millwork.spec.tree import Tree


def define(document: Mapping[str, Any], file: str, folder: str = "") -> Definition:
    """The definition in a document; InvalidFile with every fault of it, said of the Python `file`.

    `folder` is what its paths are relative to.
    """
    try:
        definition, _ = read_text(json.dumps(document), file)
    except InvalidFile as error:
        raise placeless(error) from None
    return replace(definition, source=Source(file, folder))


def placeless(error: InvalidFile) -> InvalidFile:
    """The same faults without line and column, which Python code has not."""
    return InvalidFile([replace(fault, line=0, column=0) for fault in error.faults])


def check(tree: Tree) -> None:
    """Raises InvalidFile with every fault between the nodes of a pipeline."""
    reading = Reading(tree.definition.source.file)
    check_wiring(tree, reading)
    check_commands(tree, reading)
    if any(fault.severity == "error" for fault in reading.faults):
        raise placeless(InvalidFile(reading.faults))


def read_fields(record: Record, document: Mapping[str, Any], reading: Reading) -> dict[str, Any]:
    """Those fields of a record that `document` has, read; faults are noted."""
    read = {}
    for name, (_, node) in parse(json.dumps(document), reading.file).entries.items():
        row = record.rows[name]
        read[row.attribute or name] = row.type.read(node, (name,), reading)
    return read


def canonical(tree: Tree) -> tuple[Any, ...]:
    """What two trees are compared by: all of them, but for where their files lie."""
    definition = tree.definition
    if isinstance(definition, Component):
        local = not (definition.code.git or definition.code.uri)
        code = Code() if local else definition.code
        return (replace(definition, flavour="millwork", code=code),)
    nodes = {
        name: _relocated(replace(node, component=""), definition.source.folder, None)
        for name, node in definition.nodes.items()
    }
    children = {name: canonical(child) for name, child in tree.children.items()}
    return replace(definition, nodes=nodes), children


def moved(pipeline: Pipeline, folder: Path, files: Mapping[str, str]) -> Pipeline:
    """The pipeline as a file in `folder` says it; `files` has the component of each node."""
    nodes = {
        name: _relocated(
            replace(node, component=relative(files[name], folder)), pipeline.source.folder, folder
        )
        for name, node in pipeline.nodes.items()
    }
    return replace(pipeline, nodes=nodes)


def _relocated(node: PipelineNode, old: str, new: Path | None) -> PipelineNode:
    """The node with its paths relative to `new` instead of `old`, or absolute."""

    def path(local: LocalPath) -> LocalPath:
        if "://" in local.path:
            return local
        absolute = os.path.normpath(Path(old, local.path))
        return LocalPath(relative(absolute, new) if new else absolute)

    inputs = {
        name: source if isinstance(source, Reference) else path(source)
        for name, source in node.inputs.items()
    }
    return replace(node, inputs=inputs)


def relative(path: str | Path, folder: str | Path) -> str:
    """A path as a file in `folder` names it, `./train`, `../train`; `builtin:NAME` stays."""
    if is_builtin(str(path)):
        return str(path)
    text = os.path.relpath(path, folder)
    return text if text.startswith("..") else f"./{text}"
