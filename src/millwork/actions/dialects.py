"""A text in any dialect as what it defines, and in words what Millwork cannot say of it.

Nothing is run, and no file is read: paths in a text stay as they are.
"""

from __future__ import annotations

import os
import re
from contextlib import suppress
from typing import TYPE_CHECKING, Literal, TypeAlias

from millwork.actions.builtins import builtin_tree
from millwork.base.errors import BadRequest, InvalidFile, MillworkError
from millwork.base.faults import Fault
from millwork.base.names import is_builtin, is_text
from millwork.base.records import dataclass, field
from millwork.formats import azureml, dataworks, designer, pai, paiflow
from millwork.formats.azureml.findings import Files
from millwork.formats.pai import lines
from millwork.spec.document import PIPELINE_LIMITS, parse
from millwork.spec.model import Pipeline
from millwork.spec.reader import read_root
from millwork.spec.tree import Tree
from millwork.spec.writer import to_text

if TYPE_CHECKING:
    from collections.abc import Mapping as Names

    from millwork.spec.document import Mapping
    from millwork.spec.fields import Reading
    from millwork.spec.model import Definition
    from millwork.spec.schedule import Schedule

Dialect: TypeAlias = Literal[
    "millwork", "pai", "azureml-old", "azureml-v2", "pai-lines", "pai-designer", "paiflow",
    "dataworks", "python",
]  # fmt: skip
_KNOWN = (
    "a component or pipeline of Millwork or Azure ML, PAI's AlgorithmSpec, a draft of PAI's "
    "Designer, a manifest of PAIFlow, a node of PAI in DataWorks, lines `PAI -name ...`, a Python "
    "function"
)
_DOCUMENTS = (".yaml", ".yml", ".json")
_LONGEST_NAME = 100
SCHEDULE_FILE = "schedule.yaml"


@dataclass(frozen=True)
class Foreign:
    """What a text defines: `files` are those that belong beside it, by path.

    `losses` are the path and the reason of each thing that `tree` does not carry, nor `schedule`,
    which is among the files too.
    """

    dialect: Dialect
    tree: Tree
    losses: tuple[tuple[str, str], ...] = ()
    files: Names[str, str] = field(default_factory=dict)
    schedule: Schedule | None = None


def read_text(text: str, name: str) -> Foreign:
    """What a text in a file called `name` defines; its dialect is found by what stands in it.

    Raises InvalidFile with every fault of it, BadRequest for a text of no dialect.
    """
    if len(text) > PIPELINE_LIMITS.size or not is_text(text):
        raise BadRequest(f"{name}: UTF-8 text, at most {PIPELINE_LIMITS.size >> 20} MB")
    repeated: list[Fault] = []
    root = _root(text, name, repeated)
    if isinstance(root, str):
        return _of_function(text, name) if root == "python" else _of_lines(text, name)
    if paiflow.is_manifest(root):
        return _of_manifest(root, name)
    if dataworks.is_dataworks(root):
        return _of_dataworks(root, name)
    if "apiVersion" not in root.entries and "kind" not in root.entries:
        if azureml.is_azureml(root):
            return _of_azureml(root, text, name, repeated)
        if designer.is_draft(root):
            return _of_draft(root, name)
        if pai.is_pai(root):
            component, reading = pai.read_pai(root, text, name)
            return Foreign("pai", Tree(component), _losses(reading))
        place = root.place
        raise InvalidFile([Fault(name, *place, "", "error", f"it is none of: {_KNOWN}")])
    definition, _ = read_root(root, text, name)
    return Foreign("millwork", grown(definition))


def is_foreign(text: str, name: str) -> bool:
    """Whether a text is of a dialect in which nothing can run as it is."""
    try:
        root = _root(text, name, [])
    except InvalidFile:
        return False  # whoever reads it says so
    if isinstance(root, str):
        return True
    if "apiVersion" in root.entries or azureml.is_azureml(root):
        return paiflow.is_manifest(root)
    return designer.is_draft(root) or dataworks.is_dataworks(root)


def grown(definition: Definition) -> Tree:
    """A definition with what its nodes name, as far as no file has to be read for that."""
    if not isinstance(definition, Pipeline):
        return Tree(definition)
    children = {name: grown(inner) for name, inner in definition.definitions.items()}
    for name, node in definition.nodes.items():
        if is_builtin(node.component):
            with suppress(MillworkError):  # what there is not is a fault of the pipeline
                children[name] = builtin_tree(node.component)
    return Tree(definition, children)


