"""`millwork NOUN VERB`: the verbs of the nouns that have no command of their own making."""

from __future__ import annotations

import json
import sys
from dataclasses import replace
from importlib import import_module
from typing import TYPE_CHECKING, Any

from millwork.access.verbs import VERBS
from millwork.actions.exchange import Download, EventFeed, LogFeed, Upload
from millwork.actions.perform import function_of
from millwork.app.doors import open_door
from millwork.base.errors import InvalidFile
from millwork.cli import answers
from millwork.cli.asking import (
    add_options,
    add_workspace,
    parameters_of,
    read_arguments,
    summary_of,
)
from millwork.cli.parser import StrictParser

if TYPE_CHECKING:
    from argparse import ArgumentParser, Namespace
    from collections.abc import Sequence

    from millwork.access.verbs import Verb
    from millwork.app.doors import Door
    from millwork.cli.asking import Parameter

_LINES_OF = (EventFeed, LogFeed)
_UNNAMED = "text"  # what a file is called by a verb that is given its text
_WITH_WORDS = frozenset({"backfills", "instances", "schedules"})


def run(words: Sequence[str]) -> int:
    """Asks for a verb and prints what it answers."""
    options = parser_of(words[0], next(iter(words[1:]), "")).parse_args(words[1:])
    own = _own(words[0])
    # A verb may have a parameter that is called `action`, too: the word itself says which it is.
    by_word = own.asked(words[1], options) if own else None
    door = open_door(getattr(options, "in_workspace", None))
    if by_word:
        verb, arguments = by_word
    else:
        verb = VERBS[f"{words[0]}.{words[1]}"]
        arguments = read_arguments(options, parameters_of(verb), door)
    try:
        return _told(door, verb, arguments, options)
    except InvalidFile as error:
        raise _placed(error, options, verb) from None


def _placed(error: InvalidFile, options: Namespace, verb: Verb) -> InvalidFile:
    """The faults of a text, with the name of the file that it was read from."""
    files = [getattr(options, each.name) for each in parameters_of(verb) if each.is_file]
    name = files[0] if files and files[0] != "-" else _UNNAMED
    return InvalidFile(
        [replace(each, file=name) if each.file == _UNNAMED else each for each in error.faults]
    )


def _told(door: Door, verb: Verb, arguments: dict[str, Any], options: Namespace) -> int:
    """Asks, and prints the answer; the exit code."""
    own = _own(verb.name.partition(".")[0])
    if getattr(options, "wait", False):
        from millwork.cli import awaiting

        server = awaiting.server_of(door)
        asked = server.ask(verb.name, **arguments)
        return awaiting.wait(server, asked["instance"], as_json=options.json)
    answer = _asked(door, verb, arguments, options)
    if answer is None:
        return 0
    if options.json:
        sys.stdout.write(json.dumps(answer, ensure_ascii=False) + "\n")
    elif own:
        own.show(verb.name, answer)
    elif verb.name.startswith("catalogue."):
        from millwork.cli import catalogue

        catalogue.show(answer)
    else:
        answers.show(answer)
    return own.code_of(answer) if own else 0


def _own(noun: str) -> Any:
    """What knows further words of a noun, and how its answers are shown; None if nothing does."""
    return import_module(f"millwork.cli.{noun}") if noun in _WITH_WORDS else None


def parser_of(noun: str, action: str = "") -> ArgumentParser:
    """The parser of a noun; where `action` names one of its verbs, of that verb alone."""
    parser = StrictParser(prog=f"millwork {noun}")
    verbs = verbs_of(noun)
    actions = parser.add_subparsers(dest="action", metavar="VERB", required=True)
    for name in [action] if action in verbs else verbs:
        verb = verbs[name]
        summary = summary_of(verb).replace("%", "%%")
        own = actions.add_parser(name, help=summary, description=summary)
        add_options(own, parameters_of(verb))
        _add_more(own, verb)
    more = _own(noun)
    if more:
        more.add(actions)
    return parser


def verbs_of(noun: str) -> dict[str, Verb]:
    """The verbs of a noun, by their word."""
    return {
        verb.name.partition(".")[2]: verb
        for verb in VERBS.values()
        if verb.name.partition(".")[0] == noun
    }


def answer_of(verb: Verb) -> Any:
    """The type of what a verb answers."""
    from typing import get_type_hints

    return get_type_hints(function_of(verb)).get("return")


def _add_more(parser: ArgumentParser, verb: Verb) -> None:
    if verb.in_workspace:
        add_workspace(parser)
    if answer_of(verb) is Download:
        parser.add_argument("-o", "--output", required=True, metavar="FILE", help="a new file")
    parser.add_argument("--json", action="store_true", help="print what the API answers")


def _asked(door: Door, verb: Verb, arguments: dict[str, Any], options: Namespace) -> Any:
    """The answer; None if it has been printed, or written to a file."""
    kind = answer_of(verb)
    if kind in _LINES_OF:
        return _followed(door, verb, arguments, as_json=options.json)
    if kind is Download:
        from millwork.client.artifacts import save

        return save(door, options.output, **arguments)
    uploaded = next((name for name in arguments if _is_upload(verb, name)), None)
    if uploaded:
        return door.upload(arguments[uploaded], arguments["sha256"])
    return door.ask(verb.name, **arguments)


def _is_upload(verb: Verb, name: str) -> bool:
    found: Sequence[Parameter] = parameters_of(verb)
    return any(each.name == name and each.hint is Upload for each in found)


def _followed(door: Door, verb: Verb, arguments: dict[str, Any], *, as_json: bool) -> None:
    """Prints what comes: a log as it is, events as lines of JSON."""
    for message in door.stream(verb.name, **arguments):
        if message.event == "log" and not as_json:
            sys.stdout.write(message.data["text"])
        else:
            sys.stdout.write(json.dumps(message.data, ensure_ascii=False) + "\n")
        sys.stdout.flush()
