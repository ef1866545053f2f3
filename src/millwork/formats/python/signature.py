"""A typed function's signature as the fields of a component or pipeline file.

How a hint was come by is not said here: from a function that is there, or from its text.
"""

from __future__ import annotations

import inspect
from pathlib import Path
from types import NoneType, UnionType
from typing import Annotated, Any, Literal, TypeAlias, Union, get_args, get_origin

from millwork.base.errors import BadRequest
from millwork.base.records import dataclass, field

VALUE = "value"
"""The output that a function's result becomes."""
_TYPES = {int: "Int", float: "Float", str: "String", bool: "Bool", list: "Columns"}
_DOORS = {"pipeline": "Input", "component": "InputPath and OutputPath"}
_JSON_TYPES = (int, float, str, bool, list, dict)
NO_DEFAULT = inspect.Parameter.empty


@dataclass(frozen=True)
class Port:
    """What marks an annotation as a port: `owner` is the kind of function it is for."""

    owner: Literal["pipeline", "component"]
    kind: Literal["inputs", "outputs"]


InputPath: TypeAlias = Annotated[Path, Port("component", "inputs")]
"""An input of a function component: the path of a file or folder to read."""

OutputPath: TypeAlias = Annotated[Path, Port("component", "outputs")]
"""An output of a function component: the path of a folder to write into, which is there."""


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

    def add(self, who: str, name: str, annotation: Any, default: Any, owner: str) -> None:
        """Adds what the parameter `name` of the function `who` is; NO_DEFAULT for none.

        BadRequest for an annotation or a default that has no meaning here.
        """
        at, hint = f"{who}: '{name}'", _taken_apart(annotation)
        fields = [item for item in hint.metadata if isinstance(item, dict)]
        more: dict[str, Any] = {key: value for item in fields for key, value in item.items()}
        ports = [item for item in hint.metadata if isinstance(item, Port)]
        has_default = default is not NO_DEFAULT
        if not ports:
            self.parameters[name] = _parameter(at, hint, default if has_default else None, more)
            if not has_default:
                self.parameters[name].setdefault("required", True)
            return
        if ports[0].owner != owner:
            raise BadRequest(f"{at}: the ports of a {owner} are {_DOORS[owner]}")
        if has_default and default is not None:
            raise BadRequest(f"{at}: the default of a port is None, which makes it optional")
        kinds = [item for item in hint.metadata if isinstance(item, str)]
        port = {"type": kinds[-1]} if kinds else {}
        if ports[0].kind == "outputs":
            self.outputs[name] = port | more
            return
        optional = {"required": False} if has_default else {}
        self.inputs[name] = port | optional | more

    def add_value(self, who: str) -> None:
        """Adds the output that an annotated result becomes; BadRequest for one that cannot."""
        kind = get_origin(self.returns) or self.returns
        if kind is None or kind is NoneType:
            return
        if kind not in _JSON_TYPES:
            names = ", ".join(kind.__name__ for kind in _JSON_TYPES)
            raise BadRequest(f"{who}: its result is kept as JSON; annotate it as one of: {names}")
        if VALUE in self.inputs | self.outputs | self.parameters:
            raise BadRequest(f"{who}: '{VALUE}' is the output that its result becomes: rename it")
        self.outputs[VALUE] = {"type": "value"}


@dataclass
class _Hint:
    """An annotation taken apart: `metadata` is all that stands in Annotated."""

    type: Any
    metadata: list[Any] = field(default_factory=list)
    optional: bool = False


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