def _root(text: str, name: str, repeated: list[Fault]) -> Mapping | Literal["python", "lines"]:
    """The tree of a text in YAML or JSON, or what else it is.

    Keys that stand twice are noted: only Azure ML's own loader lets the last one count.
    """
    from millwork.formats.python.source import is_python

    if name.endswith(".py") or is_python(text):
        return "python"
    try:
        root = parse(text, name, repeated, PIPELINE_LIMITS)
    except InvalidFile:
        if lines.has_commands(text) and not name.endswith(_DOCUMENTS):
            return "lines"
        raise
    if not _is_known(root) and lines.has_commands(text):  # comments may look like fields
        return "lines"
    if repeated and not azureml.is_azureml(root):
        parse(text, name, None, PIPELINE_LIMITS)  # raises
    return root


def _is_known(root: Mapping) -> bool:
    """Whether the names at the top of a file are those of some dialect."""
    if not root.entries.keys().isdisjoint(("apiVersion", "kind")):
        return True
    is_of_pai = designer.is_draft(root) or dataworks.is_dataworks(root)
    return is_of_pai or azureml.is_azureml(root) or pai.is_pai(root)


def _of_lines(text: str, name: str) -> Foreign:
    from millwork.catalogue.pai import to_pipeline

    made = to_pipeline(lines.read_lines(text, name), plain_name(name), name)
    losses = tuple(split_reason(line) for line in made.left_out)
    return Foreign("pai-lines", grown(made.pipeline), losses)


def _of_draft(root: Mapping, name: str) -> Foreign:
    from millwork.catalogue.designer import draft_to_pipeline

    draft, reading = designer.read_draft(root, name)
    pipeline = draft_to_pipeline(draft, reading, plain_name(name))
    return Foreign("pai-designer", grown(pipeline), _losses(reading))


def _of_manifest(root: Mapping, name: str) -> Foreign:
    from millwork.catalogue.paiflow import manifest_to_pipelines

    family = manifest_to_pipelines(*paiflow.read_manifest(root, name))
    files = {path: to_text(pipeline) for path, pipeline in family.files.items()}
    return Foreign("paiflow", grown(family.pipeline), family.losses, files)


def _of_dataworks(root: Mapping, name: str) -> Foreign:
    from millwork.actions.dataworks import from_dataworks
    from millwork.spec.schedule_file import write_schedule

    made = from_dataworks(root, name)
    files = {path: to_text(pipeline) for path, pipeline in made.files.items()}
    if made.schedule:
        files[SCHEDULE_FILE] = write_schedule(made.schedule)
    return Foreign("dataworks", grown(made.pipeline), made.losses, files, made.schedule)


def _of_azureml(root: Mapping, text: str, name: str, repeated: list[Fault]) -> Foreign:
    from millwork.actions.azureml import resolved

    files = Files("", lambda _path: "", lambda _path: None, check_code=False)
    definition, reading = azureml.read_azureml(root, text, name, files, repeated)
    definition = resolved(definition, None, _no_bridge, ())
    dialect: Dialect = "azureml-old" if definition.flavour == "azureml-old" else "azureml-v2"
    return Foreign(dialect, grown(definition), _losses(reading))


def _of_function(text: str, name: str) -> Foreign:
    from millwork.actions.functions import function_files

    component, files, losses = function_files(text, name)
    return Foreign("python", Tree(component), losses, files)


def _no_bridge(file: str) -> Definition:
    raise BadRequest(f"{file}: no file is read here")


def _losses(reading: Reading) -> tuple[tuple[str, str], ...]:
    return tuple((fault.path, fault.message) for fault in reading.faults)


def plain_name(file: str) -> str:
    """What a definition is called after its file."""
    stem = re.sub(r"[^A-Za-z0-9._-]+", "-", os.path.basename(file).partition(".")[0])
    return stem.strip("._-")[:_LONGEST_NAME] or "pipeline"


def split_reason(line: str) -> tuple[str, str]:
    """`path: reason` in its parts; the path is empty where a line has none."""
    found = re.fullmatch(r"(line \d+|[^\s:]+): (.*)", line, re.DOTALL)
    return (found[1], found[2]) if found else ("", line)
