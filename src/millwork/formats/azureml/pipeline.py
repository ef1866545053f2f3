"""Pipeline jobs, pipeline components and standalone jobs of AzureML v2 as one model: the pipeline.

A job that is no pipeline is read as a pipeline of one node, whose inputs and outputs are the
pipeline's own (reference azureml-spec.md, 1.1 and 2).
"""

from __future__ import annotations

import re
from dataclasses import replace
from pathlib import PurePath
from typing import TYPE_CHECKING

from millwork.base.errors import InvalidFile
from millwork.formats.azureml.bindings import (
    Expression,
    Given,
    Literal,
    made,
    mapping_at,
    read_inputs,
    read_outputs,
    unread,
)
from millwork.formats.azureml.component import read_component
from millwork.formats.azureml.findings import Files, Findings
from millwork.formats.azureml.jobs import UNUSED, Job, Types, kind_of_job, read_job
from millwork.formats.azureml.kinds import is_azureml, is_pipeline, kind_of, text_of
from millwork.formats.azureml.nodes import Scope, read_node, read_overrides
from millwork.formats.azureml.notes import AzureNames, Notes
from millwork.formats.azureml.ports import V2_INPUTS, Ports, build_ports
from millwork.formats.azureml.words import Flag, plain
from millwork.spec.document import Mapping, Scalar
from millwork.spec.fields import INVALID, Reading
from millwork.spec.model import LocalPath, Pipeline, Reference, Source
from millwork.spec.pipeline import ROOTS, check_pipeline, references

if TYPE_CHECKING:
    from collections.abc import Iterable
    from collections.abc import Mapping as Named

    from millwork.base.faults import Fault
    from millwork.spec.document import Place
    from millwork.spec.model import Definition, Parameter, Path, PipelineNode

_JOB_SCHEMA = "Job.schema.json"
_COMPONENT_MARKS = frozenset({"version", "is_deterministic"})
_JOB_MARKS = frozenset({"experiment_name", "compute", "services", "identity", "queue_settings"})
_HEAD = ("name", "version", "display_name", "description", "tags", "experiment_name")
_KNOWN = frozenset({
    "$schema", "type", "inputs", "outputs", "jobs", "component", "settings", "is_deterministic",
    *_HEAD, *UNUSED,
})  # fmt: skip
_UNUSED_SETTINGS = ("default_datastore", "default_compute")
_FLAGS = ("continue_on_step_failure", "force_rerun")
_JOB_NAME = re.compile(r"[a-z_][a-z0-9_]{0,63}")
_JOB_NAME_RULE = "lower-case letters, digits and '_', not starting with a digit, at most 64"
_FIRST_VERSION = "1.0.0"


def is_job(root: Mapping) -> bool:
    """Whether a file is a v2 pipeline, as a job or a component, or a standalone v2 job.

    Where `$schema` does not tell, a job is what has a value or a path for an input, or a field
    that components do not have, and a sweep without a name.
    """
    kind = kind_of(root)
    if not is_azureml(root) or (kind and kind.flavour == "azureml-old"):
        return False
    if is_pipeline(root):
        return True
    if root.entries.keys() & _COMPONENT_MARKS:
        return False
    if schema := text_of(root, "$schema"):
        return schema.endswith(_JOB_SCHEMA)
    inputs = root.entries.get("inputs")
    entries = inputs[1].entries.values() if inputs and isinstance(inputs[1], Mapping) else ()
    is_given = any(not isinstance(node, Mapping) or "path" in node.entries for _, node in entries)
    if kind and kind.work == "sweep" and "name" not in root.entries:
        return True
    return is_given or bool(root.entries.keys() & _JOB_MARKS)


def read_azureml_pipeline(
    root: Mapping, text: str, file: str, files: Files, repeated: Iterable[Fault] = ()
) -> tuple[Pipeline, AzureNames]:
    """The pipeline in `root`, with `text` kept, and the reading with its warnings.

    What stands in its own file is read as well, into `definitions`; wires to other files are
    settled when these are there (`settle`). `repeated` are the keys that the file has twice, as
    warnings. Raises InvalidFile with every fault.
    """
    reading = Reading(file)
    reading.faults.extend(repeated)
    reader = _Reader(reading, files)
    pipeline, named = reader.read(root, (), _name_of(root, file))
    reader.notes.say()
    if any(fault.severity == "error" for fault in reading.faults):
        raise InvalidFile(reading.faults)
    source = Source(file, text=text, places=reading.places)
    return replace(pipeline, source=source), named


def _name_of(root: Mapping, file: str) -> str:
    """The pipeline's name; a job's may be anything, or missing."""
    wanted = text_of(root, "name") or text_of(root, "display_name") or PurePath(file).stem
    name = re.sub(r"[^A-Za-z0-9._-]+", "-", wanted).strip("._-")[:128]
    return name or "pipeline"


