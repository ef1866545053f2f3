"""A pipeline's jobs of AzureML as nodes: what they read, what they set, and what they leave."""

from __future__ import annotations

from pathlib import PurePosixPath
from typing import TYPE_CHECKING, Any

from millwork.base import names
from millwork.base.records import dataclass
from millwork.formats.azureml.bindings import (
    UNKNOWN,
    Expression,
    Given,
    Literal,
    mapping_at,
    unread,
)
from millwork.formats.azureml.jobs import ARTIFACTS, UNUSED, Job, Types
from millwork.formats.azureml.parallel import OVERRIDES, problems_of
from millwork.formats.azureml.words import note_places, plain
from millwork.spec.document import Mapping, Scalar
from millwork.spec.fields import INVALID, MapOf, Number, Text
from millwork.spec.model import LocalPath, PipelineNode, Reference, ReplicaGroup

if TYPE_CHECKING:
    from collections.abc import Mapping as Named

    from millwork.formats.azureml.findings import Findings
    from millwork.formats.azureml.notes import Notes
    from millwork.formats.azureml.ports import Ports
    from millwork.spec.fields import Reading
    from millwork.spec.model import Binding, Path

_KNOWN = frozenset({
    "$schema", "type", "component", "inputs", "outputs", "name", "version", "display_name",
    "description", "tags", "limits", "resources", "environment_variables",
    *UNUSED,
})  # fmt: skip
_OVERRIDES = frozenset({
    "environment", "distribution", "command", "code", "entry", "py_files", "jars", "files",
    "archives", "conf", "args", "task", "mini_batch_size", "partition_keys", "input_data",
    "retry_settings", "max_concurrency_per_instance", "error_threshold",
    "mini_batch_error_threshold", "logging_level", "dynamic_allocation_enabled",
})  # fmt: skip
_MACHINE = ("instance_type", "shm_size", "docker_args", "locations", "max_instance_count",
            "properties", "runtime_version")  # fmt: skip
_MOST_REPLICAS = 10_000
_VARIABLES = MapOf(Text(), names.is_variable, names.VARIABLE_RULE)


@dataclass(frozen=True)
class Scope:
    """What the jobs of one pipeline may refer to, and where what is found is noted."""

    ports: Ports
    given: Named[str, Given]
    outputs: Named[str, Given]
    types: Types
    findings: Findings
    notes: Notes

    @property
    def reading(self) -> Reading:
        """The reading of the file."""
        return self.findings.reading

    def refuse(self, path: Path, message: str) -> None:
        """Notes at `path`, which is the file's, why no run would take the pipeline."""
        self.findings.refuse(path[len(self.findings.root) :], message)


def read_node(job: Job, scope: Scope) -> PipelineNode:
    """The node that `job` is; its definition, if it has one of its own, is not looked at."""
    inputs, parameters = _bindings(job, scope)
    named = job.component
    component = ""
    if isinstance(named, Scalar) and not named.is_null:
        component = named.text.removeprefix("file:")
    if not (component or job.is_inline or isinstance(named, Mapping)):
        scope.reading.fault((*job.path, "component"), "expected a component's file or reference")
    for name in UNUSED:
        if name in job.root.entries:
            scope.notes.unused(name, (*job.path, name))
    file_names = _file_names(job, scope)
    if job.is_inline:
        # All else is a field of the definition that stands in its place.
        return PipelineNode("", inputs, parameters, file_names=file_names)
    _check_fields(job, scope)
    return PipelineNode(
        component=component,
        inputs=inputs,
        parameters=parameters,
        env=_env(job, scope),
        timeout=None if job.kind == "sweep" else _timeout(job, scope),  # its driver heeds it
        replicas=_replicas(job, scope),
        file_names=file_names,
    )


def _bindings(job: Job, scope: Scope) -> tuple[dict[str, Binding], dict[str, Any]]:
    inputs: dict[str, Binding] = {}
    parameters: dict[str, Any] = {}
    for name, given in job.inputs.items():
        value = given.value
        if reason := unread(value):
            scope.refuse((*job.path, "inputs", name), reason)
        if isinstance(value, Literal):
            parameters[name] = value.text
        elif isinstance(value, LocalPath):
            inputs[name] = value
        elif isinstance(value, Expression):
            reference = _reference(value, (*job.path, "inputs", name), scope)
            if reference and reference.owner == "parameters":
                parameters[name] = reference
            elif reference:
                inputs[name] = reference
        elif not job.is_inline:
            message = "no value is given; its type stands in the component"
            scope.reading.fault((*job.path, "inputs", name), message)
    return inputs, parameters


