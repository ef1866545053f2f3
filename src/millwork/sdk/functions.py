"""`@component`: a plain function becomes a component that ships its module's file."""

from __future__ import annotations

import inspect
import shutil
import sys
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any, NoReturn, overload

from millwork import worker
from millwork.base.errors import BadRequest
from millwork.base.records import dataclass
from millwork.formats.python.shipping import (
    CALL,
    MAIN,
    REQUIREMENTS,
    call_of,
    document_of,
    requirements_of,
)
from millwork.sdk.component import Component
from millwork.sdk.definitions import define
from millwork.sdk.saving import claim
from millwork.sdk.signatures import read_function
from millwork.spec.tree import Tree

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from millwork.spec.model import Definition


@dataclass(frozen=True)
class Module:
    """Where a function is: its module's import path, file, and the file's place by that path."""

    name: str
    file: Path
    place: str


class FunctionComponent(Component):
    """A component made of a function; `function` is that function, to be called as it is."""

    def __init__(
        self,
        function: Callable[..., Any],
        definition: Definition,
        module: Module,
        requirements: Sequence[str],
        files: Sequence[str],
    ) -> None:
        super().__init__(Tree(definition))
        self.function = function
        self._module, self._requirements, self._files = module, requirements, files

    def settled(self, folder: Path) -> Definition:
        """The definition with its code written into `folder`, which holds nothing else.

        BadRequest if it does.
        """
        if any(found.name != self.file_name for found in folder.iterdir()):
            claim(folder / MAIN)
        shutil.copyfile(Path(worker.__file__).with_name("function.py"), folder / MAIN)
        (folder / CALL).write_text(self._call(), encoding="utf-8")
        (folder / REQUIREMENTS).write_text(requirements_of(self._requirements), encoding="utf-8")
        _ship(self._module.file, folder / self._module.place)
        for name in self._files:
            place = Path(self._module.place).parent / name
            _ship(self._module.file.parent / name, folder / place)
        return self.tree.definition

    def _call(self) -> str:
        function, module = self.function, self._module
        words = inspect.signature(function).parameters.keys()
        return call_of(function.__name__, module.name, module.place, self.tree.definition, words)


@overload
def component(function: Callable[..., Any], /) -> FunctionComponent: ...
@overload
def component(
    *, requirements: Sequence[str] = ..., files: Sequence[str] = ..., **fields: Any
) -> Callable[[Callable[..., Any]], FunctionComponent]: ...
def component(
    function: Callable[..., Any] | None = None,
    /,
    *,
    requirements: Sequence[str] = (),
    files: Sequence[str] = (),
    **fields: Any,
) -> Any:
    """Makes a component of a function at the top of a module.

    Its parameters become the component's: int, float, str and bool are parameters, `InputPath`
    and `OutputPath` are ports; an annotated result becomes the `value` output `value`. A step has
    the module's file, and what `files` names beside it; it imports the module and calls the
    function. It needs no Millwork. `requirements` are lines of a requirements.txt, `fields` any
    others of a component file: name, version, resources, env, timeout, metrics, ...

    BadRequest for a function that a step could not import, InvalidFile for what a file could not
    hold.
    """
    if isinstance(requirements, str) or isinstance(files, str):
        raise BadRequest("requirements and files are lists of texts")
    if function is None:
        return partial(_make, requirements=requirements, files=files, fields=fields)
    return _make(function, requirements, files, fields)


def _make(
    function: Callable[..., Any],
    requirements: Sequence[str],
    files: Sequence[str],
    fields: Mapping[str, Any],
) -> FunctionComponent:
    original = inspect.unwrap(function) if callable(function) else function
    _refuse_unimportable(original)
    module = _module(original)
    for name in files:
        inside = not Path(name).is_absolute() and ".." not in Path(name).parts
        if not (inside and (module.file.parent / name).exists()):
            raise BadRequest(f"files: there is no {name} in the folder of {module.file.name}")
    signature = read_function(original, "component")
    signature.add_value(f"{original.__name__}()")
    description = inspect.getdoc(original) or ""
    document = document_of(original.__name__, module.name, signature, description, fields)
    definition = define(document, str(module.file))
    return FunctionComponent(original, definition, module, requirements, files)


def _refuse_unimportable(function: Any) -> None:
    """Raises BadRequest for what cannot be found again by module and name."""
    if not inspect.isfunction(function):
        raise BadRequest(f"@component takes a plain function, not {function!r}")
    name = function.__name__
    advice = "move it to the top of a module"
    if name == "<lambda>":
        raise BadRequest("a lambda has no name to import: write a function with def")
    if function.__closure__:
        variables = ", ".join(function.__code__.co_freevars)
        raise BadRequest(
            f"{name}() uses {variables} of the function around it, which a step does not have: "
            f"{advice} and pass {variables} as arguments"
        )
    if "<locals>" in function.__qualname__:
        raise BadRequest(
            f"{name}() is defined within a function, so no step can import it: {advice}"
        )
    if "." in function.__qualname__:
        raise BadRequest(f"{function.__qualname__}() is a method; {advice}, as a function")
    if inspect.iscoroutinefunction(function) or inspect.isgeneratorfunction(function):
        raise BadRequest(f"{name}() is a coroutine or generator; a step calls a plain function")


def _module(function: Any) -> Module:
    found: Any = sys.modules.get(function.__module__)
    path = Path(getattr(found, "__file__", None) or "<none>").absolute()
    written = Path(function.__code__.co_filename)
    if not (path.is_file() and written.is_file() and path.samefile(written)):
        _refuse_without_file(function)
    name = function.__module__
    if name == "__main__":
        name = found.__spec__.name if found.__spec__ else path.stem
    folders = name.split(".") if path.stem == "__init__" else name.split(".")[:-1]
    if path.parts[-1 - len(folders) : -1] != tuple(folders):
        folders = []
    return Module(name, path, "/".join((*folders, path.name)))


def _refuse_without_file(function: Any) -> NoReturn:
    raise BadRequest(
        f"{function.__name__}() was not written in a module's file (a notebook, an interactive "
        "session, or text that was executed): put it into a .py file and import it from there"
    )


def _ship(source: Path, target: Path) -> None:
    target.parent.mkdir(parents=True, exist_ok=True)
    if source.is_dir():
        ignored = shutil.ignore_patterns("__pycache__", ".git")
        shutil.copytree(source, target, dirs_exist_ok=True, ignore=ignored)
    else:
        shutil.copy(source, target)
