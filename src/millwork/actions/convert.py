"""A component or pipeline in another flavour, and what that flavour cannot say."""

from __future__ import annotations

import json
import os
from typing import TYPE_CHECKING, get_args

from millwork.base.errors import BadRequest
from millwork.base.records import dataclass
from millwork.spec.model import Flavour, Pipeline
from millwork.spec.writer import to_text, to_yaml

if TYPE_CHECKING:
    from collections.abc import Mapping

    from millwork.spec.model import Component, Definition, Source
    from millwork.spec.tree import Tree

FLAVOURS: tuple[Flavour, ...] = get_args(Flavour)


@dataclass(frozen=True)
class Converted:
    """A file's text, and in words each thing of the original that it does not carry."""

    text: str
    left_out: tuple[str, ...] = ()


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
