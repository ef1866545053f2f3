"""Scheduling parameters of a run: what they come to, and where their values go.

In a command the value is a variable that only the command has, as in `placeholders`.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from millwork.base.errors import BadRequest
from millwork.base.records import dataclass, field
from millwork.spec import scheduling
from millwork.spec.model import Component, Pipeline
from millwork.spec.scheduling import SCHEDULING

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from datetime import date, datetime

    from millwork.plan.model import Rendered
    from millwork.spec.dates.language import Clocks, Expression
    from millwork.spec.fields import Reading
    from millwork.spec.model import PipelineNode
    from millwork.spec.tree import Tree


@dataclass(frozen=True)
class Timing:
    """What the clocks of a run show, and what else its scheduling parameters are made of.

    `bizdate` is the business date, `cyctime` the scheduled time, aware. `names` are the values of
    `$jobid`, `$nodeid` and `$taskid`; `scopes` those of `${workspace.x}` and `${node.x}`, by scope.
    `overrides` are expressions that take the place of the outermost pipeline's own, by name.
    """

    bizdate: date
    cyctime: datetime
    names: Mapping[str, str] = field(default_factory=dict)
    scopes: Mapping[str, Mapping[str, str]] = field(default_factory=dict)
    overrides: Mapping[str, str] = field(default_factory=dict)


def lists_any(tree: Tree) -> bool:
    """Whether a pipeline of the tree has scheduling parameters."""
    definition = tree.definition
    return isinstance(definition, Pipeline) and (
        bool(definition.scheduling_parameters) or any(map(lists_any, tree.children.values()))
    )


def scopes_of(tree: Tree) -> set[str]:
    """The scopes from which a tree's scheduling parameters take values."""
    return {
        scope
        for prefix, expressions in _lists(tree, "")
        for name, text in expressions.items()
        for scope, _ in _read(f"{prefix}{name}", text).scoped
    }


def evaluated(tree: Tree, timing: Timing | None) -> dict[str, dict[str, str]]:
    """The values of each pipeline's scheduling parameters, by where it stands: "", "node.".

    Raises BadRequest for one without a value, for a circle, and for an override that nothing asks
    for.
    """
    listed = dict(_lists(tree, ""))
    if timing is None or not (listed or timing.overrides):
        if listed:
            raise BadRequest("scheduling parameters need a time, and none is given")
        return {}
    from millwork.spec.dates.language import Clocks

    own = listed.setdefault("", {})
    for name in timing.overrides:
        if name not in own:
            known = ", ".join(own) or "none"
            raise BadRequest(f"there is no scheduling parameter '{name}'; there are: {known}")
    clocks = Clocks(timing.bizdate, timing.cyctime, timing.names, timing.scopes)
    found = {"": _outermost({**own, **timing.overrides}, clocks)}
    clocks = replace(clocks, scopes={**timing.scopes, "workflow": found[""]})
    for prefix, expressions in listed.items():
        if prefix:
            found[prefix] = {
                name: _at(f"{prefix}{name}", _read(f"{prefix}{name}", text), clocks)
                for name, text in expressions.items()
            }
    return found


def _lists(tree: Tree, prefix: str) -> Iterator[tuple[str, dict[str, str]]]:
    definition = tree.definition
    if isinstance(definition, Component):
        return
    if definition.scheduling_parameters:
        yield prefix, dict(definition.scheduling_parameters)
    for name, child in tree.children.items():
        yield from _lists(child, f"{prefix}{name}.")


def _outermost(texts: Mapping[str, str], clocks: Clocks) -> dict[str, str]:
    """The outermost pipeline's values, each after those that it takes from others of them."""
    expressions = {name: _read(name, text) for name, text in texts.items()}
    needs = {name: scheduling.workflow_needs(each.scoped) for name, each in expressions.items()}
    if found := scheduling.circle(needs):
        shown = " -> ".join(found)
        raise BadRequest(f"scheduling parameters need one another's values: {shown}")
    values: dict[str, str] = {}
    clocks = replace(clocks, scopes={**clocks.scopes, "workflow": values})
    waiting = dict(expressions)
    while waiting:
        # There is no circle, so that some of them wait for none of the others.
        for name in [name for name in waiting if not needs[name] & waiting.keys()]:
            values[name] = _at(name, waiting.pop(name), clocks)
    return {name: values[name] for name in texts}


