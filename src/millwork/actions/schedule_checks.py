"""A schedule's text, checked against the pipeline that it runs."""

from __future__ import annotations

from typing import TYPE_CHECKING

from millwork.actions.assets import found, load_registered
from millwork.base.errors import BadRequest, InvalidFile, NotFound
from millwork.base.names import is_text
from millwork.base.records import dataclass
from millwork.spec.model import Pipeline
from millwork.spec.schedule_file import read_schedule

if TYPE_CHECKING:
    from collections.abc import Mapping

    from millwork.actions.call import Call
    from millwork.actions.published import Pin
    from millwork.base.faults import Fault
    from millwork.spec.fields import Reading
    from millwork.spec.schedule import Schedule
    from millwork.spec.tree import Tree
    from millwork.store.assets import Kept

_FILE = "text"
_LONGEST = 256 * 1024


@dataclass(frozen=True)
class Read:
    """A schedule with the pipeline version that it runs, and the warnings of its text.

    `expressions` are the scheduling parameters of both: the schedule's take the pipeline's place.
    """

    schedule: Schedule
    pipeline: Kept
    expressions: Mapping[str, str]
    warnings: tuple[Fault, ...]

    @property
    def pin(self) -> Pin:
        """What the pipeline's name stands for."""
        kept = self.pipeline
        return {
            "kind": kept.kind, "name": kept.name, "version": kept.version, "digest": kept.digest,
        }  # fmt: skip


def read_for(call: Call, text: str) -> Read:
    """The schedule in a text; raises InvalidFile with every fault of it, as far as they are known.

    `pipeline: name` is the latest version that is not deprecated.
    """
    if len(text) > _LONGEST or not is_text(text):
        raise BadRequest(f"text: UTF-8 text, at most {_LONGEST >> 10} KB")
    schedule, reading = read_schedule(text, _FILE)
    name, _, version = schedule.pipeline.partition("@")
    try:
        kept = _pipeline(call, name, version)
        tree, notices = load_registered(call, "pipeline", name, kept.version)
    except NotFound as error:
        reading.fault(("pipeline",), str(error))
        raise InvalidFile(reading.faults) from None
    for notice in notices:
        reading.fault(("pipeline",), notice, "warning")
    _check(schedule, tree, reading)
    if any(fault.severity == "error" for fault in reading.faults):
        raise InvalidFile(reading.faults)
    return Read(schedule, kept, expressions_of(schedule, tree), tuple(reading.faults))


def expressions_of(schedule: Schedule, tree: Tree) -> dict[str, str]:
    """The scheduling parameters of a schedule and its pipeline."""
    definition = tree.definition
    own = definition.scheduling_parameters if isinstance(definition, Pipeline) else {}
    return {**own, **schedule.scheduling_parameters}


def _pipeline(call: Call, name: str, version: str) -> Kept:
    kept = found(call, "pipeline", name, version)
    if version or not kept.deprecated:
        return kept
    usable = call.context.assets().usable(call.workspace, "pipeline", name)
    if usable is None:
        raise NotFound(f"all versions of pipeline '{name}' are deprecated: name one, name@version")
    return usable


def _check(schedule: Schedule, tree: Tree, reading: Reading) -> None:
    """Notes what the pipeline does not take, and what it needs and is not given."""
    definition = tree.definition
    own = definition.scheduling_parameters if isinstance(definition, Pipeline) else {}
    for field, known in (
        ("parameters", tree.parameters), ("inputs", tree.inputs), ("scheduling_parameters", own),
    ):  # fmt: skip
        for name in getattr(schedule, field):
            if name not in known:
                what = field.replace("_", " ").removesuffix("s")
                near = reading.nearest(name, known)
                reading.fault((field, name), f"the pipeline has no {what} '{name}'{near}")
    for name, parameter in tree.parameters.items():
        if parameter.required and parameter.default is None and name not in schedule.parameters:
            reading.fault(("parameters",), f"the pipeline needs a value of '{name}'")
    given = {*schedule.inputs, *(definition.data if isinstance(definition, Pipeline) else ())}
    for name, port in tree.inputs.items():
        if port.required and name not in given:
            reading.fault(("inputs",), f"the pipeline needs its input '{name}'")
