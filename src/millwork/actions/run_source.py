"""What a run was made of, as the text of a pipeline that can be drawn, changed and run again."""

from __future__ import annotations

from typing import TYPE_CHECKING

from millwork.base.names import BUILTIN, BUILTIN_TAG, is_version
from millwork.base.records import dataclass, field
from millwork.plan.codec import decode, decode_component
from millwork.plan.model import GivenPath, GivenUri, StepOutput
from millwork.spec.model import (
    ForEach,
    Input,
    LocalPath,
    Pipeline,
    PipelineNode,
    Reference,
)
from millwork.spec.scheduling import quoted
from millwork.spec.tree import Tree
from millwork.spec.writer import to_text
from millwork.views.faces import About, face_of

if TYPE_CHECKING:
    from collections.abc import Mapping
    from typing import Any

    from millwork.actions.context import Context
    from millwork.plan.model import Guard, Step
    from millwork.ports import RunRow
    from millwork.spec.model import Binding, Component
    from millwork.views.plans import RunSource

_VERSION = "1.0.0"


def source_of_run(context: Context, run: RunRow) -> RunSource:
    """The text that was run, or one that does the same, with the faces of its steps."""
    said = run.facts.get("source", {})
    steps = _steps(context, run)
    text = context.store.definition(said["text"]) if "text" in said else None
    made = _Writer(steps)
    if text is None:
        text = to_text(made.pipeline(run))
    is_one = list(steps) == [run.definition]
    return {
        "text": text,
        "kind": said.get("kind", "component" if is_one else "pipeline"),
        "bundle": said.get("bundle", ""),
        "draft": said.get("draft", ""),
        "revision": said.get("revision", 0),
        "inputs": said.get("inputs", {}) if "text" in said else made.paths,
        "parameters": said.get("parameters", {}) if "text" in said else {},
        "faces": {
            name: face_of(Tree(step.component), About(_reference(step.component)))
            for name, step in steps.items()
        },
    }


def _steps(context: Context, run: RunRow) -> dict[str, Step]:
    """The steps of the text; items of a list are no nodes."""
    known: dict[str, Component] = {}
    steps = {}
    for row in context.store.steps(run.id):
        if row.spec.get("parent"):
            continue
        digest = row.spec["component"]
        if digest not in known:
            known[digest] = decode_component(context.store.definition(digest) or "{}")
        steps[row.name] = decode(row.spec, known[digest])
    return steps


def _reference(component: Component) -> str:
    if BUILTIN_TAG in component.tags:
        return BUILTIN + component.name
    return f"{component.name}@{component.version}"


@dataclass
class _Writer:
    """Writes steps as the nodes of one pipeline; files that were given become its inputs."""

    steps: Mapping[str, Step]
    paths: dict[str, str] = field(default_factory=dict)
    inputs: dict[str, Input] = field(default_factory=dict)

    def pipeline(self, run: RunRow) -> Pipeline:
        """The pipeline."""
        nodes = {_node(name): self._written(step) for name, step in self.steps.items()}
        version = run.version if is_version(run.version) else _VERSION
        return quoted(
            Pipeline(name=run.definition, version=version, nodes=nodes, inputs=self.inputs)
        )

    def _written(self, step: Step) -> PipelineNode:
        component = step.component
        parameters: dict[str, Any] = {
            name: _wire(value) if isinstance(value, StepOutput) else value
            for name, value in step.parameters.items()
            if value != component.parameters[name].default
        }
        return PipelineNode(
            component=_reference(component),
            inputs={port: self._binding(step, port) for port in step.inputs},
            parameters=parameters,
            after=tuple(map(_node, step.after)),
            when=_condition(step),
            foreach=_foreach(step),
            retries=step.retries,
            timeout=step.timeout if step.timeout != component.timeout else None,
            on_lost=step.on_lost,
            continue_on_failure=step.continue_on_failure,
            env=step.env,
            resources=step.resources if step.resources != component.resources else None,
            replicas=step.replicas,
            job=step.job,
            run_policy=step.run_policy,
        )

    def _binding(self, step: Step, port: str) -> Binding:
        source = step.inputs[port]
        if isinstance(source, StepOutput):
            return _wire(source)
        if isinstance(source, GivenUri):
            return LocalPath(f"dataset:{source.dataset}" if source.dataset else source.uri)
        return Reference("inputs", self._input(source, step.component.inputs[port].type, port))

    def _input(self, source: GivenPath, kind: str, port: str) -> str:
        """The input of the pipeline that reads a path."""
        name = port
        while self.paths.get(name, source.path) != source.path:
            name += "-2"
        self.paths[name], self.inputs[name] = source.path, Input(kind)
        return name


def _node(step: str) -> str:
    """A step's name as that of a node: those within another pipeline are `outer.inner`."""
    return step.replace(".", "--")


def _wire(output: StepOutput) -> Reference:
    return Reference(_node(output.step), output.port)


def _condition(step: Step) -> str:
    """The condition, if it says the same where the step is a node of one pipeline."""
    texts = [guard.text for guard in step.guards if _is_said_alike(guard)]
    return texts[0] if len(texts) == 1 else " and ".join(f"({text})" for text in texts)


def _is_said_alike(guard: Guard) -> bool:
    return all(
        isinstance(value, StepOutput) and str(_wire(value)) == text
        for text, value in guard.values.items()
    )


def _foreach(step: Step) -> ForEach | None:
    each = step.each
    if each is None or not isinstance(each.items, StepOutput):
        return None
    return ForEach(_wire(each.items), each.into, each.max_parallel)
