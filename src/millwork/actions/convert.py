"""A component or pipeline in another flavour, and what that flavour cannot say."""

from __future__ import annotations

import json
import os
import re
from typing import TYPE_CHECKING, get_args

from millwork.actions.load import Options, load, read_file
from millwork.base.errors import BadRequest
from millwork.base.names import is_builtin
from millwork.base.records import dataclass
from millwork.base.sizes import format_size
from millwork.formats.pai import lines
from millwork.spec.document import PIPELINE_LIMITS
from millwork.spec.model import Flavour, Pipeline
from millwork.spec.writer import to_text, to_yaml

if TYPE_CHECKING:
    from collections.abc import Mapping

    from millwork.spec.model import Component, Definition, Source
    from millwork.spec.tree import Tree

FLAVOURS: tuple[Flavour, ...] = get_args(Flavour)
_DOCUMENTS = (".yaml", ".yml", ".json")
_LONGEST_NAME = 100


@dataclass(frozen=True)
class Converted:
    """A file's text, and in words each thing of the original that it does not carry."""

    text: str
    left_out: tuple[str, ...] = ()


def convert_file(path: str, to: str = "") -> Converted:
    """The component or pipeline at `path` as a file of the flavour `to`.

    PAI's command lines, as they stand in the SQL of DataWorks, become a Millwork pipeline; for
    them nothing else can be asked for. Raises BadRequest as `load` and `convert` do.
    """
    if is_builtin(path):
        raise BadRequest(f"every Millwork has {path}: a file names it by that")
    text = "" if os.path.isdir(path) or path.endswith(_DOCUMENTS) else read_file(path)
    if text and lines.has_commands(text):
        if to not in ("", "millwork"):
            raise BadRequest(f"{path}: lines of PAI become a pipeline of Millwork, not {to}")
        return _of_lines(text, path)
    if not to:
        raise BadRequest(f"{path} holds no lines of PAI: say with --to which flavour is wanted")
    tree = load(path, Options(check_code=False)).tree
    return convert(tree.definition, to, tree.children)


def _of_lines(text: str, path: str) -> Converted:
    """The pipeline that PAI's command lines become."""
    from millwork.catalogue.pai import to_pipeline

    if len(text) > PIPELINE_LIMITS.size:
        raise BadRequest(f"{path}: more than {format_size(PIPELINE_LIMITS.size)} of lines")
    stem = re.sub(r"[^A-Za-z0-9._-]+", "-", os.path.basename(path).partition(".")[0])
    name = stem.strip("._-")[:_LONGEST_NAME] or "pipeline"
    made = to_pipeline(lines.read_lines(text, path), name, path)
    return Converted(to_text(made.pipeline), made.left_out)


def convert(
    definition: Definition, to: str, children: Mapping[str, Tree] | None = None
) -> Converted:
    """`definition` as a file of the flavour `to`: its own text if it was written in that.

    `children` are the trees of a pipeline's nodes. Raises BadRequest for an unknown flavour, and
    for what that flavour cannot hold at all.
    """
    flavour = next((name for name in FLAVOURS if name == to), None)
    if flavour is None:
        raise BadRequest(f"there is no flavour '{to}'; there are: {', '.join(FLAVOURS)}")
    if definition.flavour == flavour and definition.source.text:
        return Converted(_own_text(definition.source))
    if isinstance(definition, Pipeline):
        return _pipeline(definition, flavour, children or {})
    return _component(definition, flavour)


def _own_text(source: Source) -> str:
    """The file as it stands on disk; in what was read of it, all line ends are one."""
    path = os.path.join(source.folder, os.path.basename(source.file))
    if not source.folder or not os.path.isfile(path):
        return source.text
    with open(path, encoding="utf-8", newline="") as file:
        return file.read()


def _component(component: Component, to: Flavour) -> Converted:
    if to in ("azureml-old", "azureml-v2"):
        from millwork.formats.azureml.write import write_azureml

        document, left = write_azureml(component, to)
        return Converted(to_yaml(document), tuple(left))
    left = []
    if component.flavour in ("azureml-old", "azureml-v2"):
        from millwork.formats.azureml.millwork import to_millwork

        component, left = to_millwork(component)
    if to == "millwork":
        return Converted(to_text(component), tuple(left))
    from millwork.formats.pai import write_pai

    document, more = write_pai(component)
    text = json.dumps(document, indent=2, ensure_ascii=False) + "\n"
    return Converted(text, (*left, *more))


def _pipeline(pipeline: Pipeline, to: Flavour, children: Mapping[str, Tree]) -> Converted:
    if to == "millwork":
        if pipeline.flavour == "millwork":
            return Converted(to_text(pipeline))
        from millwork.formats.azureml.millwork_pipeline import pipeline_to_millwork

        own, left = pipeline_to_millwork(pipeline)
        return Converted(to_text(own), tuple(left))
    if to == "azureml-v2":
        from millwork.formats.azureml.write_pipeline import write_azureml_pipeline

        document, left = write_azureml_pipeline(pipeline, children)
        return Converted(to_yaml(document), tuple(left))
    what = {
        "pai": "PAI's AlgorithmSpec is one component",
        "azureml-old": "the old flavour has files of components only",
    }
    raise BadRequest(
        f"'{pipeline.name}' is a pipeline; {what[to]}. Convert the files that its nodes name"
    )
