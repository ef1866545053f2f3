"""A Python file's text as a component: one function of it, read and never imported or run.

What its annotations mean is what `@component` makes of them; names are followed through the
file's own imports and assignments, and no further.
"""

from __future__ import annotations

import ast
import re
from typing import TYPE_CHECKING, Annotated, Any, Literal, Optional, Union

from millwork.base.errors import BadRequest, InvalidFile
from millwork.base.faults import Fault
from millwork.base.records import dataclass, field
from millwork.formats.python.signature import (
    NO_DEFAULT,
    InputPath,
    OutputPath,
    Port,
    Signature,
)
from millwork.spec.document import COMPONENT_LIMITS

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

_DEF = re.compile(r"^(?:async[ \t]+)?def[ \t]+\w+[ \t]*\(", re.MULTILINE)
_DEEPEST = 20
_COMPONENT = object()
"""What stands for Millwork's decorator."""
_TYPING: Mapping[str, Any] = {
    "Annotated": Annotated, "Literal": Literal, "Optional": Optional, "Union": Union,
}  # fmt: skip
_MILLWORK = {
    "InputPath": InputPath, "OutputPath": OutputPath, "component": _COMPONENT,
    "Input": Annotated[object, Port("pipeline", "inputs")],
}  # fmt: skip
_MODULES: Mapping[str, Mapping[str, Any]] = {
    "typing": _TYPING, "typing_extensions": _TYPING, "millwork": _MILLWORK,
}  # fmt: skip
_BUILTINS = {"int": int, "float": float, "str": str, "bool": bool, "list": list, "dict": dict}
_ONE = "a component is one function"


@dataclass(frozen=True)
class FunctionText:
    """The function of a file: its signature, and what its decorator says.

    `words` are the names of its parameters, `line` is where it stands; `files` are those that it
    needs beside its own.
    """

    name: str
    line: int
    signature: Signature
    description: str
    words: tuple[str, ...]
    requirements: tuple[str, ...] = ()
    files: tuple[str, ...] = ()
    fields: Mapping[str, Any] = field(default_factory=dict)


def is_python(text: str) -> bool:
    """Whether a text is Python with a function at its top."""
    if len(text) > COMPONENT_LIMITS.size or not _DEF.search(text):
        return False
    try:
        ast.parse(text)
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return False
    return True


def read_source(text: str, file: str) -> FunctionText:
    """The function in a file's text that is to become a component.

    It is the one that is decorated with `@component`, else the only one at the top whose name does
    not begin with `_`. Raises InvalidFile with line and column of each fault.
    """
    if len(text.encode("utf-8", "replace")) > COMPONENT_LIMITS.size:
        message = f"the file is longer than {COMPONENT_LIMITS.size:,} bytes"
        raise InvalidFile([Fault(file, 1, 1, "", "error", message)])
    try:
        return _Reader(ast.parse(text), file).function()
    except SyntaxError as error:
        place = (error.lineno or 1, error.offset or 1)
        raise InvalidFile([Fault(file, *place, "", "error", f"not Python: {error.msg}")]) from None
    except (ValueError, RecursionError, MemoryError) as error:
        message = f"not Python that can be read: {error or 'nested too deep'}"
        raise InvalidFile([Fault(file, 1, 1, "", "error", message)]) from None


