"""Hostile values in the placeholders of AzureML commands, run by the real bash.

Nothing is executed, and inside quotes every byte arrives.
"""

from __future__ import annotations

import contextlib
import os
import subprocess
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from millwork.base.errors import BadRequest
from millwork.plan.placeholders import render
from tests.attacks.test_values import VALUES

if TYPE_CHECKING:
    from pathlib import Path

    from millwork.spec.model import Syntax

SHOW = "printf '%s\\0' first"
SYNTAXES: tuple[Syntax, Syntax] = ("braces", "dollar")
PLACEHOLDERS = {"braces": "{inputs.x}", "dollar": "${{inputs.x}}"}
EVALUATED = [
    "a[$(touch CANARY)]", "-v a[$(touch CANARY)]", "-va[$(touch${IFS}CANARY)]",
    "x[$(touch CANARY)]=1",
    "1 || a[$(touch CANARY)]", "$(touch CANARY)", "x -o -v a[$(touch${IFS}CANARY)]", "EXIT", "1",
]  # fmt: skip
"""What bash evaluates where it takes a word for an expression."""


@pytest.fixture
def folder(tmp_path: Path) -> Any:
    """A folder with one file, and after the test no other."""
    (tmp_path / "only.txt").write_text("")
    yield tmp_path
    assert [path.name for path in tmp_path.iterdir()] == ["only.txt"]


def shown(folder: Path, text: str, value: str, syntax: Syntax = "dollar") -> list[str]:
    """What the command prints, where @ is the placeholder: `first`, and the words of a `show`."""
    command = text.replace("@", PLACEHOLDERS[syntax])
    command = command.replace("show", SHOW)
    rendered = render(command, syntax, {"inputs.x": value})
    done = subprocess.run(
        rendered.argv,
        env={"PATH": os.defpath, "HOME": "/home", **rendered.env},
        cwd=folder,
        capture_output=True,
        check=False,
        stdin=subprocess.DEVNULL,
    )
    return [os.fsdecode(word) for word in done.stdout.split(b"\0")[:-1]]


def run(folder: Path, text: str, value: str, syntax: Syntax = "dollar") -> list[str]:
    """The words that the `show`s were given in the command, where @ is the placeholder."""
    return [word for word in shown(folder, text, value, syntax) if word != "first"]


@pytest.mark.parametrize("syntax", SYNTAXES)
@pytest.mark.parametrize("value", VALUES, ids=repr)
@pytest.mark.parametrize(
    ("text", "arrives"),
    [
        ('show "@"', ["@"]),
        ("show '@'", ["@"]),
        ("show $'@'", ["@"]),
        ('show "a@b"\'c@d\'$\'\\x65@\\\'\'', ["a@bc@de@'"]),
        ('show "$(printf %s. "@")"', ["@."]),
        ("show \"$(printf %s. '@')\"", ["@."]),
        ('show "`printf %s. "@"`"', ["@."]),
        ("show \"`printf %s. '@'`\"", ["@."]),
        ('show "$(cat <<END\n@.\nEND\n)"', ["@."]),
        ('show "$(cat <<-END\n\t.@.\n\tEND\n)"', [".@."]),
        ('show "$(cat <<END\n$(printf %s. "@")`printf %s. \'@\'`\nEND\n)"', ["@.@."]),
        ('show "$(cat <<< "@."; cat <<<@.)"', ["@.\n@."]),
        ('X=@; show "$X" # @\' "', ["@"]),
        ('if [ @ = "@" ] && [[ "@" == "@" ]]; then show "@"; fi', ["@"]),
        ("for x in '@' \"@\"; do show \"$x.\"; done", ["@.", "@."]),
        ('case @ in "@") show "@";; esac', ["@"]),
        ("cd . && show '[@]' \"it's @\"", ["[@]", "it's @"]),
    ],
)  # fmt: skip
def test_inside_quotes_every_byte_arrives(
    folder: Path, text: str, arrives: list[str], value: str, syntax: Syntax
) -> None:
    if syntax == "braces":
        text = text.replace("[[", "[[[[").replace("]]", "]]]]")
        text = text.replace("[ ", "[[ ").replace(" ]", " ]]") if "[ @" in text else text
        text = text.replace("[@]", "[[@]]")
    assert run(folder, text, value, syntax) == [word.replace("@", value) for word in arrives]


