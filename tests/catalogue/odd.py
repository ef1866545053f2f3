"""What each built-in makes of odd tables: tested, and written into the docs as it was found."""

from __future__ import annotations

import tempfile
from pathlib import Path
from random import Random
from typing import TYPE_CHECKING, Any

import polars as pl

from millwork.base.records import dataclass
from millwork.runtime.problems import StepError
from tests.catalogue.calls import arguments_for, called
from tests.catalogue.tables import ODD, good, renamed

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from millwork.catalogue.model import Declaration

_TRIES = 60


@dataclass(frozen=True)
class Outcome:
    """What came of one odd table: a refusal's message, or none."""

    refusal: str = ""


def outcomes(declaration: Declaration) -> dict[str, Outcome]:
    """By the name of the odd table; none for a built-in that reads no table.

    Anything but a result or a StepError comes out of here as it is.
    """
    given = arguments_that_work(declaration, good())
    if given is None:
        return {}
    found = {
        name: _outcome(declaration, _with_odd(declaration, given, odd)) for name, odd in ODD.items()
    }
    named = good().rename(renamed)
    again = arguments_that_work(declaration, named)
    found["names not ASCII"] = Outcome() if again else Outcome("none of the arguments fit")
    return found


def arguments_that_work(declaration: Declaration, table: pl.DataFrame) -> dict[str, Any] | None:
    """Arguments with which a built-in makes something of a good table."""
    if not any(port.type == "table" for port in declaration.inputs.values()):
        return None
    for seed in range(_TRIES):
        given = arguments_for(declaration, table, Random(f"{declaration.name}{seed}"))
        if given is not None and not _outcome(declaration, given).refusal:
            return given
    return None


def _with_odd(
    declaration: Declaration,
    given: Mapping[str, Any],
    odd: Callable[[pl.DataFrame, list[str]], pl.DataFrame],
) -> dict[str, Any]:
    """The same with an odd table at the first input; the columns in use are what is odd of it."""
    port = next(name for name, each in declaration.inputs.items() if each.type == "table")
    table = given[port]
    used = [
        name
        for parameter, each in declaration.parameters.items()
        if each.input == port and given.get(parameter)
        for name in ([given[parameter]] if each.type == "Column" else given[parameter])
    ]
    used = [name for name in used if name in table.columns]
    numbers = [name for name, dtype in table.schema.items() if dtype.is_numeric()]
    return {**given, port: odd(table, list(dict.fromkeys(used)) or numbers)}


def _outcome(declaration: Declaration, given: Mapping[str, Any]) -> Outcome:
    with tempfile.TemporaryDirectory() as folder:
        try:
            for content in called(declaration, given, Path(folder)).values():
                if isinstance(content, pl.LazyFrame):
                    content.collect()
        except StepError as error:
            return Outcome(str(error))
    return Outcome()
