"""Writes `millwork/client/nouns/`: a class a noun, with a typed method for each of its verbs."""

from __future__ import annotations

import inspect
import json
import shutil
import subprocess
import sys
import types
from importlib import import_module
from pathlib import Path
from typing import Any, Literal, Union, get_args, get_origin, get_type_hints, is_typeddict

from millwork.access.verbs import VERBS, Verb
from millwork.actions.exchange import Download, EventFeed, LogFeed, Text, Upload
from millwork.actions.perform import function_of

FOLDER = Path(__file__).resolve().parents[2] / "src" / "millwork" / "client" / "nouns"
_PLAIN = (str, int, float, bool)
_STREAMS = (EventFeed, LogFeed)
_MOST_NAMED = 16
_HEAD = "# ruff: noqa: A002, E501\n"
_NOTE = "Written by `make docs` from the verbs and their functions: change those."


def files() -> dict[str, str]:
    """The text of each file of the folder, by its name."""
    made = {f"{noun}.py": _module(noun, verbs) for noun, verbs in nouns().items()}
    made["__init__.py"] = _container(list(nouns()))
    return {name: _formatted(text) for name, text in sorted(made.items())}


def nouns() -> dict[str, list[Verb]]:
    """The verbs that there are functions for, by noun."""
    found: dict[str, list[Verb]] = {}
    for verb in VERBS.values():
        if is_made(verb):
            found.setdefault(verb.name.partition(".")[0], []).append(verb)
    return found


def is_made(verb: Verb) -> bool:
    """Whether there is a function that carries it out."""
    try:
        function_of(verb)
    except (ImportError, AttributeError):
        return False
    return True


def write() -> None:
    """Writes the files that have changed, and removes those of nouns that are no more."""
    FOLDER.mkdir(exist_ok=True)
    made = files()
    for path in FOLDER.glob("*.py"):
        if path.name not in made:
            path.unlink()
    for name, text in made.items():
        path = FOLDER / name
        if not path.exists() or path.read_text(encoding="utf-8") != text:
            path.write_text(text, encoding="utf-8")


def path_of(verb: Verb) -> list[str]:
    """The names of the parts of its path that are said, in their order."""
    parts = [part[1:-1] for part in verb.path.split("/") if part.startswith("{")]
    return [part for part in parts if part != "workspace"]


class _Names:
    """The types that a module names, and where each comes from."""

    def __init__(self) -> None:
        self.views: dict[str, set[str]] = {}
        self.typing: set[str] = set()
        self.others: set[str] = set()

    def of(self, hint: Any) -> str:
        """A type as the client writes it."""
        if hint is None or hint is type(None):
            return "None"
        if hint in _PLAIN:
            return str(hint.__name__)
        if hint in _STREAMS:
            self.others.add("stream")
            return "Iterator[Message]"
        if hint is Text:
            return "str"
        origin, inner = get_origin(hint), get_args(hint)
        if origin is Literal:
            self.typing.add("Literal")
            return f"Literal[{', '.join(json.dumps(word) for word in inner)}]"
        if origin in (Union, types.UnionType):
            return " | ".join(dict.fromkeys(self.of(part) for part in inner))
        if origin is list:
            self.others.add("builtins")
            return f"builtins.list[{self.of(inner[0])}]"
        if origin is dict:
            return f"dict[{self.of(inner[0])}, {self.of(inner[1])}]"
        if is_typeddict(hint) and hint.__module__.startswith("millwork.views."):
            self.views.setdefault(hint.__module__, set()).add(hint.__name__)
            return str(hint.__name__)
        self.typing.add("Any")
        return "dict[str, Any]" if is_typeddict(hint) else "Any"

    def imports(self) -> str:
        """The lines that import them, for type checkers alone."""
        lines = ["import builtins"] if "builtins" in self.others else []
        if "stream" in self.others:
            lines += ["from collections.abc import Iterator",
                      "from millwork.client.messages import Message"]  # fmt: skip
        for module, named in self.views.items():
            lines.append(f"from {module} import {', '.join(sorted(named))}")
        typed = sorted({"TYPE_CHECKING", *self.typing} if lines else self.typing)
        head = f"from typing import {', '.join(typed)}\n" if typed else ""
        if not lines:
            return head
        return head + "if TYPE_CHECKING:\n" + "".join(f"    {line}\n" for line in lines)