class _Reader:
    """Reads the pipelines of one file: its own, and those that stand within it."""

    def __init__(self, reading: Reading, files: Files) -> None:
        self.reading = reading
        self.notes = Notes(reading)
        self._files = files

    def read(self, root: Mapping, path: Path, name: str) -> tuple[Pipeline, AzureNames]:
        """The pipeline whose fields are `root`, at `path` in the file."""
        kind = kind_of(made(root.place, {"type": "pipeline"}))
        assert kind
        findings = Findings(kind, self._files, self.reading, path)
        self._check_head(root, path, findings)
        given = read_inputs(root, path, self.reading)
        for port, one in given.items():
            if reason := unread(one.value):
                findings.refuse(("inputs", port), reason)
        declared = {port: self._declared(port, one, path) for port, one in given.items()}
        ports = self._ports(declared, path, root.place, findings)
        outputs = read_outputs(root, path, self.reading)
        jobs = self._jobs(root, path, name, given, outputs)
        types = Types(declared, outputs, jobs)
        scope = Scope(ports, given, outputs, types, findings, self.notes)
        nodes = {job.name: read_node(job, scope) for job in jobs.values()}
        overrides = {job.name: read_overrides(job, scope) for job in jobs.values()}
        inner: dict[str, AzureNames] = {}
        definitions = self._definitions(jobs, types, inner)
        moved: dict[Path, Path] = {("nodes", job.name): job.path for job in jobs.values()}
        pipeline = Pipeline(
            name=name,
            version=text_of(root, "version") or _FIRST_VERSION,
            nodes=nodes,
            flavour="azureml-v2",
            definitions=definitions,
            data={
                port: one.value for port, one in given.items() if isinstance(one.value, LocalPath)
            },
            refusals=tuple(findings.refusals),
            experiment=text_of(root, "experiment_name"),
            display_name=text_of(root, "display_name"),
            description=text_of(root, "description"),
            tags=self._tags(root, path),
            inputs=ports.inputs,
            parameters=_needed(ports, nodes),
            outputs=self._outputs(jobs, outputs, path, moved),
            source=Source(self.reading.file),
        )
        untyped = frozenset(port for port, one in given.items() if isinstance(one.value, Literal))
        named = AzureNames(self.reading, path, moved, inner, untyped, overrides)
        check_pipeline(pipeline, named)
        return pipeline, named

    def _declared(self, name: str, given: Given, path: Path) -> Mapping:
        """An input of the pipeline as a component would declare it."""
        place = self.reading.places[*path, "inputs", name]
        if isinstance(given.value, Literal):
            default = Scalar(*place, given.value.text, given.value.type != "string")
            return made(place, {"type": given.value.type, "default": default})
        if given.fields is None:
            return made(place, {"type": "string"})
        if not isinstance(given.value, LocalPath):
            return given.fields
        fields = {
            field: entry
            for field, entry in given.fields.entries.items()
            if field in ("mode", "optional", "description")
        }
        named = made(place, {"type": given.type or "uri_folder"})
        return Mapping(*given.fields.place, {**named.entries, **fields})

    def _ports(
        self, declared: dict[str, Mapping], path: Path, place: Place, findings: Findings
    ) -> Ports:
        entries: dict[str, tuple[Scalar, Mapping]] = {
            name: (Scalar(*self.reading.places[*path, "inputs", name], name), node)
            for name, node in declared.items()
        }
        inputs = V2_INPUTS.read(Mapping(*place, {**entries}), (*path, "inputs"), self.reading)
        return build_ports({} if inputs is INVALID else inputs, {}, findings)

    def _jobs(
        self,
        root: Mapping,
        path: Path,
        name: str,
        given: dict[str, Given],
        outputs: dict[str, Given],
    ) -> dict[str, Job]:
        if "jobs" not in root.entries:
            return self._only_job(root, path, name, given, outputs)
        if "component" in root.entries:
            message = "a pipeline has jobs or a component, not both"
            self.reading.fault((*path, "component"), message)
        jobs = {}
        for job_name, (key, node) in mapping_at(root, "jobs", path, self.reading).items():
            at = (*path, "jobs", job_name)
            self.reading.places[at] = key.place
            if not _JOB_NAME.fullmatch(job_name):
                message = f"'{job_name[:60]}' is not accepted as a job's name: {_JOB_NAME_RULE}"
                self.reading.fault(at, message)
            elif job_name in ROOTS:
                message = f"'{job_name}' is a word of the language and names nothing else"
                self.reading.fault(at, message)
            elif job := read_job(job_name, node, at, self.reading):
                jobs[job_name] = job
        return jobs

    def _only_job(
        self,
        root: Mapping,
        path: Path,
        name: str,
        given: dict[str, Given],
        outputs: dict[str, Given],
    ) -> dict[str, Job]:
        """A job by itself: what it is given and leaves is the pipeline's."""
        if kind_of_job(root) == "pipeline" and "component" not in root.entries:
            self.reading.fault((*path, "jobs"), "missing: the pipeline's jobs")
            return {}
        own = (*_HEAD, "settings")
        fields = {field: entry for field, entry in root.entries.items() if field not in own}
        job = read_job(_job_name(name), Mapping(*root.place, fields), path, self.reading)
        if job is None:
            return {}
        inner = {port: one for port, one in job.inputs.items() if port not in given}
        handed = {port: Given(Expression("inputs", port)) for port in given}
        left = {port: Given(Expression("outputs", port)) for port in outputs}
        return {job.name: replace(job, inputs=inner | handed, outputs=left)}

    def _check_head(self, root: Mapping, path: Path, findings: Findings) -> None:
        self.reading.places.setdefault(path, root.place)
        for field, (key, node) in root.entries.items():
            at = (*path, field)
            self.reading.places[at] = key.place
            if field in ("display_name", "description", "version", "name", "experiment_name"):
                if not isinstance(node, Scalar):
                    self.reading.fault(at, "expected text")
            elif "jobs" not in root.entries:
                continue  # the job's own
            elif field in UNUSED:
                self.notes.unused(field, at)
            elif field not in _KNOWN:
                near = self.reading.nearest(field, _KNOWN)
                self.reading.fault(at, f"this field is kept, not used here{near}", "warning")
        self._check_settings(root, path, findings)

    def _check_settings(self, root: Mapping, path: Path, findings: Findings) -> None:
        settings = mapping_at(root, "settings", path, self.reading)
        for field, (key, node) in settings.items():
            at = (*path, "settings", field)
            self.reading.places[at] = key.place
            if field in _FLAGS:
                # Steps that do not need the one that failed go on here in any case.
                if Flag().read(node, at, self.reading) is (field == "force_rerun"):
                    self.notes.unused(field, at)
            elif field in _UNUSED_SETTINGS:
                self.notes.unused(field, at)
            elif field in ("on_init", "on_finalize"):
                findings.refuse(("settings", field), "a job at the start or end is not run yet")
            else:
                near = self.reading.nearest(field, (*_FLAGS, *_UNUSED_SETTINGS))
                self.reading.fault(at, f"this field is kept, not used here{near}", "warning")

    def _tags(self, root: Mapping, path: Path) -> dict[str, str]:
        tags = mapping_at(root, "tags", path, self.reading)
        for name, (_, node) in tags.items():
            if not isinstance(node, Scalar):
                self.reading.fault((*path, "tags", name), "expected text")
        return {name: plain(node) for name, (_, node) in tags.items() if isinstance(node, Scalar)}

    def _definitions(
        self, jobs: dict[str, Job], types: Types, inner: dict[str, AzureNames]
    ) -> dict[str, Definition]:
        """The definitions that stand in the file: the jobs' own, and components in full."""
        found: dict[str, Definition] = {}
        for job in jobs.values():
            root, path = job.component, job.path
            if job.is_inline and job.kind == "pipeline" and "jobs" not in job.root.entries:
                self.reading.fault((*path, "component"), "missing: the pipeline's file, or jobs")
                continue
            if job.is_inline:
                root = types.component_of(job, self.reading)
            else:
                path = (*path, "component")
            if not isinstance(root, Mapping):
                continue
            if is_pipeline(root):
                found[job.name], inner[job.name] = self.read(root, path, job.name)
                continue
            component = read_component(root, path, self.reading, self._files, job.name)
            if component is not INVALID:
                found[job.name] = component
        return found

    def _outputs(
        self,
        jobs: dict[str, Job],
        declared: dict[str, Given],
        path: Path,
        moved: dict[Path, Path],
    ) -> dict[str, Reference]:
        """The pipeline's outputs by what is bound to them; `moved` gets where that stands."""
        found: dict[str, Reference] = {}
        for name, given in declared.items():
            if isinstance(given.value, Expression) and given.value.kind == "jobs":
                found[name] = Reference(given.value.job, given.value.name)
        for job in jobs.values():
            for port, given in job.outputs.items():
                at, upward = (*job.path, "outputs", port), given.value
                if not isinstance(upward, Expression):
                    continue
                if upward.kind != "outputs":
                    self.reading.fault(at, "an output is bound to ${{parent.outputs.NAME}}")
                    continue
                reference = Reference(job.name, port)
                if found.setdefault(upward.name, reference) != reference:
                    message = f"'{found[upward.name]}' is the pipeline's '{upward.name}' already"
                    self.reading.fault(at, message)
                    continue
                if upward.name not in declared:
                    near = self.reading.nearest(upward.name, declared)
                    message = f"the pipeline declares no output '{upward.name}'{near}"
                    self.reading.fault(at, message, "warning")
                moved["outputs", upward.name] = at
        for name in declared:
            if name not in found:
                message = "no job leaves this output, so it is not there"
                self.reading.fault((*path, "outputs", name), message, "warning")
        return found


def _job_name(name: str) -> str:
    """A name for the only job of a pipeline called `name`, by the rule for jobs' names."""
    word = re.sub(r"[^a-z0-9_]", "_", name.lower())
    return (word if not word[0].isdigit() else f"job_{word}")[:64]


def _needed(ports: Ports, nodes: Named[str, PipelineNode]) -> dict[str, Parameter]:
    """The pipeline's parameters; what only fields that are not used here name may be left out."""
    read = {reference for node in nodes.values() for _, reference in references(node)}
    return {
        name: parameter
        if Reference("parameters", name) in read
        else replace(parameter, required=False)
        for name, parameter in ports.parameters.items()
    }
