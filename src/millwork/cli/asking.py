"""A verb's function to options of a command, and the words of the command to its arguments."""

from __future__ import annotations

import inspect
import json
import sys
from argparse import BooleanOptionalAction
from types import NoneType, UnionType
from typing import TYPE_CHECKING, Any, Literal, Union, get_args, get_origin, get_type_hints
from typing import is_typeddict as is_record

from millwork.actions.exchange import Upload
from millwork.actions.perform import function_of
from millwork.base.errors import BadRequest
from millwork.base.records import dataclass

if TYPE_CHECKING:
    from argparse import ArgumentParser, Namespace, _SubParsersAction
    from collections.abc import Mapping, Sequence

    from millwork.access.verbs import Verb
    from millwork.app.doors import Door

_UNSEEN = ("password", "current", "new")
_TEXT, _BUNDLE = "text", "bundle"


@dataclass(frozen=True)
class Parameter:
    """A parameter of a verb: its type without None, and whether it must be said, and where."""

    name: str
    hint: Any
    is_required: bool
    is_in_path: bool
    default: Any = None

    @property
    def option(self) -> str:
        """The option that says it."""
        return f"--{self.name.replace('_', '-')}"

    @property
    def is_file(self) -> bool:
        """Whether it is the text of a file that is named."""
        return self.name == _TEXT and self.is_required


def parameters_of(verb: Verb) -> list[Parameter]:
    """What a verb is asked with, the parts of its path first."""
    function = function_of(verb)
    hints = get_type_hints(function)
    path = [part[1:-1] for part in verb.path.split("/") if part.startswith("{")]
    own = list(inspect.signature(function).parameters.values())[1:]
    found = [
        Parameter(
            each.name, _plain(hints[each.name]), each.default is inspect.Parameter.empty,
            each.name in path, each.default,
        )
        for each in own
    ]  # fmt: skip
    in_path = sorted((one for one in found if one.is_in_path), key=lambda one: path.index(one.name))
    return in_path + [one for one in found if not one.is_in_path]


def summary_of(verb: Verb) -> str:
    """What it does, in a line."""
    about = inspect.cleandoc(function_of(verb).__doc__ or "").partition("\n\n")[0]
    return " ".join(about.split())


def _plain(hint: Any) -> Any:
    """A type without None; of several, texts of a choice are one choice."""
    if get_origin(hint) not in (Union, UnionType):
        return hint
    parts = [part for part in get_args(hint) if part is not NoneType]
    words = tuple(word for part in parts for word in get_args(part))
    return parts[0] if len(parts) == 1 else Literal[words]


def add_options(parser: ArgumentParser, parameters: Sequence[Parameter]) -> None:
    """The words and options that say these parameters."""
    is_stream = not any(each.name == "until" for each in parameters)
    for each in parameters:
        if each.is_in_path:
            parser.add_argument(each.name, metavar=each.name.upper(), help=f"the {each.name}")
        elif each.is_file or each.hint is Upload:
            parser.add_argument(
                "--file", dest=each.name, required=True, metavar="FILE", help="a file"
            )
        elif each.name in _UNSEEN:
            _add_unseen(parser, each)
        elif each.name != "since" or not is_stream:  # a stream goes on by itself
            _add_option(parser, each)
    if any(each.is_file for each in parameters) and any(e.name == _BUNDLE for e in parameters):
        parser.add_argument("--code", metavar="DIR", help="its code, which is sent with it")


def add_workspace(parser: ArgumentParser) -> None:
    """The option that says in which workspace."""
    parser.add_argument(
        "--workspace", dest="in_workspace", metavar="NAME",
        help="default: $MILLWORK_WORKSPACE, else `default`",
    )  # fmt: skip


def explain(actions: _SubParsersAction[Any], word: str, meanings: Mapping[str, str]) -> None:
    """Tells what options of a verb mean, if it is among `actions`."""
    own = actions.choices.get(word)
    for option in own._actions if own else ():
        if option.dest in meanings:
            said = f" ({option.help})" if option.help else ""
            option.help = meanings[option.dest] + said


def _add_unseen(parser: ArgumentParser, parameter: Parameter) -> None:
    if not parameter.is_required:
        parser.add_argument(
            parameter.option, action="store_const", const="", help="asked for, and typed unseen"
        )


