"""The console blocks of the docs: read, run, and compared with what they say.

A block to be run stands after `<!-- run -->`. Its lines are commands (`$ `), more of their text
(`> `), and what they print; `run: slow` marks a block that takes long.
"""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
from dataclasses import dataclass, field
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
_BLOCK = re.compile(r"(<!-- run(: slow)? -->\n```console\n)(.*?)(```\n)", re.DOTALL)
_MASKS = (
    (re.compile(r"\b1[0-9a-hjkmnp-tv-z]{9}\b"), "RUN"),
    (re.compile(r"\d+ m \d\d s|\d+\.\d s"), "TIME"),
    (re.compile(r'"seconds": [0-9.]+'), '"seconds": TIME'),
    (re.compile(r"\d+\.\d (?:[KMGT]iB)|\d+ B\b"), "SIZE"),
    (re.compile(r"\d{4}-\d\d-\d\d \d\d:\d\d"), "DATE"),
    (re.compile(r"cgroup v[12]|rlimit"), "LIMITS"),
    (re.compile(r"-{5,}"), "-----"),
    (re.compile(r"[ \t]+"), " "),
)
_MEMORY = re.compile(r"SIZE")  # not known of a step as small as its parent


@dataclass
class Command:
    """A command of a block, and the lines that it prints."""

    text: str
    output: list[str] = field(default_factory=list)


def blocks(text: str, *, slow: bool = False) -> list[str]:
    """The bodies of a page's blocks that are run."""
    return [found[3] for found in _BLOCK.finditer(text) if bool(found[2]) <= slow]


def commands(block: str) -> list[Command]:
    """The commands of a block."""
    found: list[Command] = []
    for line in block.splitlines():
        if line.startswith("$ "):
            found.append(Command(line[2:]))
        elif line.startswith("> ") and not found[-1].output:
            found[-1].text += "\n" + line[2:]
        else:
            found[-1].output.append(line)
    return found


def masked(lines: list[str]) -> list[str]:
    """Lines without what differs from run to run."""
    shown = []
    for line in lines:
        for pattern, word in _MASKS:
            line = pattern.sub(word, line)
        shown.append(_MEMORY.sub("", line).replace("  ", " ").strip())
    return [line for line in shown if line]


class Shell:
    """A folder with the examples in it, and a home of its own, in which blocks are run."""

    def __init__(self, folder: Path) -> None:
        self._home = folder / "home"
        self._work = folder / "work"
        self._home.mkdir()
        shutil.copytree(ROOT / "examples", self._work / "examples")
        path = os.pathsep.join((str(Path(sys.executable).parent), os.environ["PATH"]))
        others = {name: text for name, text in os.environ.items() if "MILLWORK" not in name}
        self._env = {
            **others,
            "PATH": path,
            "LC_ALL": "C.UTF-8",
            "MILLWORK_HOME": str(self._home / ".millwork"),
        }

    def run(self, command: Command) -> list[str]:
        """What a command prints on both streams, with `~` for the home."""
        done = subprocess.run(
            ["sh", "-c", command.text],
            cwd=self._work,
            env=self._env,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            timeout=600,
            check=False,
        )
        text = done.stdout.replace(str(self._home), "~").replace(str(self._work), "~/work")
        return [line.rstrip() for line in text.splitlines()]


def renewed(text: str, shell: Shell, *, slow: bool = False) -> str:
    """A page whose blocks show what their commands print now, where it has changed."""

    def again(found: re.Match[str]) -> str:
        if found[2] and not slow:
            return found[0]
        lines = []
        for command in commands(found[3]):
            printed = shell.run(command)
            same = masked(printed) == masked(command.output)
            lines += ["$ " + command.text.replace("\n", "\n> ")]
            lines += command.output if same else _tidy(printed)
        return found[1] + "\n".join(lines) + "\n" + found[4]

    return _BLOCK.sub(again, text)


def _tidy(lines: list[str]) -> list[str]:
    """Rules as long as the lines below them: paths have become shorter."""
    tidy = list(lines)
    for index, line in enumerate(lines):
        if set(line) == {"-"} and len(line) > 4:
            end = next((i for i in range(index, len(lines)) if not lines[i]), len(lines))
            tidy[index] = "-" * max(len(row) for row in lines[index - 1 : end] if row != line)
    return tidy
