"""A step: its function is found, called with what its ports and parameters hold, and kept.

A function's arguments are named as its component's ports and parameters. What is read for a port
is said by the argument's annotation: `pl.LazyFrame`, a class that loads itself as `Model` and
`Transform` do, or `Path` for the path itself; an argument annotated `Folder` is an output's
folder, to be written into. The function returns what its only other output holds, or a mapping of
what each holds.
"""

from __future__ import annotations

import json
import os
import sys
import typing
from importlib import import_module
from inspect import Parameter, signature
from pathlib import Path
from typing import TYPE_CHECKING, Any, NewType, Protocol, runtime_checkable

import polars as pl

from . import tables
from .problems import StepError

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

Folder = NewType("Folder", Path)
"""The folder of an output, which the function itself fills."""


@runtime_checkable
class Kept(Protocol):
    """What writes itself into an output's folder: a model, a transform, a report.

    Their modules are imported by the functions that make them: a step without any is the sooner
    ready.
    """

    def save(self, folder: Path) -> None:
        """Write all of it."""


FAILED = 1
_OUTPUT = "PAI_OUTPUT_"


def main(words: list[str]) -> int:
    """Carry out one step, told by its variables; what went wrong is one line of the log."""
    try:
        run(words[0], words[1:], os.environ)
    except StepError as error:
        return _fail(str(error))
    except MemoryError:
        return _fail("not enough memory: give the step more, or take a sample first")
    except Exception as error:
        if os.environ.get("MILLWORK_TRACEBACK"):
            raise
        return _fail(_in_one_line(error))
    return 0


def run(name: str, members: list[str], variables: Mapping[str, str]) -> None:
    """Call the function `MODULE.FUNCTION` with the step's data, and keep what it returns."""
    function = found_function(name)
    given = arguments(function, variables)
    result = function(*members, **given)
    outputs = result if isinstance(result, dict) else {"": result}
    for port, content in outputs.items():
        if content is not None:
            keep(content, _folder_of(port or _only(function, variables), variables))


def found_function(name: str) -> Callable[..., Any]:
    """The function of that name, `MODULE.FUNCTION`."""
    module, _, attribute = name.partition(".")
    function: Callable[..., Any] = getattr(
        import_module(f".functions.{module}", __package__), attribute
    )
    return function


def arguments(function: Callable[..., Any], variables: Mapping[str, str]) -> dict[str, Any]:
    """What a step's variables hold for the arguments of its function."""
    values = json.loads(variables.get("PAI_HPS") or "{}")
    hints = typing.get_type_hints(function)
    found: dict[str, Any] = {}
    members = signature(function).parameters
    if any(each.kind is Parameter.VAR_KEYWORD for each in members.values()):
        found |= values  # a family's: what its members take differs
    for name, argument in members.items():
        if argument.kind is not Parameter.KEYWORD_ONLY:
            continue
        kind = _kind(hints[name])
        if kind is Folder:
            found[name] = Path(variables[f"{_OUTPUT}{name.upper()}"])
        elif read := _reader(kind):
            path = variables.get(f"PAI_INPUT_{name.upper()}")
            if path:
                found[name] = read(Path(path))
        elif name in values:
            found[name] = values[name]
    return found


def keep(content: Any, folder: Path) -> None:
    """Write what a function returned into an output's folder."""
    if isinstance(content, pl.LazyFrame | pl.DataFrame):
        tables.write(content, folder)
    elif isinstance(content, Kept):
        content.save(folder)
    else:
        folder.write_text(json.dumps(content, allow_nan=False))


def _kind(hint: Any) -> Any:
    """`Model` of `Model | None`."""
    kinds = [each for each in typing.get_args(hint) if each is not type(None)]
    return kinds[0] if kinds and _reader(kinds[0]) else hint


def _reader(kind: Any) -> Callable[[Path], Any] | None:
    """What reads an input of that kind; None for what is no input's."""
    reader: Callable[[Path], Any] | None = _READERS.get(kind) or getattr(kind, "load", None)
    return reader


def _folder_of(port: str, variables: Mapping[str, str]) -> Path:
    return Path(variables[f"{_OUTPUT}{port.upper()}"])


def _only(function: Callable[..., Any], variables: Mapping[str, str]) -> str:
    """The output that the function does not fill itself."""
    hints = typing.get_type_hints(function)
    filled = {name.upper() for name, hint in hints.items() if hint is Folder}
    ports = {name.removeprefix(_OUTPUT) for name in variables if name.startswith(_OUTPUT)}
    (port,) = ports - filled
    return port


def _fail(message: str) -> int:
    print(message, file=sys.stderr)  # noqa: T201 - the step's log
    place = os.environ.get("MILLWORK_REASON")
    if place:
        Path(place).write_text(f"{message}\n", encoding="utf-8")
    return FAILED


def _in_one_line(error: Exception) -> str:
    """A library's error without its frames; the class says whose it is."""
    lines = [line.strip() for line in str(error).splitlines() if line.strip()]
    kind = type(error)
    origin = kind.__module__.partition(".")[0]
    where = "" if origin == "builtins" else f"{origin}: "
    return f"{where}{kind.__name__}: {' '.join(lines)[:1000]}"


_READERS: dict[Any, Callable[[Path], Any]] = {
    pl.LazyFrame: tables.scan,
    Path: Path,
}
