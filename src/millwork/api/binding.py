"""A verb's function and a request: the words of one to the arguments of the other."""

from __future__ import annotations

import inspect
import re
from functools import cache
from types import UnionType
from typing import (
    TYPE_CHECKING,
    Any,
    Literal,
    Union,
    get_args,
    get_origin,
    get_type_hints,
    is_typeddict,
)

import msgspec

from millwork.access.verbs import VERBS
from millwork.actions.exchange import Upload
from millwork.actions.perform import function_of
from millwork.base.errors import BadRequest
from millwork.base.names import is_text
from millwork.base.records import dataclass

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping, Sequence

    from millwork.access.verbs import Verb

_MOST_DEPTH = 64
_KIB = 1024
_LARGE = frozenset({"text", "files", "sha256"})
_BIGGEST = 2**63
_UNKNOWN = re.compile(r"Object contains unknown field `(.*)`", re.DOTALL)
_INNER = re.compile(r"Object (contains unknown|missing required) field `(.*)`", re.DOTALL)
_TYPES = {
    "int": "a whole number", "float": "a number", "str": "text", "bool": "true or false",
    "array": "a list", "object": "an object", "null": "null",
}  # fmt: skip


@dataclass(frozen=True)
class Binding:
    """How a verb is asked for: its function, the type of its arguments, and where each is said.

    `takes_file` names the argument that the body is, if that is not JSON; `nested` are those in
    which objects with fields of their own stand.
    """

    verb: Verb
    function: Callable[..., Any]
    arguments: type[msgspec.Struct]
    lists: frozenset[str]
    nested: Mapping[str, Any]
    path: tuple[str, ...]
    takes_file: str
    answer: Any

    def read(
        self,
        path: Mapping[str, str],
        query: Sequence[tuple[str, str]],
        body: Any,
        upload: Upload | None = None,
    ) -> dict[str, Any]:
        """The function's arguments; raises BadRequest, saying what is wrong with which."""
        said = self._said(query) if self.asks_by_query else _object(body)
        for name in self.path:
            if name in said:
                raise BadRequest(f"{name}: it is said by the path already")
        _check_text(said)
        own = {name: value for name, value in path.items() if name in self.path}
        _check_text(own)
        try:
            found = msgspec.convert({**said, **own}, self.arguments, strict=not self.asks_by_query)
        except msgspec.ValidationError as error:
            raise BadRequest(self._explained(str(error))) from None
        for name, hint in self.nested.items():
            _check_known(said.get(name), hint, name)
        arguments = {name: getattr(found, name) for name in self.arguments.__struct_fields__}
        _check_numbers(arguments)
        return {**arguments, self.takes_file: upload} if self.takes_file else arguments

    @property
    def most(self) -> int:
        """How many bytes of JSON are taken: most of them cost a stranger nothing, and us much."""
        if self.verb.needs == "anyone":
            return 16 * _KIB
        is_large = not _LARGE.isdisjoint(self.arguments.__struct_fields__)
        return (16 if is_large else 1) * _KIB * _KIB

    @property
    def asks_by_query(self) -> bool:
        """Whether the query says what others say in a body."""
        return self.verb.method in ("GET", "DELETE") or bool(self.takes_file)

    def _explained(self, text: str) -> str:
        """msgspec's message, and what may be said where only some words are known."""
        unknown = _UNKNOWN.fullmatch(text)
        if unknown:
            there = ", ".join(self.arguments.__struct_fields__)
            return f"there is no field '{unknown[1]}'; there are: {there or 'none'}"
        said = _readable(text)
        name = said.partition(":")[0]
        known = [
            word
            for field in msgspec.structs.fields(self.arguments)
            if field.name == name and "invalid enum value" in said
            for word in _words(field.type)
        ]
        return f"{said}; it is one of {', '.join(known)}" if known else said

    def _said(self, query: Sequence[tuple[str, str]]) -> dict[str, Any]:
        said: dict[str, Any] = {}
        for name, value in query:
            if name in self.lists:
                said.setdefault(name, []).append(value)
            elif name in said:
                raise BadRequest(f"{name}: it is said twice")
            else:
                said[name] = value
        return said


