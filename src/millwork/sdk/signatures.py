"""A typed function's signature as the fields of a component or pipeline file."""

from __future__ import annotations

import inspect
from types import NoneType, UnionType
from typing import (
    TYPE_CHECKING,
    Annotated,
    Any,
    Literal,
    Union,
    get_args,
    get_origin,
    get_type_hints,
)

from millwork.base.errors import BadRequest
from millwork.base.records import dataclass, field
from millwork.sdk.wires import Port

if TYPE_CHECKING:
    from collections.abc import Callable

_TYPES = {int: "Int", float: "Float", str: "String", bool: "Bool", list: "Columns"}
_DOORS = {"pipeline": "Input", "component": "InputPath and OutputPath"}


@dataclass
class Signature:
    """A function's inputs, outputs and parameters as fields; `names` gives each its kind."""

    inputs: dict[str, Any] = field(default_factory=dict)
    outputs: dict[str, Any] = field(default_factory=dict)
    parameters: dict[str, Any] = field(default_factory=dict)
    returns: Any = None

    def document(self) -> dict[str, Any]:
        """The fields that are there."""
        given = {"inputs": self.inputs, "outputs": self.outputs, "parameters": self.parameters}
        return {name: fields for name, fields in given.items() if fields}


@dataclass
class _Hint:
    """An annotation taken apart: `metadata` is all that stands in Annotated."""

    type: Any
    metadata: list[Any] = field(default_factory=list)
    optional: bool = False


def read_function(
    function: Callable[..., Any], owner: Literal["pipeline", "component"]
) -> Signature:
    """The signature of a function for a pipeline or a component.

    BadRequest for a parameter without an annotation, or with one that has no meaning here.
    """
    who = f"{function.__name__}()"
    try:
        hints = get_type_hints(function, include_extras=True)
    except (NameError, TypeError) as error:
        raise BadRequest(f"{who}: its annotations cannot be read: {error}") from None
    found = Signature(returns=hints.get("return"))
    for parameter in inspect.signature(function).parameters.values():
        at = f"{who}: '{parameter.name}'"
        if parameter.kind not in (parameter.POSITIONAL_OR_KEYWORD, parameter.KEYWORD_ONLY):
            raise BadRequest(f"{at}: arguments are given by name; leave out *, ** and /")
        if parameter.name not in hints:
            raise BadRequest(f"{at} has no type; annotate it: int, float, str, bool or a port")
        _read(at, _taken_apart(hints[parameter.name]), parameter.default, owner, found)
    return found


def _read(at: str, hint: _Hint, default: Any, owner: str, found: Signature) -> None:
    name = at.split("'")[1]
    fields = [item for item in hint.metadata if isinstance(item, dict)]
    more: dict[str, Any] = {key: value for item in fields for key, value in item.items()}
    ports = [item for item in hint.metadata if isinstance(item, Port)]
    has_default = default is not inspect.Parameter.empty
    if not ports:
        found.parameters[name] = _parameter(at, hint, default if has_default else None, more)
        if not has_default:
            found.parameters[name].setdefault("required", True)
        return
    if ports[0].owner != owner:
        raise BadRequest(f"{at}: the ports of a {owner} are {_DOORS[owner]}")
    if has_default and default is not None:
        raise BadRequest(f"{at}: the default of a port is None, which makes it optional")
    kinds = [item for item in hint.metadata if isinstance(item, str)]
    port = {"type": kinds[-1]} if kinds else {}
    if ports[0].kind == "outputs":
        found.outputs[name] = port | more
        return
    optional = {"required": False} if has_default else {}
    found.inputs[name] = port | optional | more


def _parameter(at: str, hint: _Hint, default: Any, more: dict[str, Any]) -> dict[str, Any]:
    fields: dict[str, Any] = {}
    kind = hint.type
    if get_origin(kind) is Literal and all(isinstance(word, str) for word in get_args(kind)):
        fields["enum"] = list(get_args(kind))
        kind = str
    kind = list if kind == list[str] else kind
    if kind not in _TYPES:
        raise BadRequest(
            f"{at}: {kind} is neither int, float, str, bool, Literal[...] of texts nor a port"
        )
    fields |= {"type": _TYPES[kind]}
    if default is not None:
        fits = type(default) is kind or (kind is float and type(default) is int)
        if not fits:
            raise BadRequest(f"{at}: the default {default!r} is no {kind.__name__}")
        fields["default"] = default
    return fields | more


def _taken_apart(hint: Any) -> _Hint:
    found = _Hint(hint)
    while True:
        if get_origin(found.type) is Annotated:
            found.metadata = [*found.type.__metadata__, *found.metadata]
            found.type = found.type.__origin__
        elif get_origin(found.type) in (Union, UnionType):
            rest = [item for item in get_args(found.type) if item is not NoneType]
            if len(rest) != 1:
                return found
            found.optional, found.type = True, rest[0]
        else:
            return found