def _reference(value: Expression, path: Path, scope: Scope) -> Reference | None:
    if value.kind == "jobs":
        return Reference(value.job, value.name)
    if value.kind == "outputs":
        scope.reading.fault(path, "an input cannot read an output of the pipeline")
        return None
    if value.name in scope.ports.parameters:
        return Reference("parameters", value.name)
    if value.name in scope.ports.inputs:
        return Reference("inputs", value.name)
    if value.name not in scope.given:  # else its declaration is a fault already
        near = scope.reading.nearest(value.name, scope.given)
        scope.reading.fault(path, f"the pipeline has no input '{value.name}'{near}")
    return None


def _check_fields(job: Job, scope: Scope) -> None:
    for name in job.root.entries:
        path = (*job.path, name)
        if name in OVERRIDES and job.kind == "parallel":
            continue  # `read_overrides` reads it
        if name in _OVERRIDES:
            scope.refuse(path, f"'{name}' of a job in place of its component's is not used yet")
        elif name not in _KNOWN:
            near = scope.reading.nearest(name, _KNOWN | _OVERRIDES)
            scope.reading.fault(path, f"this field is kept, not used here{near}", "warning")


def read_overrides(job: Job, scope: Scope) -> dict[str, Any]:
    """What a parallel job that names a component sets in its place, in the words of its body."""
    if job.is_inline or job.kind != "parallel":
        return {}
    found: dict[str, Any] = {}
    for name in OVERRIDES:
        if name in job.root.entries:
            node = job.root.entries[name][1]
            note_places(node, (*job.path, name), scope.reading)
            found[name] = plain(node)
    resources = mapping_at(job.root, "resources", job.path, scope.reading)
    if "instance_count" in resources:
        found["instance_count"] = plain(resources["instance_count"][1])
    problems = [each for each in problems_of(found) if each.field != ("instance_count",)]
    for problem in problems:
        path = (*job.path, *problem.field)
        if problem.is_warning:
            scope.reading.fault(path, problem.message, "warning")
        else:
            scope.refuse(path, problem.message)
    wrong = {problem.field[0] for problem in problems if not problem.is_warning}
    return {name: value for name, value in found.items() if name not in wrong and value != ""}


def _env(job: Job, scope: Scope) -> dict[str, str]:
    entry = job.root.entries.get("environment_variables")
    if entry is None or (isinstance(entry[1], Scalar) and entry[1].is_null):
        return {}
    path = (*job.path, "environment_variables")
    given = _VARIABLES.read(entry[1], path, scope.reading)
    if given is INVALID:
        return {}
    for name, text in given.items():
        if "${{" in text:
            scope.refuse((*path, name), "a variable cannot read a value of the pipeline yet")
    return dict(given)


def _timeout(job: Job, scope: Scope) -> float | None:
    path = (*job.path, "limits")
    entry = mapping_at(job.root, "limits", job.path, scope.reading).get("timeout")
    if entry is None:
        return None
    scope.reading.places[*path, "timeout"] = entry[0].place
    if "${{" in str(plain(entry[1])):
        scope.refuse((*path, "timeout"), "a timeout cannot be a value of the pipeline yet")
        return None
    seconds = Number(1, 1e9).read(entry[1], (*path, "timeout"), scope.reading)
    return None if seconds is INVALID else float(seconds)


def _replicas(job: Job, scope: Scope) -> dict[str, ReplicaGroup]:
    fields = mapping_at(job.root, "resources", job.path, scope.reading)
    path = (*job.path, "resources")
    for name, (key, _) in fields.items():
        scope.reading.places[*path, name] = key.place
        if name in _MACHINE:
            scope.notes.unused(name, (*path, name))
        elif name != "instance_count":
            near = scope.reading.nearest(name, (*_MACHINE, "instance_count"))
            message = f"this field is kept, not used here{near}"
            scope.reading.fault((*path, name), message, "warning")
    if "instance_count" not in fields:
        return {}
    path = (*path, "instance_count")
    node = fields["instance_count"][1]
    if "${{" in str(plain(node)):
        scope.refuse(path, "how many replicas run cannot be a value of the pipeline yet")
        return {}
    count = Number(0, _MOST_REPLICAS).read(node, path, scope.reading)
    if count is INVALID or count == 1:
        return {}
    if count == 0:
        scope.refuse(path, "a job has at least one replica")
        return {}
    return {"": ReplicaGroup(count)}


def _file_names(job: Job, scope: Scope) -> dict[str, str]:
    """The names that the paths of outputs of one file end in; the rest of a path is not used."""
    found = {}
    for name, given in job.outputs.items():
        at, value = (*job.path, "outputs", name), given.value
        if isinstance(value, Expression) and value.kind == "outputs":
            at = (*scope.findings.root, "outputs", value.name)
            value = scope.outputs.get(value.name, Given()).value
        if not isinstance(value, LocalPath) or name == ARTIFACTS:
            continue
        scope.notes.stored(value.path, at)
        last = "" if value.path.endswith("/") else PurePosixPath(value.path).name
        is_name = last not in ("", "..") and "${{" not in last and "}}" not in last
        if is_name and scope.types.output_type(job, name) in ("uri_file", UNKNOWN):
            found[name] = last
    return found