class _Reader:
    def __init__(self, module: ast.Module, file: str) -> None:
        self._module, self._file = module, file
        self._faults: list[Fault] = []
        self._names: dict[str, Any] = {**_BUILTINS}
        self._aliases: dict[str, ast.expr] = {}
        for node in _top(module.body):
            self._learn(node)

    def function(self) -> FunctionText:
        """The function; InvalidFile with every fault of it."""
        node, decorator = self._chosen()
        who = f"{node.name}()"
        self._check_plain(node, who)
        signature = Signature()
        for argument, default in self._arguments(node, who):
            self._add(signature, argument, default, who)
        self._returns(signature, node, who)
        said = self._said(decorator)
        if self._faults:
            raise InvalidFile(self._faults)
        lists = {name: self._texts(said, name, node) for name in ("requirements", "files")}
        description = ast.get_docstring(node) or ""
        words = tuple(argument.arg for argument in (*node.args.args, *node.args.kwonlyargs))
        return FunctionText(
            node.name, node.lineno, signature, description, words, **lists,
            fields={name: value for name, value in said.items() if name not in lists},
        )  # fmt: skip

    # --- which --------------------------------------------------------------------------------

    def _chosen(self) -> tuple[ast.FunctionDef | ast.AsyncFunctionDef, ast.expr | None]:
        functions = [node for node in _top(self._module.body)
                     if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)]  # fmt: skip
        marked = [(node, each) for node in functions for each in node.decorator_list
                  if self._is_component(each)]  # fmt: skip
        if len(marked) == 1:
            return marked[0]
        open_ = [node for node in functions if not node.name.startswith("_")]
        if not marked and len(open_) == 1:
            return open_[0], None
        found = [node for node, _ in marked] or open_
        listed = ", ".join(f"{node.name} (line {node.lineno})" for node in found[:10])
        if not found:
            raise self._refused(None, f"{_ONE}, and there is none at the top of the file")
        what = "leave one with @component" if marked else "put @component above the one"
        raise self._refused(found[1], f"{_ONE}; there are {listed}: {what}")

    def _is_component(self, decorator: ast.expr) -> bool:
        called = decorator.func if isinstance(decorator, ast.Call) else decorator
        return isinstance(called, ast.Name | ast.Attribute) and self._known(called) is _COMPONENT

    def _check_plain(self, node: ast.FunctionDef | ast.AsyncFunctionDef, who: str) -> None:
        yields = any(isinstance(each, ast.Yield | ast.YieldFrom) for each in _own(node))
        if isinstance(node, ast.AsyncFunctionDef) or yields:
            raise self._refused(
                node, f"{who} is a coroutine or generator; a step calls a plain function"
            )

    # --- its signature ------------------------------------------------------------------------

    def _arguments(
        self, node: ast.FunctionDef | ast.AsyncFunctionDef, who: str
    ) -> Iterator[tuple[ast.arg, ast.expr | None]]:
        given = node.args
        for odd in (*given.posonlyargs, given.vararg, given.kwarg):
            if odd:
                message = "arguments are given by name; leave out *, ** and /"
                self._fault(odd, f"{who}: '{odd.arg}': {message}")
        least = len(given.args) - len(given.defaults[-len(given.args) :] if given.args else [])
        defaults = [None] * least + given.defaults[-len(given.args) :] if given.args else []
        yield from zip(given.args, defaults, strict=True)
        yield from zip(given.kwonlyargs, given.kw_defaults, strict=True)

    def _add(
        self, signature: Signature, argument: ast.arg, default: ast.expr | None, who: str
    ) -> None:
        at = f"{who}: '{argument.arg}'"
        if argument.annotation is None:
            message = f"{at} has no type; annotate it: int, float, str, bool or a port"
            self._fault(argument, message)
            return
        try:
            hint = self._hint(argument.annotation)
            value = NO_DEFAULT if default is None else self._literal(default)
            signature.add(who, argument.arg, hint, value, "component")
        except (BadRequest, TypeError) as error:
            said = str(error)
            self._fault(argument, said if said.startswith(who) else f"{at}: {said}")

    def _returns(
        self, signature: Signature, node: ast.FunctionDef | ast.AsyncFunctionDef, who: str
    ) -> None:
        if node.returns is None:
            return
        try:
            signature.returns = self._hint(node.returns)
            signature.add_value(who)
        except (BadRequest, TypeError) as error:
            said = str(error)
            self._fault(node.returns, said if said.startswith(who) else f"{who}: {said}")

    def _said(self, decorator: ast.expr | None) -> dict[str, Any]:
        """What the decorator is called with."""
        found: dict[str, Any] = {}
        if not isinstance(decorator, ast.Call):
            return found
        for odd in decorator.args:
            self._fault(odd, "@component takes fields by name")
        for keyword in decorator.keywords:
            try:
                if keyword.arg is None:
                    raise BadRequest("fields stand in the call one by one, without **")
                found[keyword.arg] = self._literal(keyword.value)
            except BadRequest as error:
                self._fault(keyword.value, f"@component: {error}")
        return found

    def _texts(self, said: Mapping[str, Any], name: str, node: ast.AST) -> tuple[str, ...]:
        given = said.get(name, ())
        if isinstance(given, list | tuple) and all(isinstance(each, str) for each in given):
            return tuple(given)
        raise self._refused(node, f"@component: {name} is a list of texts")

    # --- names --------------------------------------------------------------------------------

    def _learn(self, node: ast.stmt) -> None:
        """What an import or an assignment at the top of the file makes of a name."""
        if isinstance(node, ast.Import):
            for each in node.names:
                if each.name in _MODULES:
                    self._names[each.asname or each.name] = _MODULES[each.name]
        elif isinstance(node, ast.ImportFrom) and not node.level:
            known = _MODULES.get(node.module or "", {})
            for each in node.names:
                if each.name in known:
                    self._names[each.asname or each.name] = known[each.name]
        elif isinstance(node, ast.Assign) and len(node.targets) == 1:
            if isinstance(node.targets[0], ast.Name):
                self._aliases[node.targets[0].id] = node.value
        elif isinstance(node, ast.AnnAssign) and isinstance(node.target, ast.Name) and node.value:
            self._aliases[node.target.id] = node.value

    def _known(self, node: ast.expr) -> Any:
        """What a name or `module.name` stands for; None if that is not known."""
        if isinstance(node, ast.Name):
            return self._names.get(node.id)
        if isinstance(node, ast.Attribute) and isinstance(node.value, ast.Name):
            module = self._names.get(node.value.id)
            return module.get(node.attr) if isinstance(module, dict) else None
        return None

    def _hint(self, node: ast.expr, depth: int = 0) -> Any:
        """An annotation as `typing` has it; BadRequest for one that has no meaning here."""
        if depth > _DEEPEST:
            raise BadRequest("its type is nested too deep")
        if isinstance(node, ast.Constant) and node.value is None:
            return None
        if isinstance(node, ast.Constant) and isinstance(node.value, str):
            return self._hint(_parsed(node.value), depth + 1)
        if isinstance(node, ast.BinOp) and isinstance(node.op, ast.BitOr):
            sides = (self._hint(side, depth + 1) for side in (node.left, node.right))
            return _TYPING["Union"][tuple(sides)]
        if isinstance(node, ast.Subscript):
            return self._subscript(node, depth)
        known = self._known(node)
        if known is None and isinstance(node, ast.Name) and node.id in self._aliases:
            return self._hint(self._aliases[node.id], depth + 1)
        if known is None or known is _COMPONENT or isinstance(known, dict):
            raise BadRequest(
                f"the type {_shown(node)} is not known: int, float, str, bool or a port"
            )
        return known

    def _subscript(self, node: ast.Subscript, depth: int) -> Any:
        kind = self._known(node.value)
        parts = list(node.slice.elts) if isinstance(node.slice, ast.Tuple) else [node.slice]
        if kind is Literal:
            return Literal[tuple(self._literal(part) for part in parts)]
        if kind is Annotated and len(parts) > 1:
            base = self._hint(parts[0], depth + 1)
            return Annotated[(base, *(self._literal(part) for part in parts[1:]))]
        if kind in (Optional, Union, list, dict):
            inner = tuple(self._hint(part, depth + 1) for part in parts)
            return kind[inner if kind in (Union, dict) else inner[0]]
        raise BadRequest(f"the type {_shown(node)} has no meaning here")

    def _literal(self, node: ast.expr) -> Any:
        try:
            return ast.literal_eval(node)
        except (ValueError, TypeError, SyntaxError, RecursionError, MemoryError):
            what = "it is read, and not computed: write it out"
            raise BadRequest(f"{_shown(node)}: {what}") from None

    # --- faults -------------------------------------------------------------------------------

    def _fault(self, node: Any, message: str) -> None:
        line, column = getattr(node, "lineno", 1), getattr(node, "col_offset", 0) + 1
        self._faults.append(Fault(self._file, line, column, "", "error", message))

    def _refused(self, node: Any, message: str) -> InvalidFile:
        self._fault(node, message)
        return InvalidFile(self._faults)


def _top(body: list[ast.stmt]) -> Iterator[ast.stmt]:
    """The statements at the top of a module, and those of `if TYPE_CHECKING` and `try`."""
    for node in body:
        yield node
        if isinstance(node, ast.If | ast.Try):
            yield from _top(node.body)


def _own(function: ast.FunctionDef | ast.AsyncFunctionDef) -> Iterator[ast.AST]:
    """What stands in a function, without the functions in it."""
    waiting: list[ast.AST] = list(function.body)
    while waiting:
        node = waiting.pop()
        yield node
        if not isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.Lambda):
            waiting += ast.iter_child_nodes(node)


def _parsed(text: str) -> ast.expr:
    try:
        return ast.parse(text.strip(), mode="eval").body
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        raise BadRequest(f"the type {text[:60]!r} is not Python") from None


def _shown(node: ast.expr) -> str:
    try:
        text = ast.unparse(node)
    except RecursionError:
        text = "..."
    return f"'{text if len(text) <= 60 else text[:57] + '...'}'"
