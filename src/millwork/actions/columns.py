"""The columns at every port of a run's steps, as far as they are known before it starts."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from millwork.actions.builtins import is_builtin_definition
from millwork.base.errors import BadRequest
from millwork.base.records import dataclass, field
from millwork.plan.model import GivenPath, StepOutput

if TYPE_CHECKING:
    from collections.abc import Callable, Container, Iterator, Mapping
    from typing import TypeAlias

    from millwork.catalogue.model import Declaration
    from millwork.catalogue.shapes import Shape
    from millwork.plan.model import Graph, InputSource, Step
    from millwork.views.plans import Column, Table

    Ask: TypeAlias = Callable[[Mapping[str, Any]], Mapping[str, Any]]


@dataclass(frozen=True)
class Finding:
    """Something about a step, and which parameter of it, if it is about one."""

    step: str
    message: str
    parameter: str = ""

    def __str__(self) -> str:
        where = f"parameter '{self.parameter}': " if self.parameter else ""
        return f"step '{self.step}': {where}{self.message}"


@dataclass(frozen=True)
class Survey:
    """What is known: of each step the shapes at its inputs and outputs.

    `faults` are columns which are known not to be there. `doubts` are what cannot be if the step
    is not skipped by a condition, or if a component of somebody's own reads a table as the
    built-ins do; and what is likely to be a slip.
    """

    inputs: Mapping[str, Mapping[str, Shape]]
    outputs: Mapping[str, Mapping[str, Shape]]
    faults: tuple[Finding, ...] = ()
    doubts: tuple[Finding, ...] = ()


def has_columns(graph: Graph) -> bool:
    """Whether anything of a graph is said of columns: only then they are worth a look."""
    return any(
        is_builtin_definition(step.component)
        or any(each.input for each in step.component.parameters.values())
        for step in graph.steps.values()
    )


def survey(graph: Graph, ask: Ask) -> Survey:
    """The columns at every port; raises BadRequest with every fault. `ask` as for `looked`."""
    found = looked(graph, ask)
    if found.faults:
        raise BadRequest("\n".join(map(str, found.faults)))
    return found


def looked(graph: Graph, ask: Ask, unready: Container[str] = ()) -> Survey:
    """The columns at every port, with what is wrong.

    `ask` answers questions about files and queries as `runtime.peek` does; whoever cannot look
    answers `{}`. Steps that are `unready` lack something: what they would make is not known.
    """
    from graphlib import TopologicalSorter  # a run without tables does not pay for it

    surveyor = _Surveyor(graph, ask, unready)
    for name in TopologicalSorter(
        {name: step.upstream for name, step in graph.steps.items()}
    ).static_order():
        surveyor.look_at(name)
    doubts = (*surveyor.doubts, *_unwired(graph))
    return Survey(surveyor.inputs, surveyor.outputs, tuple(surveyor.faults), doubts)


def _unwired(graph: Graph) -> Iterator[Finding]:
    """Steps that train on a table which a fitted step has changed, and no wire tells how."""
    read = {
        (given.step, given.port)
        for step in graph.steps.values()
        for given in step.inputs.values()
        if isinstance(given, StepOutput)
    }
    for name, step in graph.steps.items():
        outputs = step.component.outputs.values()
        if not any(port.type == "model" for port in outputs) or "transform" in step.inputs:
            continue
        for fitted in _fitted_before(graph, name):
            if (fitted, "transform") in read:
                continue
            said = (
                f"its table was changed by '{fitted}', whose transform is wired nowhere: wire "
                f"{fitted}.transform to {name}.transform, or new data will not be treated alike"
            )
            yield Finding(name, said)


def _fitted_before(graph: Graph, name: str) -> Iterator[str]:
    """The built-ins on the way of a step's table that have learned something from it."""
    given = graph.steps[name].inputs.get("table")
    while isinstance(given, StepOutput):
        step = graph.steps[given.step]
        if is_builtin_definition(step.component) and "transform" in step.component.outputs:
            yield given.step
        given = step.inputs.get("table")


@dataclass
class _Surveyor:
    graph: Graph
    ask: Ask
    unready: Container[str]
    inputs: dict[str, dict[str, Shape]] = field(default_factory=dict)
    outputs: dict[str, Mapping[str, Shape]] = field(default_factory=dict)
    faults: list[Finding] = field(default_factory=list)
    doubts: list[Finding] = field(default_factory=list)
    _looked: dict[str, Shape] = field(default_factory=dict)
    _may_be_skipped: set[str] = field(default_factory=set)

    def look_at(self, name: str) -> None:
        """Finds the shapes at a step's ports; the steps before it have been looked at."""
        step = self.graph.steps[name]
        if step.guards or self._may_be_skipped.intersection(step.upstream):
            self._may_be_skipped.add(name)
        self.inputs[name] = {
            port: self._shape(source, step, port) for port, source in step.inputs.items()
        }
        self.outputs[name] = {}
        misnamed = next(self._misnamed(step, self.inputs[name]), None)
        if misnamed:
            self._note(step, misnamed)
            return
        try:
            self.outputs[name] = self._made(step, self.inputs[name])
        except BadRequest as error:
            self._note(step, Finding(name, str(error)))

    def _note(self, step: Step, finding: Finding) -> None:
        is_certain = is_builtin_definition(step.component) and step.name not in self._may_be_skipped
        (self.faults if is_certain else self.doubts).append(finding)

    def _shape(self, source: InputSource, step: Step, port: str) -> Shape:
        if isinstance(source, StepOutput):
            return self.outputs[source.step].get(source.port)
        if not isinstance(source, GivenPath) or step.component.inputs[port].type != "table":
            return None
        if source.path not in self._looked:
            answer = self.ask({"path": source.path})
            self._looked[source.path] = _columns(answer.get("outputs", {}).get("table"))
        return self._looked[source.path]

    def _made(self, step: Step, found: Mapping[str, Shape]) -> Mapping[str, Shape]:
        from millwork.catalogue.index import builtin
        from millwork.catalogue.rules import Given

        if not is_builtin_definition(step.component) or step.each or step.name in self.unready:
            return {}
        declaration = builtin(step.component.source.file)
        if any(isinstance(value, StepOutput) for value in step.parameters.values()):
            return {}
        made = declaration.rule(Given(found, dict(step.parameters)))
        return self._peeked(declaration, step, found) or made if declaration.peeks else made

    def _misnamed(self, step: Step, found: Mapping[str, Shape]) -> Iterator[Finding]:
        """Columns that the inputs they belong to have not got."""
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
                yield Finding(step.name, str(error), name)

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


def table_of(shape: Shape) -> Table | None:
    """A table's columns for an answer; None for what is no table, or not known to be one."""
    from millwork.catalogue.shapes import Columns

    if not isinstance(shape, Columns):
        return None
    listed: list[Column] = [{"name": name, "type": dtype} for name, dtype in shape.types.items()]
    return {"columns": listed, "whole": shape.is_whole}


def _columns(answer: list[list[str]] | None) -> Shape:
    from millwork.catalogue.shapes import UNKNOWN, Columns

    return UNKNOWN if answer is None else Columns({each[0]: each[1] for each in answer})
