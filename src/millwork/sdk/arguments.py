"""Keyword arguments of a call, checked against a component's inputs and parameters."""

from __future__ import annotations

import os
from numbers import Integral, Real
from pathlib import Path
from typing import TYPE_CHECKING, Any

from millwork.base.records import dataclass, field
from millwork.sdk.names import attributes, listed, nearest
from millwork.sdk.wires import Each, Node, Wire
from millwork.spec import values
from millwork.spec.scheduling import names_in

if TYPE_CHECKING:
    from collections.abc import Mapping

    from millwork.spec.model import Parameter, Pipeline
    from millwork.spec.tree import Tree


@dataclass(frozen=True)
class Bound:
    """What was given: wires, absolute paths and plain values, by the component's own names."""

    inputs: dict[str, Wire | str] = field(default_factory=dict)
    parameters: dict[str, Any] = field(default_factory=dict)


def bind(who: str, tree: Tree, given: Mapping[str, Any], within: Pipeline | None = None) -> Bound:
    """The arguments of one call of the component called `who`, `within` a pipeline or alone.

    TypeError for an unknown name, a missing one or a wrong type, ValueError for a value that a
    parameter does not allow.
    """
    known = attributes([*tree.inputs, *tree.parameters])
    bound = Bound()
    for word, value in given.items():
        name = word if word in tree.inputs or word in tree.parameters else known.get(word)
        if name is None:
            raise TypeError(f"{who} {_unknown(tree, word, list(known))}")
        if name in bound.inputs or name in bound.parameters:
            raise TypeError(f"{who} is given '{name}' twice")
        if value is None:
            continue  # as if it were left out
        if name in tree.inputs:
            bound.inputs[name] = _source(f"{who}: the input '{name}'", value)
        else:
            at = f"{who}: the parameter '{name}'"
            is_scheduled = within is not None and bool(names_in(within, value))
            # What a scheduling parameter comes to is known to a run alone.
            bound.parameters[name] = (
                value if is_scheduled else _argument(at, tree.parameters[name], value)
            )
    _require(who, tree, bound)
    return bound


def _unknown(tree: Tree, word: str, known: list[str]) -> str:
    inputs, parameters = listed(tree.inputs), listed(tree.parameters)
    near = nearest(word, known)
    return f"has no input or parameter '{word}'{near} (inputs: {inputs}; parameters: {parameters})"


def _require(who: str, tree: Tree, bound: Bound) -> None:
    missing = [f"the required input '{name}'" for name, port in tree.inputs.items()
               if port.required and name not in bound.inputs]  # fmt: skip
    missing += [
        f"the required parameter '{name}'"
        for name, parameter in tree.parameters.items()
        if parameter.required and parameter.default is None and name not in bound.parameters
    ]
    if missing:
        raise TypeError(f"{who} is not given {', '.join(missing)}")


def _source(at: str, value: Any) -> Wire | str:
    if isinstance(value, Node):
        return value.wire
    if isinstance(value, Wire):
        if value.owner == "parameters":
            raise TypeError(f"{at} reads data; '{value.reference}' is a parameter")
        return value
    if isinstance(value, str | os.PathLike):
        path: str = os.fspath(value)
        return path if "://" in path else os.path.normpath(Path(path).expanduser().absolute())
    raise TypeError(f"{at} takes an output of another component or a path, not {_kind(value)}")


def _argument(at: str, parameter: Parameter, value: Any) -> Any:
    if isinstance(value, Node):
        return value.wire
    if isinstance(value, Wire | Each):
        return value
    plain = _plain(parameter.type, value)
    if plain is None:
        raise TypeError(f"{at} takes {_WORDS[parameter.type]}, not {_kind(value)}")
    try:
        values.read(parameter, plain)
    except ValueError as error:
        raise ValueError(f"{at}: {error}") from None
    return plain


_WORDS = {
    "Int": "a whole number",
    "Float": "a number",
    "String": "text",
    "Bool": "True or False",
    "Column": "a column's name",
    "Columns": "a list of columns' names",
}


def _plain(kind: str, value: Any) -> Any:
    """`value` as JSON has it, None if it is of another type than the parameter's `kind`."""
    is_bool = isinstance(value, bool)
    if kind == "Bool":
        return value if is_bool else None
    if kind == "Int":
        return int(value) if isinstance(value, Integral) and not is_bool else None
    if kind == "Float":
        return float(value) if isinstance(value, Real) and not is_bool else None
    if kind == "Columns":
        names = isinstance(value, list | tuple) and all(isinstance(name, str) for name in value)
        return list(value) if names else None
    return str(value) if isinstance(value, str) else None


def _kind(value: Any) -> str:
    text = repr(value)
    return f"{type(value).__name__} {text if len(text) <= 40 else text[:37] + '...'}"