def _add_option(parser: ArgumentParser, parameter: Parameter) -> None:
    hint, more = parameter.hint, dict[str, Any]()
    kind, inner = get_origin(hint), get_args(hint)
    if hint is bool:
        action: Any = "store_true" if parameter.default is False else BooleanOptionalAction
        parser.add_argument(parameter.option, action=action, default=None, help=_help(parameter))
        return
    if kind is Literal:
        more = {"choices": [word for word in inner if word]}
    elif kind is list:
        more = {"action": "append", "metavar": "JSON" if is_record(inner[0]) else "VALUE"}
    elif kind is dict or is_record(hint):
        more = {"action": "append", "metavar": "K=V"}
    elif hint in (int, float):
        more = {"type": hint, "metavar": "N"}
    else:
        more = {"metavar": parameter.name.upper()}
    parser.add_argument(
        parameter.option, required=parameter.is_required, help=_help(parameter), **more
    )


def _help(parameter: Parameter) -> str:
    if parameter.default in (None, "", False, inspect.Parameter.empty):
        return ""
    return f"default: {parameter.default}".replace("%", "%%")


def read_arguments(
    options: Namespace, parameters: Sequence[Parameter], door: Door
) -> dict[str, Any]:
    """The arguments that were said; raises BadRequest for words of another form."""
    found = {}
    for each in parameters:
        said = getattr(options, each.name, None)
        if each.name in _UNSEEN:
            said = _unseen(each.name) if each.is_required or said is not None else None
        elif each.is_file:
            said = _text(str(said))
        if said is not None:
            found[each.name] = _value(each, said)
    if getattr(options, "code", None) and _BUNDLE in {each.name for each in parameters}:
        from millwork.cli.bundles import send_code

        found[_BUNDLE] = send_code(door, options.code)
    return found


def _value(parameter: Parameter, said: Any) -> Any:
    hint = parameter.hint
    kind, inner = get_origin(hint), get_args(hint)
    if kind is list and is_record(inner[0]):
        return [_json(parameter, word) for word in said]
    if kind is dict:
        return _pairs(parameter, said, dict.fromkeys(_keys(said), inner[1]))
    if is_record(hint):
        return _pairs(parameter, said, get_type_hints(hint))
    return said


def _keys(said: Sequence[str]) -> list[str]:
    return [word.partition("=")[0] for word in said]


def _pairs(parameter: Parameter, said: Sequence[str], types: dict[str, Any]) -> dict[str, Any]:
    """`K=V` words, or one JSON object, as a mapping."""
    if len(said) == 1 and said[0].startswith("{"):
        return dict(_json(parameter, said[0]))
    found: dict[str, Any] = {}
    for word in said:
        key, equals, value = word.partition("=")
        if not equals or not key:
            raise BadRequest(f"{parameter.option} {word}: expected K=V")
        if key in found:
            raise BadRequest(f"{parameter.option} {key}: given twice")
        hint = _plain(types.get(key, str))
        found[key] = value if hint is str else _number(value)
        if get_origin(hint) is dict and not isinstance(found[key], dict):
            raise BadRequest(f'{parameter.option} {word}: expected {key}={{"NAME": VALUE}}')
    return found


def _number(text: str) -> Any:
    """What a text is as JSON; one that is no JSON as it is."""
    try:
        return json.loads(text)
    except ValueError:
        return text


def _json(parameter: Parameter, text: str) -> Any:
    try:
        return json.loads(text)
    except ValueError as error:
        raise BadRequest(f"{parameter.option}: no JSON: {error}") from None


def _text(path: str) -> str:
    try:
        if path == "-":
            return sys.stdin.read()
        with open(path, encoding="utf-8") as file:
            return file.read()
    except UnicodeDecodeError:
        raise BadRequest(f"{path} is not UTF-8 text") from None
    except OSError as error:
        raise BadRequest(f"cannot read {path}: {error.strerror}") from None


def _unseen(name: str) -> str:
    """What is typed unseen, or a line of standard input."""
    if sys.stdin.isatty():
        from getpass import getpass

        return getpass(f"{name}: ")
    return sys.stdin.readline().rstrip("\r\n")