def _module(noun: str, verbs: list[Verb]) -> str:
    names = _Names()
    methods = "\n".join(_method(verb, names) for verb in verbs)
    about = (import_module(f"millwork.actions.nouns.{noun}").__doc__ or "").splitlines()[0]
    further = "from millwork.client.artifacts import save\n" if noun == "artifacts" else ""
    return (
        f'{_HEAD}"""{about}\n\n{_NOTE}\n"""\n\nfrom __future__ import annotations\n\n'
        f"{names.imports()}\n{further}from millwork.client.noun import Noun\n\n\n"
        f'class {_class(noun)}(Noun):\n    """{about}"""\n\n{methods}'
    )


def _method(verb: Verb, names: _Names) -> str:
    function = function_of(verb)
    hints = get_type_hints(function)
    parameters = list(inspect.signature(function).parameters.values())[1:]
    in_path = path_of(verb)
    if any(hints[parameter.name] is Upload for parameter in parameters):
        return _upload(verb, function, names)
    answer = hints["return"]
    said = [f"{name}: str" for name in in_path]
    own = sorted((p for p in parameters if p.name not in in_path), key=_has_default)
    own = [p for p in own if p.name != "since"]  # the stream itself goes on where it was
    keywords = [_keyword(p, hints[p.name], names) for p in own]
    if answer is Download:
        keywords.insert(0, "to: str")
    star = ["*"] if keywords else []
    action = verb.name.partition(".")[2]
    returned = "None" if answer is Download else names.of(answer)
    passed = "".join(f", {name}={name}" for name in [*in_path, *(p.name for p in own)])
    before = ""
    if len(own) > _MOST_NAMED:
        passed = ", **said"
        before = 'said = {name: one for name, one in locals().items() if name != "self"}\n        '
    call = f'return self._door.{_way(answer)}("{verb.name}"{passed})'
    if answer is Download:
        call = f"save(self._door, to{passed})"
    elif answer not in _STREAMS and answer is not Text:
        call = f'answer: {returned} = self._door.ask("{verb.name}"{passed})\n        return answer'
    elif answer is Text:
        call = f'return str(self._door.ask("{verb.name}"{passed}))'
    return (
        f"    def {action}({', '.join(['self', *said, *star, *keywords])}) -> {returned}:\n"
        f'        """{_summary(function)}"""\n        {before}{call}\n'
    )


def _way(answer: Any) -> str:
    return "stream" if answer in _STREAMS else "ask"


def _upload(verb: Verb, function: Any, names: _Names) -> str:
    names.typing.add("Any")
    action = verb.name.partition(".")[2]
    return (
        f"    def {action}(self, sha256: str, *, path: str) -> dict[str, Any]:\n"
        f'        """{_summary(function)}"""\n'
        "        answer: dict[str, Any] = self._door.upload(path, sha256)\n        return answer\n"
    )


def _keyword(parameter: inspect.Parameter, hint: Any, names: _Names) -> str:
    default = "" if not _has_default(parameter) else f" = {parameter.default!r}"
    return f"{parameter.name}: {names.of(hint)}{default}"


def _has_default(parameter: inspect.Parameter) -> bool:
    return parameter.default is not inspect.Parameter.empty


def _summary(function: Any) -> str:
    text = " ".join(inspect.cleandoc(function.__doc__).partition("\n\n")[0].split())
    return text.replace("\\", "\\\\")


def _container(named: list[str]) -> str:
    at = "from millwork.client.nouns"
    imports = "".join(f"{at}.{noun} import {_class(noun)}\n" for noun in named)
    made = "".join(f"        self.{noun} = {_class(noun)}(door)\n" for noun in named)
    return (
        f'"""All nouns of the server.\n\n{_NOTE}\n"""\n\nfrom __future__ import annotations\n\n'
        "from typing import TYPE_CHECKING\n\n"
        f"{imports}\nif TYPE_CHECKING:\n    from millwork.client.noun import Asking\n\n\n"
        'class Nouns:\n    """An attribute a noun, with a method for each of its verbs."""\n\n'
        f"    def __init__(self, door: Asking) -> None:\n{made}"
    )


def _class(noun: str) -> str:
    return f"{noun.title()}Verbs"


def _formatted(text: str) -> str:
    ruff = Path(sys.executable).with_name("ruff")
    tool = str(ruff) if ruff.exists() else str(shutil.which("ruff"))
    name = ["--stdin-filename", "src/millwork/client/nouns/noun.py", "-"]
    for words in (["format"], ["check", "--fix", "--quiet"], ["format"]):
        done = subprocess.run(
            [tool, *words, *name], input=text, capture_output=True, text=True, check=True,
            cwd=FOLDER.parents[3],
        )  # fmt: skip
        text = done.stdout
    return text


if __name__ == "__main__":
    write()
