"""A definition whose references are replaced by what they stand for here.

What has no entry in the maps becomes a refusal: one for all references of a file, with the lines
that are missing in settings.yaml, and one for all systems without a bridge (issue 4, points 5
and 7). Nothing is read here but through the loader that is given.
"""

from __future__ import annotations

import json
import os
from dataclasses import replace
from typing import TYPE_CHECKING, Any, TypeAlias

from millwork.base.errors import MillworkError
from millwork.base.names import is_builtin
from millwork.base.records import dataclass, field
from millwork.formats.azureml.references import Bridges, is_reference, plain_url
from millwork.formats.azureml.sweep import trial_facts
from millwork.spec.model import Component, LocalPath, Pipeline

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Mapping

    from millwork.formats.azureml.references import References
    from millwork.spec.model import Code, Definition, Path, PipelineNode, Source

    Loader: TypeAlias = Callable[[str], Definition]

SETTINGS = "$MILLWORK_HOME/settings.yaml"
_EXAMPLES = {
    "components": "/path/of/its/component.yaml",
    "data": "/path/of/the/data",
    "environments": "{requirements: [package==1.0]}  # or a requirements.txt or conda file",
}
_DUMPED = ("azureml:./", "azureml:../", "azureml:/")
"""How AzureML's own SDK writes the path of a local folder when it writes a job to a file."""
_KINDS = {"components": "component", "data": "data", "environments": "environment"}


def resolve(
    definition: Definition,
    references: References,
    bridges: Bridges,
    load: Loader,
    given: Collection[str] = (),
) -> Definition:
    """The definition as it runs here: no reference is left in it, but those that are refused.

    `load` reads the component file of a bridge (its source with its folder). `given` are the
    pipeline's inputs that the run gives data for, so that their own is not looked for.
    """
    resolver = _Resolver(references, bridges, load, _Missing(definition.source))
    resolved = resolver.definition(definition, (), given)
    refusals = (*resolved.refusals, *resolver.missing.refusals())
    return replace(resolved, refusals=refusals) if refusals else resolved


@dataclass
class _Missing:
    """What one file names and no map has, with the line of each."""

    source: Source
    references: dict[tuple[str, str], int] = field(default_factory=dict)
    bridges: dict[tuple[str, str], int] = field(default_factory=dict)
    inputs: dict[tuple[str, str], str] = field(default_factory=dict)

    def reference(self, kind: str, text: str, at: Path) -> None:
        """Notes a reference that has no entry, and the input of the run that it stands for."""
        self.references.setdefault((kind, text), self._line(at))
        if at[:1] == ("inputs",):
            self.inputs.setdefault((kind, text), str(at[1]))

    def bridge(self, type_name: str, ref_id: str, at: Path) -> None:
        """Notes a component of another system that has no bridge."""
        self.bridges.setdefault((type_name, ref_id), self._line(at))

    def refusals(self) -> tuple[str, ...]:
        """At most two messages, each with the lines to add to the settings."""
        messages = (self._of_references, self._of_bridges)
        kinds = (self.references, self.bridges)
        return tuple(message() for message, kind in zip(messages, kinds, strict=True) if kind)

    def _of_references(self) -> str:
        found = sorted(self.references.items(), key=lambda entry: entry[1])
        count = len(found)
        what = "1 reference has" if count == 1 else f"{count} references have"
        told = [f"{self.source.file}: {what} no entry in the reference map:"]
        for (kind, text), line in found:
            name = self.inputs.get((kind, text))
            hint = f" (or give it to the run: -i {name}=PATH)" if name else ""
            told.append(f"  {_at(line)}{_KINDS[kind]} {_shown(text)}{hint}")
        told += [f"Say what each stands for in {SETTINGS}:", "references:"]
        for kind, example in _EXAMPLES.items():
            texts = [text for (of, text), _ in found if of == kind]
            told += [f"  {kind}:"] if texts else []
            told += [f"    {_shown(text)}: {example}" for text in texts]
        return "\n".join(told)

    def _of_bridges(self) -> str:
        told = [f"{self.source.file}: no bridge is known for what runs on other systems only:"]
        found = sorted(self.bridges.items(), key=lambda entry: entry[1])
        for (type_name, ref_id), line in found:
            told.append(f"  {_at(line)}{type_name}{f' with ref_id {ref_id}' if ref_id else ''}")
        told += [f"Say what runs here in its place in {SETTINGS}:", "bridges:"]
        for (type_name, ref_id), _ in found:
            key = _shown(ref_id) if ref_id else type_name
            told.append(f"  {key}: /path/of/a/component.yaml  # or {{command: ...}}")
        return "\n".join(told)

    def _line(self, at: Path) -> int:
        """The line of the last part of a path that has a place.

        An inline definition may stand in its job's field `component`.
        """
        places, line = self.source.places, 0
        here: Path = ()
        for part in at:
            inline = (*here, "component", part)
            here = inline if inline in places else (*here, part)
            line = places[here].line if here in places else line
        return line