@pytest.mark.parametrize("syntax", SYNTAXES)
@pytest.mark.parametrize("value", VALUES, ids=repr)
@pytest.mark.parametrize(
    "text",
    ["show @ | cat", "show $(printf %s @ '' @)", "show `echo @`", "show a; show @", "(show @)",
     "show $HOME @", "show\nshow @", 'bash -c "echo @; show @" x @'],
)  # fmt: skip
def test_bare_values_split_and_glob_and_execute_nothing(
    folder: Path, text: str, value: str, syntax: Syntax
) -> None:
    words = run(folder, text, value, syntax)
    if text in ("show @ | cat", "(show @)"):
        assert words == (["only.txt"] if value == "*" else value.split())


@pytest.mark.parametrize("value", [*VALUES, *EVALUATED], ids=repr)
@pytest.mark.parametrize(
    "text",
    ["p=$((@))", "((x = @))", "[[ @ -eq 1 ]]", '[[ "@" -gt 1 && a == b ]]', "[ @ -eq 1 ]; [ @ ]",
     "test @; test -n @", "let x=@", "let '@'", "eval @", "trap '@' EXIT", "x[@]=1", "x=([@]=1)",
     "declare @", "declare '@'", "declare -i x=@", "f() { local '@'; }; f", "export '@'; export @",
     "readonly x='@'", "unset '@'", "read '@' <<< 1", "printf -v '@' x", "printf '@' x", "printf @",
     "[ -v '@' ]", "for ((i = 0; i < @; i++)); do break; done", "exec 3>&'@'", ": ${x:=@}",
     "x=abc; : ${x:@}", "alias '@'", "bash -c '@'; true", "sh -c @", "bash <<E\n@\nE", "sh <<< '@'",
     "echo $[ @ ]", "cat <<'@'\n@\n@", "true \\@", "true $@", 'true "\\@"', "case 1 in @) ;; esac"],
)  # fmt: skip
def test_what_bash_evaluates_is_refused_or_safe(folder: Path, text: str, value: str) -> None:
    with contextlib.suppress(BadRequest):
        run(folder, f"{text}\ntrue", value)
    for path in folder.iterdir():
        if path.name != "only.txt":
            assert path.name != "CANARY"
            path.unlink()


BARE = "%"
"""A placeholder outside quotes, which bash splits; `"a"@"b"` has one too."""
WORDS = st.recursive(
    st.sampled_from(["a", "'\"`$(#'", '"it\'s"', "\\'", "%", '"@"', "'@'", "$'\\'@'", "$#", "é"]),
    lambda inner: st.one_of(
        st.lists(inner, min_size=2, max_size=4).map("".join),
        inner.map('"$(show {} | tr "\\0" .)"'.format),
        inner.map('"$(show {} # it\'s )\n)"'.format),
        inner.map(lambda text: f'"$(cat <<E{len(text)}\n$(show {text})\nE{len(text)}\n)"'),
    ),
    max_leaves=6,
)


@settings(
    max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(WORDS, st.sampled_from(VALUES))
@example('"$(show "@" # it\'s )\n)"', "")
def test_values_arrive_in_any_nesting_as_a_plain_word_does(
    folder: Path, text: str, value: str
) -> None:
    # Not `run`: a `show` within another, given nothing, leaves `first` alone as the word.
    quoted = BARE not in text
    text = text.replace(BARE, "@")
    plain = shown(folder, f"true; show {text}", "plain")
    hostile = shown(folder, f"true; show {text}", value)
    if quoted and "\n" not in value:
        assert hostile == [word.replace("plain", value) for word in plain]
