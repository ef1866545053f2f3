"""Values that a backfill says instead of its schedules', checked against their pipelines."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from millwork.actions.schedule_checks import expressions_of
from millwork.base.errors import BadRequest
from millwork.base.records import dataclass, field
from millwork.spec import values
from millwork.spec.dates import language
from millwork.spec.schedule import read_within
from millwork.spec.scheduling import circle, workflow_needs

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from millwork.actions.reaching import Reach
    from millwork.schedule.needs import Known
    from millwork.spec.model import Parameter
    from millwork.spec.tree import Tree


@dataclass(frozen=True)
class Overrides:
    """What is said instead, by `workspace/schedule` and name.

    `scheduling` are those of the names that are scheduling parameters.
    """

    said: Mapping[str, Mapping[str, Any]] = field(default_factory=dict)
    scheduling: Mapping[str, Sequence[str]] = field(default_factory=dict)


def scheduling_names(
    reach: Reach, known: Known, said: Mapping[str, Any], where: str
) -> Sequence[str]:
    """Which of the names that are said for a schedule are scheduling parameters of its pipeline.

    Of a name that is both the parameter is meant. Raises BadRequest, with the place in `where`, for
    a name that the pipeline has not, a value that its parameter cannot have, and what is no
    expression. What has expressions in it has its value only with an instance.
    """
    if not said:
        return ()
    try:
        tree = reach.pipeline(known)
    except BadRequest as error:
        raise BadRequest(f"{where}: {error}") from None
    listed = expressions_of(known.schedule, tree)
    found: dict[str, str] = {}
    for name, value in said.items():
        place = f"{where}.{name}"
        if name in tree.parameters:
            _check_value(tree.parameters[name], value, place)
        elif name in listed:
            found[name] = _expression(value, place)
        else:
            raise BadRequest(f"{place}: {_unknown(tree, name, [*tree.parameters, *listed])}")
    _check_needs({**listed, **found}, found, tree, where)
    return tuple(found)


def _unknown(tree: Tree, name: str, known: Sequence[str]) -> str:
    names = ", ".join(dict.fromkeys(known)) or "none"
    return f"pipeline '{tree.definition.name}' has no parameter '{name}'; there are: {names}"


def _check_value(parameter: Parameter, value: Any, place: str) -> None:
    if _has_expressions(value, place):
        return
    try:
        values.read(parameter, _plain(value))
    except ValueError as error:
        raise BadRequest(f"{place}: {error}") from None


def _plain(value: Any) -> Any:
    """What a value without expressions comes to."""
    if isinstance(value, list):
        return list(map(_plain, value))
    return value.replace("$$", "$") if isinstance(value, str) else value


def _has_expressions(value: Any, place: str) -> bool:
    """Whether a text in a value has an expression in it; raises BadRequest for a wrong one."""
    if isinstance(value, str):
        try:
            return not read_within(value).is_constant
        except BadRequest as error:
            raise BadRequest(f"{place}: {error}") from None
    parts: list[tuple[str, Any]] = []
    if isinstance(value, list):
        parts = [(f"{place}[{at}]", each) for at, each in enumerate(value)]
    elif isinstance(value, dict):
        parts = [(f"{place}.{name}", each) for name, each in value.items()]
    found = [_has_expressions(each, where) for where, each in parts]  # of all: each is checked
    return any(found)


def _expression(value: Any, place: str) -> str:
    if not isinstance(value, str):
        raise BadRequest(f"{place}: expected text with expressions, such as ${{yyyymmdd}}")
    try:
        language.read(value)
    except BadRequest as error:
        raise BadRequest(f"{place}: {error}") from None
    return value


def _check_needs(texts: Mapping[str, str], said: Mapping[str, str], tree: Tree, where: str) -> None:
    """Raises BadRequest for values of one another that they cannot have: `${workflow.name}`."""
    needs = {name: workflow_needs(language.read(text).scoped) for name, text in texts.items()}
    for name in said:
        for other in sorted(needs[name] - texts.keys()):
            what = f"pipeline '{tree.definition.name}' has no scheduling parameter '{other}'"
            raise BadRequest(f"{where}.{name}: {what}")
    found = circle(needs)
    if said.keys() & set(found):
        shown = " -> ".join(found)
        name = next(name for name in said if name in found)
        raise BadRequest(
            f"{where}.{name}: scheduling parameters need one another's values: {shown}"
        )
