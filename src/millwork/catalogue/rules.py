"""The rules that most declarations share: which columns are meant, and what comes out."""

from __future__ import annotations

from difflib import get_close_matches
from typing import TYPE_CHECKING

from millwork.base.errors import BadRequest
from millwork.base.records import dataclass, field
from millwork.catalogue.shapes import UNKNOWN, UNKNOWN_TYPE, Columns, Effect, Learned, is_of

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping, Sequence
    from typing import Any, TypeAlias

    from millwork.catalogue.shapes import Shape

    Rule: TypeAlias = Callable[["Given"], Mapping[str, Shape]]


@dataclass(frozen=True)
class Given:
    """What a component's inputs and parameters are known to be; a parameter may be missing."""

    inputs: Mapping[str, Shape] = field(default_factory=dict)
    parameters: Mapping[str, Any] = field(default_factory=dict)

    def table(self, port: str = "table") -> Columns:
        """The columns at an input; UNKNOWN if they are not known."""
        found = self.inputs.get(port)
        return found if isinstance(found, Columns) else UNKNOWN

    def model(self) -> Learned:
        """The model that came in."""
        found = self.inputs.get("model")
        return found if isinstance(found, Learned) else Learned()

    def transform(self) -> Effect | None:
        """What the transform that came in does; None if there is none, or it is not known."""
        found = self.inputs.get("transform")
        return found if isinstance(found, Effect) else None

    def before(self) -> Effect | None:
        """What was done to the table before; None if that is not known."""
        return self.transform() if "transform" in self.inputs else Effect()

    def get(self, name: str, default: Any = None) -> Any:
        """A parameter's value."""
        found = self.parameters.get(name)
        return default if found is None else found

    def names(self, name: str) -> list[str]:
        """A `Columns` parameter's names."""
        return list(self.get(name, ()))

    def columns(self, name: str, kinds: Iterable[str] = (), port: str = "table") -> list[str]:
        """The columns that a `Column` or `Columns` parameter names; BadRequest as of `chosen`."""
        value = self.get(name) or ()
        names = [value] if isinstance(value, str) else list(value)
        return chosen(self.table(port), names, kinds) or [] if names else []


def chosen(
    columns: Columns, names: Sequence[str], kinds: Iterable[str] = (), without: Iterable[str] = ()
) -> list[str] | None:
    """The columns that are named, or else all of those kinds; None if that is not known.

    BadRequest for one that is known not to be there, or to be of another kind.
    """
    wanted = tuple(kinds)
    if not names:
        if not columns.is_whole or UNKNOWN_TYPE in columns.types.values():
            return None
        found = columns.kind(*wanted) if wanted else list(columns.types)
        return [name for name in found if name not in set(without)]
    require(columns, names)
    for name in names:
        dtype = columns.types.get(name, UNKNOWN_TYPE)
        if wanted and dtype != UNKNOWN_TYPE and not is_of(dtype, wanted):
            raise BadRequest(f"column '{name}' is {dtype}, and {' or '.join(wanted)} is needed")
    return list(dict.fromkeys(names))


def require(columns: Columns, names: Iterable[str]) -> None:
    """BadRequest for a name that the table is known to have no column of."""
    for name in names:
        if columns.is_whole and name not in columns:
            known = list(columns.types)
            shown = ", ".join(known[:20]) or "none"
            more = f", ... ({len(known)} in all)" if len(known) > 20 else ""
            near = get_close_matches(name, known, 1)
            hint = f"; did you mean '{near[0]}'?" if near else ""
            raise BadRequest(f"there is no column '{name}'; there are: {shown}{more}{hint}")


def fresh(columns: Columns, names: Iterable[str]) -> None:
    """BadRequest for a new column's name that the table is known to have already."""
    for name in names:
        if name in columns:
            raise BadRequest(f"there is a column '{name}' already: name the new one differently")


def fixed(**ports: Mapping[str, str] | None) -> Rule:
    """The same columns whatever comes in; None for a port that carries no table."""
    shapes = {port: None if types is None else Columns(types) for port, types in ports.items()}
    return lambda _given: shapes


def checked(kinds: Mapping[str, Iterable[str]], **ports: Mapping[str, str] | None) -> Rule:
    """`fixed`, after a look whether the columns that these parameters name are of those kinds."""
    same_always = fixed(**ports)

    def rule(given: Given) -> Mapping[str, Shape]:
        for name, wanted in kinds.items():
            given.columns(name, wanted)
        return same_always(given)

    return rule


def with_more(rule: Rule, **ports: Mapping[str, str] | None) -> Rule:
    """A rule with further outputs: tables of fixed columns, or None for a report."""
    more = fixed(**ports)
    return lambda given: {**rule(given), **more(given)}


def unknown(_given: Given) -> Mapping[str, Shape]:
    """Nothing is known of the table before the run."""
    return {"table": UNKNOWN}


def fitted(effect: Callable[[Given], Callable[[Columns], Columns]]) -> Rule:
    """A preprocessing that is fitted: its table is what its effect makes of the input, its
    transform the chain that came in with that effect behind it."""

    def rule(given: Given) -> Mapping[str, Shape]:
        step = effect(given)
        before = given.before()
        after = before.then(step) if before else None
        return {"table": step(given.table()), "transform": after}

    return rule
