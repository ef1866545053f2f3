"""Hostile values of scheduling parameters in a command, run by the real shells.

Nothing is executed, inside quotes every byte arrives, and the rest of the command is untouched.
"""

from __future__ import annotations

import contextlib
import os
import subprocess
from typing import TYPE_CHECKING, Any

import pytest

from millwork.base.errors import BadRequest
from millwork.plan.scheduling import in_shell
from tests.attacks.test_placeholders import EVALUATED
from tests.attacks.test_values import VALUES

if TYPE_CHECKING:
    from pathlib import Path

SHOW = "printf '%s\\0' first"
SEED = "--command='echo '\\''${Variable}'\\'';' \\"
"""Seed 003's line, as it stands there."""


@pytest.fixture
def folder(tmp_path: Path) -> Any:
    """A folder with one file, and after the test no other."""
    (tmp_path / "only.txt").write_text("")
    yield tmp_path
    assert [path.name for path in tmp_path.iterdir()] == ["only.txt"]


def printed(folder: Path, text: str, value: str, shell: str = "sh", name: str = "day") -> str:
    """What the command prints, of which ${day} is a scheduling parameter."""
    found = in_shell(text, {name: value}, ("--p", "$(touch CANARY)"))
    words = [shell, *found.argv[1:]] if found.argv[0] == "sh" else found.argv
    done = subprocess.run(
        words, cwd=folder, capture_output=True, check=False, stdin=subprocess.DEVNULL,
        env={"PATH": os.defpath, "HOME": "/home", **found.env},
    )  # fmt: skip
    return os.fsdecode(done.stdout)


def shown(folder: Path, text: str, value: str, shell: str = "sh") -> list[str]:
    """The words that the `show`s were given in the command, where @ is ${day}."""
    text = text.replace("@", "${day}").replace("show", SHOW)
    return [word for word in printed(folder, text, value, shell).split("\0") if word != "first"][
        :-1
    ]


@pytest.mark.parametrize("shell", ["sh", "bash"])
@pytest.mark.parametrize("value", VALUES, ids=repr)
@pytest.mark.parametrize(
    ("text", "arrives"),
    [
        ('show "@"', ["@"]),
        ("show '@'", ["@"]),
        ('show "a@b"\'c@d\'', ["a@bc@d"]),
        ('show "$(printf %s. "@")"', ["@."]),
        ("show \"`printf %s. '@'`\"", ["@."]),
        ('show "$(cat <<END\n@.\nEND\n)"', ["@."]),
        ('X=@; show "$X" # @\' "', ["@"]),
        ('if [ @ = "@" ]; then show "@" \'@\'; fi', ["@", "@"]),
        ('show "@" "${HOME}" \'${other}\' "${x:-y}" "$1"', ["@", "/home", "${other}", "y", "--p"]),
        ("bash -c 'show \"@\"'", ["@"]),
    ],
)  # fmt: skip
def test_inside_quotes_every_byte_arrives(
    folder: Path, text: str, arrives: list[str], value: str, shell: str
) -> None:
    if text.startswith("bash"):
        text = text.replace("show", 'printf "%s\\0" first')
    assert shown(folder, text, value, shell) == [word.replace("@", value) for word in arrives]


@pytest.mark.parametrize("shell", ["sh", "bash"])
@pytest.mark.parametrize("value", [*VALUES, *EVALUATED], ids=repr)
def test_what_a_shell_evaluates_is_refused_or_safe(folder: Path, value: str, shell: str) -> None:
    for text in (
        "p=$((@))", "[ @ -eq 1 ]; [ @ ]", "test @; test -n @", "eval @", "trap '@' EXIT",
        "export '@'; export @", "readonly x='@'", "unset '@'", "printf '@' x", "printf @",
        ": ${x:=@}", "alias '@'", "bash -c '@'; true", "sh <<E\n@\nE", "cat <<'@'\n@\n@",
        "true \\@", "true $@", "show @ | cat", "(show @)", "show `echo @`", "echo $'@'",
        "x=@ true @", "case @ in @) ;; esac", "true > /dev/null @",
    ):  # fmt: skip
        with contextlib.suppress(BadRequest):
            shown(folder, f"{text}\ntrue", value, shell)
        assert not (folder / "CANARY").exists()


@pytest.mark.parametrize("shell", ["sh", "bash"])
@pytest.mark.parametrize("value", VALUES, ids=repr)
def test_the_seeds_line_hands_over_the_value(folder: Path, value: str, shell: str) -> None:
    text = f"printf '%s\\0' \\\n{SEED}\n --more"
    assert printed(folder, text, value, shell, "Variable").split("\0") == [
        f"--command=echo '{value}';", "--more", "",
    ]  # fmt: skip


@pytest.mark.parametrize("shell", ["sh", "bash"])
def test_the_seeds_line_prints_the_value(folder: Path, shell: str) -> None:
    text = f'f() {{ eval "${{1#--command=}}"; }}\nf \\\n{SEED}\n --more'
    assert printed(folder, text, "20240229", shell, "Variable") == "20240229\n"