@cache
def binding_of(name: str) -> Binding:
    """The binding of a verb; its module is imported when it is first asked for."""
    verb = VERBS[name]
    function = function_of(verb)
    hints = get_type_hints(function)
    parameters = list(inspect.signature(function).parameters.values())[1:]
    takes_file = next((p.name for p in parameters if hints[p.name] is Upload), "")
    fields = [_field(p, hints[p.name]) for p in parameters if p.name != takes_file]
    # What must be said stands first, as in a signature that mixes both by keywords.
    fields.sort(key=len)
    arguments = msgspec.defstruct(
        "".join(part.title() for part in name.split(".")), fields, forbid_unknown_fields=True,
        kw_only=True,
    )  # fmt: skip
    lists = frozenset(p.name for p in parameters if _is_list(hints[p.name]))
    path = tuple(part[1:-1] for part in verb.path.split("/") if part.startswith("{"))
    path = tuple(part for part in path if part != "workspace")
    nested = {p.name: hints[p.name] for p in parameters if any(objects_in(hints[p.name]))}
    answer = hints.get("return", Any)
    return Binding(verb, function, arguments, lists, nested, path, takes_file, answer)


def _field(parameter: inspect.Parameter, hint: Any) -> Any:
    if parameter.default is inspect.Parameter.empty:
        return (parameter.name, hint)
    return (parameter.name, hint, parameter.default)


def _words(hint: Any) -> list[str]:
    """The words of a Literal, wherever it stands in a type; without the empty one."""
    if get_origin(hint) is Literal:
        return [str(word) for word in get_args(hint) if word != ""]
    return [word for part in get_args(hint) for word in _words(part)]


def _is_list(hint: Any) -> bool:
    if get_origin(hint) in (Union, UnionType):
        return any(_is_list(part) for part in get_args(hint))
    return get_origin(hint) is list


def objects_in(hint: Any) -> Iterator[Any]:
    """The TypedDicts in a type, and in those."""
    is_object = is_typeddict(hint)
    if is_object:
        yield hint
    for inner in _fields(hint).values() if is_object else get_args(hint):
        yield from objects_in(inner)


_fields = cache(get_type_hints)


def _check_known(value: Any, hint: Any, name: str) -> None:
    """Raises BadRequest for a field that an object does not have: msgspec passes over those.

    The value is of its type otherwise.
    """
    if is_typeddict(hint) and isinstance(value, dict):
        fields = _fields(hint)
        for field, inner in value.items():
            if field not in fields:
                raise BadRequest(
                    f"{name}: there is no field '{field}'; there are: {', '.join(fields)}"
                )
            _check_known(inner, fields[field], f"{name}.{field}")
    elif get_origin(hint) is list and isinstance(value, list):
        for index, inner in enumerate(value):
            _check_known(inner, get_args(hint)[0], f"{name}[{index}]")
    elif get_origin(hint) is dict and isinstance(value, dict):
        for key, inner in value.items():
            _check_known(inner, get_args(hint)[1], f"{name}.{key}")
    elif get_origin(hint) in (Union, UnionType):
        for part in get_args(hint):
            _check_known(value, part, name)


def _object(body: Any) -> dict[str, Any]:
    if body is None:
        return {}
    if not isinstance(body, dict):
        raise BadRequest("the body: a JSON object is wanted")
    return body


def _check_text(value: Any, depth: int = 0) -> None:
    """Raises BadRequest for text that no record can hold, and for what is nested without end."""
    if depth > _MOST_DEPTH:
        raise BadRequest(f"the body: nested more than {_MOST_DEPTH} deep")
    if isinstance(value, str):
        if not is_text(value):
            raise BadRequest("text with NUL or a broken character cannot be kept")
    elif isinstance(value, dict):
        for key, inner in value.items():
            _check_text(key, depth + 1)
            _check_text(inner, depth + 1)
    elif isinstance(value, list):
        for inner in value:
            _check_text(inner, depth + 1)


def _check_numbers(value: Any, name: str = "") -> None:
    """Raises BadRequest for a whole number that no record can hold."""
    if isinstance(value, dict):
        for key, inner in value.items():
            _check_numbers(inner, f"{name}.{key}".lstrip("."))
    elif isinstance(value, list):
        for inner in value:
            _check_numbers(inner, name)
    elif isinstance(value, int) and not -_BIGGEST <= value < _BIGGEST:
        raise BadRequest(f"{name}: expected a whole number of at most 64 bits")


def _readable(text: str) -> str:
    """msgspec's message with the place first, as people write it: `quota.cpu: ...`."""
    said, _, place = text.partition(" - at `$")
    name = place.rstrip("`").removeprefix(".")
    field = _INNER.fullmatch(said)
    if field:
        said = f"there is no field '{field[2]}'"
        if field[1] == "missing required":
            said = f"the field '{field[2]}' is missing"
    elif said.startswith("Expected `"):
        said = re.sub(r"`([^`]*)`", lambda match: _in_words(match[1]), said)
    said = said[:1].lower() + said[1:]
    return f"{name}: {said}" if name else said


def _in_words(kinds: str) -> str:
    """Types as people call them: `int | null` is a whole number or null."""
    return " or ".join(_TYPES.get(kind, kind) for kind in kinds.split(" | "))
