"""A pipeline as a script of the Python authoring API, which composes the same pipeline."""

from __future__ import annotations

import builtins
import keyword
import re
from graphlib import TopologicalSorter
from typing import TYPE_CHECKING, Any

from millwork.base.errors import BadRequest
from millwork.base.names import BUILTIN
from millwork.spec import values
from millwork.spec.model import LocalPath, Reference
from millwork.spec.pipeline import upstream
from millwork.spec.scheduling import quoted
from millwork.spec.writer import to_document

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

    from millwork.spec.model import Pipeline, PipelineNode
    from millwork.spec.tree import Tree

_TYPES = {"Int": "int", "Float": "float", "String": "str", "Bool": "bool", "Column": "str",
          "Columns": "list[str]"}  # fmt: skip
_OWN_TYPE = ("Column",)
_RESERVED = frozenset({*dir(builtins), *keyword.kwlist, *keyword.softkwlist, "Annotated", "Input",
                       "Path", "builtin", "load", "pipeline"})  # fmt: skip
_ARGUMENTS = frozenset({"component", "inputs", "parameters", "after", "foreach"})
_SIGNATURE = frozenset({"apiVersion", "kind", "inputs", "parameters", "nodes", "outputs"})
_WIDTH = 100
_INDENT = "    "


def write_script(
    pipeline: Pipeline, children: Mapping[str, Tree]
) -> tuple[str, list[tuple[str, str]]]:
    """The script of a pipeline, and the path and reason of each thing that it cannot carry.

    `children` are the trees of its nodes, as far as they are known. Raises BadRequest for a
    pipeline that defines components in its own file.
    """
    if pipeline.definitions:
        inline = ", ".join(pipeline.definitions)
        raise BadRequest(
            f"'{pipeline.name}' defines {inline} in its own file; a script loads a file for each"
        )
    own = pipeline if pipeline.flavour == "millwork" else quoted(pipeline)
    return _Script(own, children).write()


