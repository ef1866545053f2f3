"""The columns at every port of a run's steps, as far as they are known before it starts."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from millwork.actions.builtins import is_builtin_definition
from millwork.base.errors import BadRequest
from millwork.base.records import dataclass, field
from millwork.plan.model import GivenPath, StepOutput

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from typing import TypeAlias

    from millwork.catalogue.model import Declaration
    from millwork.catalogue.shapes import Shape
    from millwork.plan.model import Graph, InputSource, Step

    Ask: TypeAlias = Callable[[Mapping[str, Any]], Mapping[str, Any]]

_COLUMN_TYPES = ("Column", "Columns")


@dataclass(frozen=True)
class Survey:
    """What is known: of each step the shapes at its inputs and outputs; and what cannot be."""

    inputs: Mapping[str, Mapping[str, Shape]]
    outputs: Mapping[str, Mapping[str, Shape]]
    faults: tuple[str, ...] = ()


def has_columns(graph: Graph) -> bool:
    """Whether anything of a graph is said of columns: only then they are worth a look."""
    return any(
        is_builtin_definition(step.component)
        or any(each.type in _COLUMN_TYPES for each in step.component.parameters.values())
        for step in graph.steps.values()
    )


def survey(graph: Graph, ask: Ask) -> Survey:
    """The columns at every port, and each parameter that names a column which is not there.

    `ask` answers questions about files and queries as `runtime.peek` does; whoever cannot look
    answers `{}`.
    """
    surveyor = _Surveyor(graph, ask)
    for name in graph.steps:
        surveyor.outputs_of(name)
    return Survey(surveyor.inputs, surveyor.outputs, tuple(surveyor.faults))


def check(graph: Graph, ask: Ask) -> None:
    """Raises BadRequest with every step that names a column which is known not to be there."""
    if faults := survey(graph, ask).faults:
        raise BadRequest("\n".join(faults))


@dataclass
class _Surveyor:
    graph: Graph
    ask: Ask
    inputs: dict[str, dict[str, Shape]] = field(default_factory=dict)
    outputs: dict[str, Mapping[str, Shape]] = field(default_factory=dict)
    faults: list[str] = field(default_factory=list)
    _looked: dict[str, Shape] = field(default_factory=dict)

    def outputs_of(self, name: str) -> Mapping[str, Shape]:
        """The shapes at a step's outputs; those of the steps before it are found first."""
        if name not in self.outputs:
            self.outputs[name] = {}  # a cycle is refused elsewhere
            step = self.graph.steps[name]
            found = {port: self._shape(source, step, port) for port, source in step.inputs.items()}
            self.inputs[name] = found
            try:
                self.outputs[name] = self._made(step, found)
            except BadRequest as error:
                self.faults.append(f"step '{name}': {error}")
        return self.outputs[name]

    def _shape(self, source: InputSource, step: Step, port: str) -> Shape:
        if isinstance(source, StepOutput):
            return self.outputs_of(source.step).get(source.port)
        if not isinstance(source, GivenPath) or step.component.inputs[port].type != "table":
            return None
        if source.path not in self._looked:
            answer = self.ask({"path": source.path})
            self._looked[source.path] = _columns(answer.get("outputs", {}).get("table"))
        return self._looked[source.path]

    def _made(self, step: Step, found: Mapping[str, Shape]) -> Mapping[str, Shape]:
        from millwork.catalogue.index import builtin
        from millwork.catalogue.rules import Given

        self._check_named(step, found)
        if not is_builtin_definition(step.component) or step.each:
            return {}
        declaration = builtin(step.component.source.file)
        if any(isinstance(value, StepOutput) for value in step.parameters.values()):
            return {}
        made = declaration.rule(Given(found, dict(step.parameters)))
        return self._peeked(declaration, step, found) or made if declaration.peeks else made

    def _check_named(self, step: Step, found: Mapping[str, Shape]) -> None:
        """Raises BadRequest for a column that the input it belongs to has not got."""
        from millwork.catalogue.rules import require
        from millwork.catalogue.shapes import Columns

        for name, value in step.parameters.items():
            declared = step.component.parameters[name]
            shape = found.get(declared.input) if declared.input else None
            if not isinstance(shape, Columns) or isinstance(value, StepOutput):
                continue
            try:
                require(shape, value if isinstance(value, tuple) else [str(value)])
            except BadRequest as error:
                raise BadRequest(f"parameter '{name}': {error}") from None

    def _peeked(
        self, declaration: Declaration, step: Step, found: Mapping[str, Shape]
    ) -> Mapping[str, Shape]:
        """The columns that its function would give; none if it cannot be asked."""
        from millwork.catalogue.shapes import Columns

        inputs: dict[str, Any] = {}
        for port, source in step.inputs.items():
            shape = found[port]
            if isinstance(shape, Columns) and shape.is_whole:
                inputs[port] = {"columns": [list(each) for each in shape.types.items()]}
            elif isinstance(source, GivenPath) and step.component.inputs[port].type != "table":
                inputs[port] = {"path": source.path}
            else:
                return {}
        answer = self.ask(
            {
                "function": declaration.function,
                "members": [declaration.member] if declaration.member else [],
                "parameters": dict(step.parameters),
                "inputs": inputs,
            }
        )
        if "refused" in answer:
            raise BadRequest(str(answer["refused"]))
        return {port: _columns(each) for port, each in answer.get("outputs", {}).items()}


def _columns(answer: list[list[str]] | None) -> Shape:
    from millwork.catalogue.shapes import UNKNOWN, Columns

    return UNKNOWN if answer is None else Columns({each[0]: each[1] for each in answer})
