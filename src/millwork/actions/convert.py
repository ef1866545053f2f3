"""A component or pipeline in another flavour, and what that flavour cannot say."""

from __future__ import annotations

import json
import os
from dataclasses import replace
from typing import TYPE_CHECKING, Any, get_args

from millwork.actions.builtins import own_component
from millwork.actions.dialects import SCHEDULE_FILE, is_foreign, read_text
from millwork.actions.load import Options, load, read_file
from millwork.base.errors import BadRequest
from millwork.base.names import TEMPLATE, is_builtin
from millwork.base.records import dataclass, field
from millwork.spec.model import Flavour, Pipeline
from millwork.spec.writer import to_document, to_text, to_yaml

if TYPE_CHECKING:
    from collections.abc import Mapping

    from millwork.actions.dialects import Dialect, Foreign
    from millwork.spec.model import Component, Definition, Source
    from millwork.spec.schedule import Schedule
    from millwork.spec.tree import Tree

FLAVOURS: tuple[Flavour, ...] = get_args(Flavour)
DATAWORKS = "dataworks"
TARGETS = (*FLAVOURS, "json", "pai-designer", DATAWORKS, "python")
"""What can be asked for, besides a component of a Python function."""
_COMPONENT = "component"
_SCRIPT = "a script of Python composes a pipeline"


@dataclass(frozen=True)
class Converted:
    """A file's text, and in words each thing of the original that it does not carry.

    With `needs_code` it runs only beside the built-ins' code (`builtins.put_code`). `files` belong
    beside it, by path.
    """

    text: str
    left_out: tuple[str, ...] = ()
    needs_code: bool = False
    files: Mapping[str, str] = field(default_factory=dict)


def convert_file(path: str, to: str = "", schedule: str = "") -> Converted:
    """The component or pipeline at `path` in the dialect `to`, with the schedule at a path.

    What cannot run as it is becomes Millwork's if nothing is asked for: PAI's command lines, drafts
    of its Designer, manifests of PAIFlow, nodes of DataWorks, and Python functions. So does
    `builtin:NAME`, as a component of one's own. Raises BadRequest as `load` and `convert` do.
    """
    when = _schedule(read_file(schedule), schedule) if schedule else None
    if is_builtin(path):
        return _of_builtin(path, to or "millwork", when)
    is_file = not (path.startswith(TEMPLATE) or os.path.isdir(path))
    text = read_file(path) if is_file else ""
    if text and is_foreign(text, path):
        return _converted(read_text(text, path), to or "millwork", when)
    if not to:
        raise BadRequest(f"{path} holds no lines of PAI: say with --to which flavour is wanted")
    if to == _COMPONENT:
        raise BadRequest(f"{path}: only a Python function becomes a component; say --to millwork")
    tree = load(path, Options(check_code=False)).tree
    return convert(tree.definition, to, tree.children, when)


def convert_text(text: str, to: str, name: str, schedule: str = "") -> tuple[Converted, Dialect]:
    """A text in the dialect `to`, and the dialect that it was in; no file is read.

    `name` is that of its file: it is said in faults, and names what has no name. `schedule` is the
    text of a schedule's file. Raises BadRequest as `read_text` and `convert` do.
    """
    found = read_text(text, name)
    when = _schedule(schedule, "schedule") if schedule else None
    return _converted(found, to, when), found.dialect


def _schedule(text: str, name: str) -> Schedule:
    """The schedule in the text of a file called `name`; InvalidFile with every fault of it."""
    from millwork.spec.schedule_file import read_schedule

    schedule, _ = read_schedule(text, name)
    return schedule


def _converted(found: Foreign, to: str, schedule: Schedule | None = None) -> Converted:
    is_function = found.dialect == "python"
    if to == _COMPONENT and not is_function:
        raise BadRequest(f"only a Python function becomes a component, and this is {found.dialect}")
    wanted = "millwork" if to == _COMPONENT else to
    own = schedule or (found.schedule if wanted == DATAWORKS else None)
    made = convert(found.tree.definition, wanted, found.tree.children, own)
    files = {path: text for path, text in found.files.items()
             if not (wanted == DATAWORKS and path == SCHEDULE_FILE)}  # fmt: skip
    losses = tuple(f"{path}: {reason}" if path else reason for path, reason in found.losses)
    return replace(made, left_out=(*losses, *made.left_out), files=files)