class _Script:
    """One script; `_arguments` has what its inputs and parameters are called in it."""

    def __init__(self, pipeline: Pipeline, children: Mapping[str, Tree]) -> None:
        self._pipeline, self._children = pipeline, children
        self._document = to_document(pipeline)
        self._left: list[tuple[str, str]] = []
        self._taken, self._words = set(_RESERVED), set[str]()
        self._numbers: dict[str, int] = {}
        self._arguments: dict[tuple[str, str], str] = {}
        for kind in ("inputs", "parameters"):
            for name in getattr(pipeline, kind):
                self._arguments[kind, name] = self._argument(kind, name)
        self._taken |= self._words
        self._here, self._each = self._free("HERE"), self._free("each")
        self._function = self._free(pipeline.name)
        self._parts = self._loaded()
        self._nodes = {name: self._free(name) for name in pipeline.nodes}
        self._imports: set[str] = set()

    def write(self) -> tuple[str, list[tuple[str, str]]]:
        """The whole text."""
        loads = [f"{name} = {self._load(file)}" for file, name in self._parts.items()]
        body = [line for name in self._ordered() for line in self._node(name)]
        body = [f"{_INDENT}{line}" for line in (*body, *self._returned())]
        function = [*self._head(), *body]
        required = any(port.required for port in self._pipeline.inputs.values()) or any(
            parameter.required and parameter.default is None
            for parameter in self._pipeline.parameters.values()
        )
        shown = self._function if required else f"{self._function}.run()"
        uses_here = any(self._here in line for line in (*loads, *body))
        here = [f"{self._here} = Path(__file__).absolute().parent"] if uses_here else []
        parts = [*self._imported(uses_here), "", *here, *loads, "", "", *function, "", ""]
        main = ['if __name__ == "__main__":', f"{_INDENT}print({shown})"]
        return "\n".join([*parts, *main, ""]), self._left

    def _argument(self, kind: str, name: str) -> str:
        """What an input or parameter is called: Python's names are fewer."""
        word = self._counted(_identifier(name), self._words)
        if word != name:
            reason = f"it is called {word} here, as Python's names have letters, digits and '_'"
            self._left.append((f"{kind}.{name}", reason))
        return word

    def _free(self, wanted: str) -> str:
        """A name for a variable that nothing else has."""
        return self._counted(_identifier(wanted), self._taken)

    def _counted(self, plain: str, taken: set[str]) -> str:
        """A name, with a number behind it if it is taken."""
        name, number = plain, self._numbers.get(plain, 1)
        while name in taken:
            number += 1
            name = f"{plain}_{number}"
        self._numbers[plain] = number
        taken.add(name)
        return name

    def _loaded(self) -> dict[str, str]:
        """The variable of each component that a node names."""
        found: dict[str, str] = {}
        nodes = self._pipeline.nodes
        known = {nodes[name].component for name in self._children if name in nodes}
        for name, node in nodes.items():
            file = node.component
            if file not in found:
                stem = _stem(file)
                found[file] = self._free(f"{stem}_component" if stem in nodes else stem)
            if not file.startswith((BUILTIN, ".", "/")) and file not in known:
                reason = f"a script loads files and built-ins: {file[:80]} has to be one of them"
                self._left.append((f"nodes.{name}.component", reason))
        return found

    def _load(self, file: str) -> str:
        if file.startswith(BUILTIN):
            self._imports.add("builtin")
            return f"builtin({_text(file.removeprefix(BUILTIN))})"
        self._imports.add("load")
        is_reference = ":" in file
        return f"load({_text(file)})" if is_reference else f"load({self._path(file)})"

    def _path(self, path: str) -> str:
        return f"{self._here} / {_text(path.removeprefix('./') or '.')}"

    def _imported(self, uses_here: bool) -> Iterator[str]:
        yield f'"""The pipeline {self._pipeline.name}: running this makes it, and runs it."""'
        yield ""
        is_annotated = any("Annotated[" in line for line in self._head())
        if uses_here:
            yield "from pathlib import Path"
        if is_annotated:
            yield "from typing import Annotated"
        if uses_here or is_annotated:
            yield ""
        names = {*self._imports, "pipeline", *(["Input"] if self._pipeline.inputs else [])}
        yield f"from millwork import {', '.join(sorted(names, key=_import_order))}"

    def _ordered(self) -> list[str]:
        """The nodes, each behind those that it waits for."""
        nodes = self._pipeline.nodes
        waits = {name: upstream(node) & nodes.keys() for name, node in nodes.items()}
        return list(TopologicalSorter(waits).static_order())

    # --- the function -------------------------------------------------------------------------

    def _head(self) -> list[str]:
        fields = {name: value for name, value in self._document.items() if name not in _SIGNATURE}
        given = [_field(name, value) for name, value in fields.items()]
        arguments = [self._input(name) for name in self._pipeline.inputs]
        arguments += [self._parameter(name) for name in self._pipeline.parameters]
        if arguments:
            arguments = ["*", *arguments]
        return [
            *_call("@pipeline(", given, ")"),
            *_call(f"def {self._function}(", arguments, "):"),
        ]

    def _input(self, name: str) -> str:
        fields = dict(self._document["inputs"][name])
        kind = [_text(fields.pop("type"))] if "type" in fields else []
        default = "" if fields.pop("required", True) else " = None"
        more = [_literal(fields)] if fields else []
        word = self._arguments["inputs", name]
        return f"{word}: {_annotated('Input', [*kind, *more])}{default}"

    def _parameter(self, name: str) -> str:
        parameter, fields = self._pipeline.parameters[name], self._document["parameters"][name]
        fields = dict(fields)
        kind, default = fields["type"], ""
        if kind not in _OWN_TYPE:
            del fields["type"]
        if parameter.default is not None:
            default = f" = {_literal(fields.pop('default'))}"
        elif fields.pop("required", False) is False:
            fields["required"] = False
        more = [_literal(fields)] if fields else []
        return f"{self._arguments['parameters', name]}: {_annotated(_TYPES[kind], more)}{default}"

    def _node(self, name: str) -> list[str]:
        node, document = self._pipeline.nodes[name], self._document["nodes"][name]
        arguments = {port: self._source(wire) for port, wire in node.inputs.items()}
        arguments |= {word: self._value(name, node, word) for word in node.parameters}
        if node.foreach:
            self._imports.add("each" if self._each == "each" else f"each as {self._each}")
            most = node.foreach.max_parallel
            limit = f", max_parallel={most}" if most else ""
            arguments[node.foreach.into] = (
                f"{self._each}({self._source(node.foreach.items)}{limit})"
            )
        options = [f"name={_text(name)}"]
        if node.after:
            options.append(f"after=[{', '.join(self._nodes[other] for other in node.after)}]")
        options += [f"{option}={_literal(value)}" for option, value in document.items()
                    if option not in _ARGUMENTS]  # fmt: skip
        start = f"{self._nodes[name]} = {self._parts[node.component]}("
        *lines, last = _call(start, _keywords(arguments), ")")
        return [*lines, *_call(f"{last}.with_(", options, ")")]

    def _source(self, source: Any) -> str:
        if isinstance(source, LocalPath):
            return _text(source.path) if "://" in source.path else self._path(source.path)
        if (source.owner, source.name) in self._arguments:
            return self._arguments[source.owner, source.name]
        word = source.name
        is_plain = re.fullmatch("[a-z][a-z0-9_]*", word) and word not in (*keyword.kwlist, "keys")
        port = f".{word}" if is_plain else f"[{_text(word)}]"
        return f"{self._nodes[source.owner]}.outputs{port}"

    def _value(self, name: str, node: PipelineNode, word: str) -> str:
        """A value as its parameter takes it; as it is written if that is not known."""
        value = node.parameters[word]
        if isinstance(value, Reference):
            return self._source(value)
        child = self._children.get(name)
        parameter = child.parameters.get(word) if child else None
        if parameter:
            value = values.typed(parameter, value)
        elif not isinstance(value, list | tuple):
            reason = "its type is not known here: it is written as text"
            self._left.append((f"nodes.{name}.parameters.{word}", reason))
        return _literal(list(value) if isinstance(value, tuple) else value)

    def _returned(self) -> list[str]:
        outputs = self._pipeline.outputs
        if not outputs:
            return []
        pairs = [f"{_text(name)}: {self._source(wire)}" for name, wire in outputs.items()]
        return _call("return {", pairs, "}")