def _at(line: int) -> str:
    return f"line {line}: " if line else ""


def _shown(text: str) -> str:
    """A key for YAML, in quotes."""
    return json.dumps(text, ensure_ascii=False)


@dataclass
class _Resolver:
    references: References
    bridges: Bridges
    load: Loader
    missing: _Missing

    def definition(self, definition: Definition, at: Path, given: Collection[str]) -> Definition:
        """`definition`, which stands at `at` in the file, with its references replaced."""
        if isinstance(definition, Component):
            return self._component(definition, at)
        return self._pipeline(definition, at, given)

    def _pipeline(self, pipeline: Pipeline, at: Path, given: Collection[str]) -> Pipeline:
        jobs = (*at, "jobs")
        return replace(
            pipeline,
            nodes={name: self._node(node, (*jobs, name)) for name, node in pipeline.nodes.items()},
            definitions={
                name: self.definition(inner, (*jobs, name), pipeline.nodes[name].inputs)
                for name, inner in pipeline.definitions.items()
            },
            data={
                name: path if name in given else self._path(path, (*at, "inputs", name, "path"))
                for name, path in pipeline.data.items()
            },
        )

    def _node(self, node: PipelineNode, at: Path) -> PipelineNode:
        inputs = {
            name: self._path(bound, (*at, "inputs", name, "path"))
            if isinstance(bound, LocalPath)
            else bound
            for name, bound in node.inputs.items()
        }
        component = node.component
        if is_reference(component) and not is_builtin(component):
            component = self._file(component, (*at, "component"))
        return replace(node, component=component, inputs=inputs)

    def _path(self, path: LocalPath, at: Path) -> LocalPath:
        if path.path.startswith(_DUMPED) and not path.path.startswith("azureml://"):
            return LocalPath(path.path.removeprefix("azureml:"))
        if not is_reference(path.path):
            return path
        found = self.references.data(path.path)
        if found is None:
            self.missing.reference("data", plain_url(path.path), at)
        return path if found is None else LocalPath(found)

    def _file(self, text: str, at: Path) -> str:
        found = self.references.component(text)
        if found is None:
            self.missing.reference("components", text, at)
        return text if found is None else found

    def _component(self, component: Component, at: Path) -> Component:
        if component.work == "external" and component.flavour == "azureml-old":
            component = self._bridged(component, at)
        trial = component.body.get("trial")
        if isinstance(trial, str) and is_reference(trial):
            component = self._with_trial(component, self._file(trial, (*at, "trial")))
        text = component.body.get("environment")
        if not isinstance(text, str) or component.environment is not None:
            return component
        environment = self.references.environment(text)
        if environment is None:
            self.missing.reference("environments", text, (*at, "environment"))
            return component
        return replace(component, environment=environment)

    def _bridged(self, component: Component, at: Path) -> Component:
        type_name, ref_id = str(component.body.get("type", "")), _ref_id(component.body)
        bridge = self.bridges.find(type_name, ref_id)
        if bridge is None:
            self.missing.bridge(type_name.partition("@")[0], ref_id, at)
            return component
        if bridge.component:
            return self._through(component, bridge.component)
        kept = {name: part for name, part in component.body.items() if name == "environment"}
        return replace(
            component, command=bridge.command, syntax="braces", work="command", body=kept
        )

    def _through(self, component: Component, file: str) -> Component:
        """The component in `file`, as `component`: under its name, with its ports and values."""
        found = self._loaded(file)
        if isinstance(found, str):
            return _refused(component, f"the bridge {found}")
        other = resolve(found, self.references, Bridges(), self.load)
        assert isinstance(other, Component)
        if unmet := _unmet(component, other):
            names = ", ".join(unmet)
            return _refused(component, f"the bridge {file} asks for what it has not: {names}")
        return replace(
            _under_name(component, other, file),
            env={**component.env, **other.env},
            inputs={**component.inputs, **_added(other.inputs, component.inputs)},
            outputs=component.outputs,
            parameters={**component.parameters, **_added(other.parameters, component.parameters)},
        )

    def _with_trial(self, sweep: Component, file: str) -> Component:
        """A sweep with the trial in `file`, whose ports win over its own (azureml-spec 1)."""
        if is_reference(file):
            return sweep
        trial = self._loaded(file)
        if isinstance(trial, str):
            return _refused(sweep, f"the trial {trial}")
        return replace(
            _under_name(sweep, trial, file),
            work="sweep",
            body={**trial.body, **sweep.body, "trial": file, **trial_facts(trial)},
            env={**trial.env, **sweep.env},
            inputs={**sweep.inputs, **trial.inputs},
            outputs={**sweep.outputs, **trial.outputs},
            parameters={**sweep.parameters, **trial.parameters},
        )

    def _loaded(self, file: str) -> Component | str:
        """The component in `file`, or why there is none that runs here."""
        try:
            found = self.load(file)
        except MillworkError as error:
            return f"{file} cannot be read: {error}"
        if isinstance(found, Pipeline) or found.work == "external":
            return f"{file} is no component that runs here"
        return found