def _of_builtin(reference: str, to: str, schedule: Schedule | None) -> Converted:
    made = convert(own_component(reference), to, None, schedule)
    left = made.left_out
    if to in ("azureml-old", "azureml-v2"):
        left = (*left, "code: it reads PAI_* variables, which only Millwork and PAI set")
    return replace(made, left_out=left, needs_code=True)


def convert(
    definition: Definition, to: str, children: Mapping[str, Tree] | None = None,
    schedule: Schedule | None = None,
) -> Converted:  # fmt: skip
    """`definition` as a file of the flavour `to`: its own text if it was written in that.

    `children` are the trees of a pipeline's nodes; its `schedule` goes into DataWorks' alone.
    Raises BadRequest for an unknown flavour, and for what that flavour cannot hold at all.
    """
    if to not in TARGETS:
        raise BadRequest(f"there is no flavour '{to}'; there are: {', '.join(TARGETS)}")
    if schedule and to != DATAWORKS:
        raise BadRequest(f"a schedule is a file of its own beside {to}: it goes into {DATAWORKS}")
    if to == DATAWORKS:
        return _in_dataworks(definition, children or {}, schedule)
    if _is_so_already(definition, to):
        return Converted(_own_text(definition.source))
    flavour = next((name for name in FLAVOURS if name == to), None)
    if flavour is None:
        return _in_other(definition, to, children or {})
    if isinstance(definition, Pipeline):
        return _pipeline(definition, flavour, children or {})
    return _component(definition, flavour)


def _is_so_already(definition: Definition, to: str) -> bool:
    """Whether its own text is what is asked for; Millwork's may be YAML or JSON."""
    text = definition.source.text
    if not text or definition.flavour != "millwork":
        return bool(text) and definition.flavour == to
    return to == ("json" if text.lstrip("\ufeff \t\r\n").startswith("{") else "millwork")


def _in_other(definition: Definition, to: str, children: Mapping[str, Tree]) -> Converted:
    """In a dialect that is no flavour: a definition of another flavour is Millwork's first."""
    if definition.flavour != "millwork":
        own = convert(definition, "millwork", children)
        tree = read_text(own.text, definition.source.file or "text").tree
        made = _in_other(tree.definition, to, {**children, **tree.children})
        return replace(made, left_out=(*own.left_out, *made.left_out))
    if to == "json":
        return Converted(_json(to_document(definition)))
    if not isinstance(definition, Pipeline):
        what = "a draft of PAI's Designer is a pipeline" if to == "pai-designer" else _SCRIPT
        raise BadRequest(f"'{definition.name}' is a component; {what}")
    if to == "python":
        from millwork.formats.python import write_script

        text, left = write_script(definition, children)
    else:
        from millwork.catalogue.designer import twin_of
        from millwork.formats.designer import write_draft

        document, left = write_draft(definition, twin_of)
        text = _json(document)
    return Converted(text, tuple(f"{path}: {reason}" for path, reason in left))


def _in_dataworks(
    definition: Definition, children: Mapping[str, Tree], schedule: Schedule | None
) -> Converted:
    """A pipeline and its schedule as a FlowSpec; one of another flavour is Millwork's first."""
    from millwork.catalogue.designer import twin_of
    from millwork.formats.dataworks import write_node

    if not isinstance(definition, Pipeline):
        raise BadRequest(f"'{definition.name}' is a component; a node of DataWorks is a pipeline")
    if definition.flavour != "millwork":
        own = convert(definition, "millwork", children)
        tree = read_text(own.text, definition.source.file or "text").tree
        made = _in_dataworks(tree.definition, tree.children, schedule)
        return replace(made, left_out=(*own.left_out, *made.left_out))
    if schedule and schedule.pipeline.partition("@")[0] != definition.name:
        raise BadRequest(
            f"the schedule '{schedule.name}' is of the pipeline '{schedule.pipeline}', and not of "
            f"'{definition.name}'"
        )
    document, left = write_node(definition, schedule, twin_of)
    return Converted(_json(document), tuple(f"{path}: {reason}" for path, reason in left))


def _json(document: Mapping[str, Any]) -> str:
    return json.dumps(document, indent=2, ensure_ascii=False) + "\n"


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
    if shared := ", ".join(component.inputs.keys() & component.outputs.keys()):
        raise BadRequest(
            f"'{component.name}' has an input and an output of the same name ({shared}), and PAI's "
            "names are unique: rename one of them, in its code too"
        )
    from millwork.formats.pai import write_pai

    document, more = write_pai(component)
    return Converted(_json(document), (*left, *more))


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