def _identifier(name: str) -> str:
    """A name as Python can write it."""
    text = re.sub(r"[^A-Za-z0-9_]", "_", name)
    if not text[:1].isalpha():
        text = f"n{text}"
    return f"{text}_" if keyword.iskeyword(text) else text


def _stem(file: str) -> str:
    """What a component's variable is called: as its folder, its file, or its own name."""
    if ":" in file:
        return file.rpartition(":")[2].partition("@")[0] or "component"
    parts = [
        part for part in re.sub(r"\.(ya?ml|json)$", "", file).split("/") if part not in (".", "..")
    ]
    while len(parts) > 1 and parts[-1] in ("component", "pipeline", "algorithm"):
        parts.pop()
    return parts[-1] if parts else "component"


def _annotated(kind: str, more: list[str]) -> str:
    return f"Annotated[{', '.join([kind, *more])}]" if more else kind


def _import_order(name: str) -> tuple[bool, str]:
    return name[0].islower(), name


def _keywords(arguments: Mapping[str, str]) -> list[str]:
    """Arguments by name; those whose names Python cannot write stand in a dictionary."""
    given = [f"{name}={text}" for name, text in arguments.items() if _is_word(name)]
    rest = [f"{_text(name)}: {text}" for name, text in arguments.items() if not _is_word(name)]
    return [*given, f"**{{{', '.join(rest)}}}"] if rest else given


def _is_word(name: str) -> bool:
    return name.isascii() and name.isidentifier() and not keyword.iskeyword(name)


def _call(start: str, arguments: Iterable[str], end: str) -> list[str]:
    """A call on one line, or with a line for each argument."""
    given = list(arguments)
    line = f"{start}{', '.join(given)}{end}"
    if not given or (len(line) <= _WIDTH - len(_INDENT) and "\n" not in line):
        return [line]
    lines = "".join(f"{each},\n" for each in given).splitlines()
    return [start, *(f"{_INDENT}{each}" for each in lines), end]


def _field(name: str, value: Any) -> str:
    """A field of a decorator; what is long has several lines."""
    line = f"{name}={_literal(value)}"
    if len(line) <= _WIDTH - len(_INDENT):
        return line
    if isinstance(value, dict):
        parts = [f"{_text(key)}: {_literal(item)}" for key, item in value.items()]
        return "\n".join(_call(f"{name}={{", parts, "}"))
    if isinstance(value, str):
        texts = [f"{_INDENT}{_text(each)}" for each in value.splitlines(keepends=True)]
        return "\n".join([f"{name}=(", *texts, ")"])
    return line


def _literal(value: Any) -> str:
    """A plain value as Python writes it, texts in double quotes."""
    if isinstance(value, str):
        return _text(value)
    if isinstance(value, dict):
        return (
            f"{{{', '.join(f'{_text(name)}: {_literal(item)}' for name, item in value.items())}}}"
        )
    if isinstance(value, list | tuple):
        return f"[{', '.join(map(_literal, value))}]"
    return repr(value)


def _text(text: str) -> str:
    """A text in double quotes, where `repr` does not need others."""
    written = repr(text)
    if written.startswith("'") and '"' not in written:
        return f'"{written[1:-1]}"'
    return written