def _read(name: str, text: str) -> Expression:
    from millwork.spec.dates.language import read

    try:
        return read(text)
    except BadRequest as error:
        raise BadRequest(f"scheduling parameter '{name}': {error}") from None


def _at(name: str, expression: Expression, clocks: Clocks) -> str:
    try:
        return expression.at(clocks)
    except BadRequest as error:
        raise BadRequest(f"scheduling parameter '{name}': {error}") from None


def filled(pipeline: Pipeline, node: PipelineNode, values: Mapping[str, str]) -> PipelineNode:
    """The node of a pipeline with the values in its parameters and paths."""
    if not any(
        scheduling.may_name(value) for value in (*node.parameters.values(), *node.inputs.values())
    ):
        return node
    inputs, parameters = (
        {name: scheduling.filled(pipeline, value, values) for name, value in given.items()}
        for given in (node.inputs, node.parameters)
    )
    return replace(node, inputs=inputs, parameters=parameters)


def filled_uri(tree: Tree, what: str, uri: str, values: Mapping[str, str]) -> str:
    """A URI that a run is given, with the values of the outermost pipeline's list.

    Raises BadRequest for a name that is not in the list.
    """
    pipeline = tree.definition
    if not isinstance(pipeline, Pipeline) or not pipeline.scheduling_parameters:
        return uri
    for name in scheduling.names_in(pipeline, uri):
        if name not in values:
            known = ", ".join(values)
            raise BadRequest(f"{what}: there is no scheduling parameter '{name}'; listed: {known}")
    filled: str = scheduling.filled(pipeline, uri, values)
    return filled


def of_command(component: Component, values: Mapping[str, str]) -> dict[str, str]:
    """The values that a component's command names.

    Raises BadRequest for a sweep, whose trials run the command.
    """
    used = scheduling.used_by(component, values)
    if used and component.work == "sweep":
        raise BadRequest(
            f"'{component.name}': a sweep's command takes no scheduling parameter: hand "
            f"${{{used[0]}}} to one of its inputs"
        )
    return {name: values[name] for name in used}


def texts(values: Mapping[str, str]) -> dict[str, str]:
    """The values as `placeholders` takes them."""
    return {f"{SCHEDULING}.{name}": value for name, value in values.items()}


def check_commands(tree: Tree, reading: Reading) -> None:
    """Notes each node's command in which a name stands where no value can be told how to stand."""
    pipeline = tree.definition
    if not isinstance(pipeline, Pipeline) or not pipeline.scheduling_parameters:
        return
    numbers = dict.fromkeys(pipeline.scheduling_parameters, "0")  # which stand anywhere
    for name, node in pipeline.nodes.items():
        child = tree.children.get(name)
        if child is None or not isinstance(child.definition, Component):
            continue
        try:
            _check_command(child.definition, of_command(child.definition, numbers))
        except BadRequest as error:
            message = f"{node.component or 'the component'}: {error}"
            reading.fault(("nodes", name, "component"), message)


def _check_command(component: Component, used: Mapping[str, str]) -> None:
    if not used or not component.command:
        return
    if component.syntax == "shell":
        in_shell(component.command, used)
    else:
        from millwork.plan import placeholders

        placeholders.check(component.command, component.syntax, used)


def in_shell(command: str, values: Mapping[str, str], words: tuple[str, ...] = ()) -> Rendered:
    """A command of the syntax `shell` with the values that it names."""
    from millwork.plan import placeholders  # a run without any does not pay for it

    return placeholders.in_shell(command, texts(values), words)