def _under_name(component: Component, other: Component, file: str) -> Component:
    """What `other`, which stands in `file`, does, as the component that the run knows."""
    return replace(
        other,
        name=component.name,
        version=component.version,
        flavour=component.flavour,
        display_name=component.display_name,
        description=component.description,
        tags=component.tags,
        code=_absolute(other.code, other.source.folder or os.path.split(file)[0]),
        is_deterministic=component.is_deterministic,
        refusals=(*component.refusals, *other.refusals),
        source=component.source,
    )


def _refused(component: Component, reason: str) -> Component:
    refusal = f"{component.source.file}: {component.name}: {reason}"
    return replace(component, refusals=(*component.refusals, refusal))


def _ref_id(body: Mapping[str, Any]) -> str:
    """The `ref_id` in a body or in a section of it: `hemera: {ref_id: ...}`."""
    sections = [body, *(part for part in body.values() if isinstance(part, dict))]
    return next((str(part["ref_id"]) for part in sections if part.get("ref_id")), "")


def _unmet(component: Component, other: Component) -> list[str]:
    """What the bridge `other` cannot do without, or calls otherwise than `component` does."""
    taken = component.inputs.keys() | component.parameters.keys()
    inputs = [
        f"{kind} '{name}'"
        for kind, theirs, ours in (
            ("input", other.inputs, component.inputs),
            ("parameter", other.parameters, component.parameters),
        )
        for name, port in theirs.items()
        if name not in ours and (name in taken or port.required)
    ]
    outputs = [name for name in other.outputs if name not in component.outputs]
    return inputs + [f"output '{name}'" for name in outputs]


def _added(theirs: Mapping[str, Any], ours: Mapping[str, Any]) -> dict[str, Any]:
    return {name: port for name, port in theirs.items() if name not in ours}


def _absolute(code: Code, folder: str) -> Code:
    includes = tuple(_joined(folder, path) for path in code.includes)
    return replace(code, path=code.path and _joined(folder, code.path), includes=includes)


def _joined(folder: str, path: str) -> str:
    return os.path.normpath(path if path.startswith("/") else f"{folder}/{path}")
