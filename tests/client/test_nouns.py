"""The classes of the nouns, and the words of the command, are those of the verbs."""

from __future__ import annotations

import inspect
from typing import TYPE_CHECKING

import pytest

from millwork.access.verbs import VERBS
from millwork.cli import nouns as words
from millwork.cli.asking import parameters_of
from millwork.cli.parser import NOUNS, RUN_VERBS
from millwork.client import nouns
from tests.client import generate
from tests.docs.generate import commands

if TYPE_CHECKING:
    from argparse import Action

pytestmark = pytest.mark.quick

# The verbs whose word is a command made by hand; of `runs` and `secrets` they are alike.
BY_HAND = {"data.list": "data ls"}


class Nobody:
    """A door behind which nobody is."""


def test_the_files_are_those_of_the_verbs() -> None:
    there = {path.name: path.read_text() for path in generate.FOLDER.glob("*.py")}
    assert there == generate.files(), "make docs"


@pytest.mark.parametrize("verb", VERBS)
def test_every_verb_has_a_method_of_the_client(verb: str) -> None:
    noun, _, action = verb.partition(".")
    method = getattr(getattr(nouns.Nouns(Nobody()), noun), action)  # type: ignore[arg-type]
    assert inspect.getdoc(method)
    for parameter in inspect.signature(method).parameters.values():
        in_path = parameter.name in generate.path_of(VERBS[verb])
        assert (parameter.kind is parameter.KEYWORD_ONLY) != in_path, parameter.name


@pytest.mark.parametrize("verb", VERBS)
def test_every_verb_has_a_word_of_the_command(verb: str) -> None:
    noun, _, action = verb.partition(".")
    if noun in NOUNS or (noun == "runs" and action in RUN_VERBS):
        assert words.parser_of(noun, action).format_help()
    else:
        assert BY_HAND.get(verb, f"{noun} {action}") in commands()


@pytest.mark.parametrize("noun", [*NOUNS, "runs"])
def test_every_parameter_of_a_verb_can_be_said(noun: str) -> None:
    for action, verb in words.verbs_of(noun).items():
        known = {option.dest for option in _options(noun, action)} | {"since"}
        known |= {"password", "current", "new"}
        assert {each.name for each in parameters_of(verb)} <= known, action


def _options(noun: str, action: str) -> list[Action]:
    groups = [each for each in words.parser_of(noun, action)._actions if each.dest == "action"]
    found: list[Action] = groups[0].choices[action]._actions  # type: ignore[index]
    return found


def test_the_nouns_of_the_command_are_those_of_the_verbs() -> None:
    by_hand = {"runs", "secrets", "data", "templates"}
    assert set(NOUNS) | by_hand == {name.partition(".")[0] for name in VERBS}
    assert list(NOUNS) == sorted(NOUNS)
