"""The jobs of a pipeline: what each is, and the component that a job without a file amounts to.

A job that defines itself declares nothing of its inputs: their types are those of what they are
given (oracle: what its loader makes of such a job).
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from millwork.base.records import dataclass
from millwork.formats.azureml.bindings import (
    UNKNOWN,
    Expression,
    Given,
    Literal,
    made,
    read_input,
    read_inputs,
    read_outputs,
)
from millwork.formats.azureml.kinds import text_of
from millwork.spec.document import Mapping
from millwork.spec.fields import INVALID
from millwork.spec.model import LocalPath

if TYPE_CHECKING:
    from collections.abc import Mapping as Named

    from millwork.spec.document import Node, Place
    from millwork.spec.fields import Reading
    from millwork.spec.model import Path

TYPES = (
    "command", "sweep", "parallel", "spark", "pipeline", "automl", "import", "data_transfer",
)  # fmt: skip
_CONTROL = ("if_else", "do_while", "parallel_for")
_AUTOML_DATA = ("training_data", "validation_data", "test_data")
_OPEN_TYPES = ("sweep", "automl", "import", "data_transfer")
UNUSED = (
    "compute", "identity", "services", "queue_settings", "properties", "comment",
    "experiment_name",
)  # fmt: skip
_NODE_ONLY = frozenset({*UNUSED, "$schema", "name", "type", "inputs", "outputs"})
ARTIFACTS = "artifacts"
"""The output that every job has without declaring it: what its command leaves in ./outputs."""


@dataclass(frozen=True)
class Job:
    """One job as it stands in the file: its fields at `path`, and its entries."""

    name: str
    root: Mapping
    path: Path
    kind: str
    inputs: Named[str, Given]
    outputs: Named[str, Given]

    @property
    def component(self) -> Node | None:
        """What stands in the field `component`."""
        entry = self.root.entries.get("component")
        return entry[1] if entry else None

    @property
    def is_inline(self) -> bool:
        """Whether the job defines itself, rather than name a component."""
        return self.component is None


def read_job(name: str, root: Node, path: Path, reading: Reading) -> Job | None:
    """The job `name` at `path`; None, with a fault noted, if it cannot be one."""
    if not isinstance(root, Mapping):
        reading.fault(path, "expected the fields of a job: type, component, inputs, ...")
        return None
    kind = kind_of_job(root)
    if kind in _CONTROL:
        message = f"'{kind}' jobs are not read; `when` and `foreach` of a Millwork pipeline do that"
        reading.fault((*path, "type"), message)
        return None
    if kind not in TYPES:
        near = reading.nearest(kind, TYPES) or f"; there are: {', '.join(TYPES)}"
        reading.fault((*path, "type"), f"there is no type '{kind[:60]}' of jobs{near}")
        return None
    for field, (key, _) in root.entries.items():
        reading.places[*path, field] = key.place
    inputs = read_inputs(root, path, reading)
    if kind == "automl":
        inputs |= _automl_data(root, path, reading)
    return Job(name, root, path, kind, inputs, read_outputs(root, path, reading))


def kind_of_job(root: Mapping) -> str:
    """The type of a job; without one it is that of its component, of `$schema`, or a command."""
    if text_of(root, "type"):
        return text_of(root, "type").lower()
    if "jobs" in root.entries:
        return "pipeline"
    named = text_of(root, "$schema").rpartition("/")[2].partition("Job.")
    return named[0].lower() if named[1] and named[0].lower() in TYPES else "command"


def _automl_data(root: Mapping, path: Path, reading: Reading) -> dict[str, Given]:
    """The data of an automl job, which stands in fields of its own."""
    found = {}
    for name in _AUTOML_DATA:
        if name in root.entries:
            given = read_input(root.entries[name][1], (*path, name), reading)
            if given is not INVALID:
                found[name] = given
    return found


class Types:
    """What the entries of one pipeline's jobs carry, as far as its own file tells."""

    def __init__(
        self, inputs: Named[str, Mapping], outputs: Named[str, Given], jobs: Named[str, Job]
    ) -> None:
        self._inputs = inputs
        self._outputs = outputs
        self._jobs = jobs

    def component_of(self, job: Job, reading: Reading) -> Mapping:
        """The fields of the component, or of the pipeline, that `job` defines in its own place."""
        place = job.root.place
        fields = {name: entry for name, entry in job.root.entries.items() if name not in _NODE_ONLY}
        inputs = {
            name: self.input_of(given, reading.places.get((*job.path, "inputs", name), place))
            for name, given in job.inputs.items()
        }
        outputs = {
            name: made(place, {"type": self.output_type(job, name), **_mode(given)})
            for name, given in job.outputs.items()
            if name != ARTIFACTS
        }
        added = made(place, {"type": job.kind, "name": job.name})
        for name, ports in (("inputs", inputs), ("outputs", outputs)):
            if ports:
                at = reading.places.get((*job.path, name), place)
                added.entries |= made(at, {name: made(at, ports)}).entries
        return Mapping(*place, fields | added.entries)

    def input_of(self, given: Given, place: Place) -> Mapping:
        """The declaration of an input that is given this."""
        if given.value is None and given.fields:
            return given.fields
        if isinstance(given.value, Literal):
            return made(place, {"type": given.value.type})
        if isinstance(given.value, LocalPath):
            return made(place, {"type": given.type or "uri_folder", **_mode(given)})
        assert isinstance(given.value, Expression)
        return made(place, {**self._referred(given, given.value), **_mode(given)})

    def _referred(self, given: Given, value: Expression) -> dict[str, Node | str]:
        if value.kind == "jobs":
            other = self._jobs.get(value.job)
            known = self.output_type(other, value.name) if other else UNKNOWN
            return {"type": given.type or known}
        declared = self._inputs.get(value.name)
        if declared is None:
            return {"type": given.type or UNKNOWN}
        fields: dict[str, Node | str] = {"type": given.type or text_of(declared, "type")}
        if "optional" in declared.entries:
            fields["optional"] = declared.entries["optional"][1]
        return fields

    def output_type(self, job: Job, name: str) -> str:
        """The type of a job's output."""
        given = job.outputs.get(name, Given())
        if name == ARTIFACTS:
            return "uri_folder"
        upward = given.value
        if not given.type and isinstance(upward, Expression) and upward.kind == "outputs":
            given = self._outputs.get(upward.name, given)
        is_open = job.kind in _OPEN_TYPES or not job.is_inline
        return given.type or (UNKNOWN if is_open else "uri_folder")


def _mode(given: Given) -> dict[str, Node | str]:
    entry = given.fields.entries.get("mode") if given.fields else None
    return {"mode": entry[1]} if entry else {}
