"""Built-ins called with arguments that fit a table, and what their rules foretell."""

from __future__ import annotations

import importlib
import pkgutil
import tempfile
from inspect import Parameter as Argument
from inspect import signature
from pathlib import Path
from typing import TYPE_CHECKING, Any, get_type_hints

import polars as pl

from millwork.catalogue.index import declarations
from millwork.catalogue.rules import Given
from millwork.catalogue.shapes import UNKNOWN_TYPE, Columns
from millwork.runtime.step import Folder, found_function
from tests.catalogue import cases
from tests.catalogue.tables import generated

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from random import Random

    from millwork.catalogue.model import Declaration
    from millwork.catalogue.shapes import Shape
    from millwork.spec.model import Parameter

KINDS: dict[str, Callable[[Any], bool]] = {
    "number": lambda dtype: dtype.is_numeric(),
    "text": lambda dtype: dtype in (pl.String, pl.Categorical),
    "time": lambda dtype: dtype.is_temporal(),
    "bool": lambda dtype: dtype == pl.Boolean,
    "": lambda _dtype: True,
}


def all_cases() -> dict[str, Callable[[pl.DataFrame, Random], dict[str, Any]]]:
    """The arguments that nobody could guess, by the built-in's name."""
    found: dict[str, Callable[[pl.DataFrame, Random], dict[str, Any]]] = {}
    for module in pkgutil.iter_modules(cases.__path__):
        found |= importlib.import_module(f"tests.catalogue.cases.{module.name}").CASES
    return found


CASES = all_cases()
NAMES = sorted(declarations())


def arguments_for(
    declaration: Declaration, table: pl.DataFrame, random: Random
) -> dict[str, Any] | None:
    """Arguments, inputs among them, that fit a table; None if there is no way to make any."""
    given: dict[str, Any] = {}
    for port, declared in declaration.inputs.items():
        if declared.type == "table" and (declared.required or random.random() < 0.5):
            given[port] = table if port == next(iter(declaration.inputs)) else generated(random)
    for name, parameter in declaration.parameters.items():
        value = _value(parameter, given.get(parameter.input), random)
        if value is not None:
            given[name] = value
    if declaration.name in CASES:
        given |= CASES[declaration.name](table, random)
    needed = [port for port, each in declaration.inputs.items() if each.required]
    needed += [name for name, each in declaration.parameters.items() if each.required]
    return given if all(name in given for name in needed) else None


def _value(parameter: Parameter, table: pl.DataFrame | None, random: Random) -> Any:
    if parameter.type in ("Column", "Columns"):
        if table is None or (not parameter.required and random.random() < 0.5):
            return None
        holds = KINDS[parameter.dtype]
        fitting = [name for name, dtype in table.schema.items() if holds(dtype)]
        if random.random() < 0.1:
            fitting = table.columns
        if not fitting:
            return None
        if parameter.type == "Column":
            return random.choice(fitting)
        return random.sample(fitting, random.randint(1, min(3, len(fitting))))
    if parameter.enum and random.random() < 0.7:
        return random.choice(parameter.enum)
    if parameter.type == "Bool" and random.random() < 0.5:
        return random.random() < 0.5
    return parameter.default


def called(declaration: Declaration, given: Mapping[str, Any], folder: Path) -> dict[str, Any]:
    """What the function returns by output, when it is called as its step would."""
    function = found_function(declaration.function)
    hints = get_type_hints(function)
    taken = signature(function).parameters
    arguments: dict[str, Any] = {}
    if any(each.kind is Argument.VAR_KEYWORD for each in taken.values()):
        arguments = {name: given[name] for name in declaration.parameters if name in given}
    for name in taken:
        if hints.get(name) is Folder:
            arguments[name] = Path(tempfile.mkdtemp(dir=folder))
        elif name in given:
            value = given[name]
            arguments[name] = value.lazy() if isinstance(value, pl.DataFrame) else value
    members = [declaration.member] if declaration.member else []
    result = function(*members, **arguments)
    if isinstance(result, dict):
        return result
    filled = {name for name, hint in hints.items() if hint is Folder}
    ports = [port for port in declaration.outputs if port not in filled]
    return {ports[0]: result} if ports else {}


def foretold(declaration: Declaration, given: Mapping[str, Any]) -> Mapping[str, Shape]:
    """What its rule says of the outputs, of the same arguments."""
    inputs: dict[str, Any] = {}
    for port in declaration.inputs:
        value = given.get(port)
        if isinstance(value, pl.DataFrame):
            inputs[port] = Columns({name: str(dtype) for name, dtype in value.schema.items()})
        elif value is not None:
            inputs[port] = None
    parameters = {
        name: tuple(given[name]) if isinstance(given[name], list) else given[name]
        for name in declaration.parameters
        if given.get(name) is not None
    }
    return declaration.rule(Given(inputs, parameters))


def agrees(shape: Shape, frame: pl.DataFrame) -> str:
    """In what the foretold columns differ from a table's; empty if in nothing."""
    real = [(name, str(dtype)) for name, dtype in frame.schema.items()]
    if not isinstance(shape, Columns):
        return f"nothing is foretold of {real}"
    said = list(shape.types.items())
    if shape.is_whole:
        same = len(said) == len(real) and all(map(_is_same, said, real))
        return "" if same else f"foretold {said}, and it is {real}"
    places = {name: (place, dtype) for place, (name, dtype) in enumerate(real)}
    missing = [name for name, _ in said if name not in places]
    if missing:
        return f"foretold and not there: {missing}, of {real}"
    wrong = [each for each in said if not _is_same(each, (each[0], places[each[0]][1]))]
    order = [places[name][0] for name, _ in said]
    return f"foretold {wrong}, of {real}" if wrong or order != sorted(order) else ""


def _is_same(said: tuple[str, str], real: tuple[str, str]) -> bool:
    return said[0] == real[0] and said[1] in (real[1], UNKNOWN_TYPE)
