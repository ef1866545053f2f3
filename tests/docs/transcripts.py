"""The console blocks of the docs: read, run, and compared with what they say.

A block to be run stands after `<!-- run -->`. Its lines are commands (`$ `), more of their text
(`> `), and what they print; `run: slow` marks a block that takes long, `run: soon` one whose
commands only look: they are given again until they print what the page says, as people do who wait
for a server. Variables that a command sets are there for the next. `millwork up &` starts a server
at a free port, which is 8899 to whoever reads.
"""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
import time
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

from tests.conftest import until
from tests.e2e.server import Server, start

if TYPE_CHECKING:
    from types import TracebackType

ROOT = Path(__file__).resolve().parents[2]
_BLOCK = re.compile(r"(<!-- run(: slow|: soon)? -->\n```console\n)(.*?)(```\n)", re.DOTALL)
_MASKS = (
    (re.compile(r'"(seconds|created|used|expires|time)": ?[0-9.]+'), r'"\1": TIME'),
    (re.compile(r"\b1[0-9a-hjkmnp-tv-z]{9}\b"), "RUN"),
    (re.compile(r"\d+ m \d\d s|\d+\.\d s"), "TIME"),
    (re.compile(r"\bmw_(?:[0-9a-f]{64}\b|\.\.\.)"), "SECRET"),
    (re.compile(r'"request": ?"[0-9a-z]{16}"'), '"request": ID'),
    (re.compile(r"\b1[0-9a-z]{17}\b"), "ID"),
    (re.compile(r"\b[0-9a-f]{20}\b"), "INSTANCE"),
    (re.compile(r"\b1[0-9a-z]{5}[0-9a-f]{8,16}\b"), "RUN"),
    (re.compile(r"\b(test)-[0-9a-z]{16}\b"), r"\1-ID"),
    (re.compile(r"\d+\.\d (?:[KMGT]iB)|\d+ B\b"), "SIZE"),
    (re.compile(r"\d{4}-\d\d-\d\d \d\d:\d\d(:\d\d)?"), "DATE"),
    (re.compile(r"\d{4}-\d\d-\d\d(?= +DATE|( #\d+)? is waiting)"), "DAY"),
    (re.compile(r"cgroup v[12]|rlimit"), "LIMITS"),
    (re.compile(r"-{5,}"), "-----"),
    (re.compile(r"[ \t]+"), " "),
)
_UP = re.compile(r"millwork (up.*) &")
_SHOWN = "127.0.0.1:8899"
_SOON = 60.0  # seconds
_MEMORY = re.compile(r"SIZE")  # not known of a step as small as its parent


@dataclass
class Command:
    """A command of a block, and the lines that it prints."""

    text: str
    output: list[str] = field(default_factory=list)
    is_soon: bool = False


class Block(NamedTuple):
    """The body of a block, and whether its commands wait for what they are to print."""

    body: str
    is_soon: bool


def blocks(text: str, *, slow: bool = False) -> list[Block]:
    """A page's blocks that are run."""
    return [
        Block(found[3], found[2] == ": soon")
        for found in _BLOCK.finditer(text)
        if slow or found[2] != ": slow"
    ]


def commands(block: Block) -> list[Command]:
    """The commands of a block."""
    found: list[Command] = []
    for line in block.body.splitlines():
        if line.startswith("$ "):
            found.append(Command(line[2:], is_soon=block.is_soon))
        elif line.startswith("> ") and not found[-1].output:
            found[-1].text += "\n" + line[2:]
        else:
            found[-1].output.append(line)
    return found


_PROGRESS = re.compile(r"\S+: [\d,]+ of [\d,]+ shards\b")
"""What is said every second: a slow machine says it once more."""


def masked(lines: list[str]) -> list[str]:
    """Lines without what differs from run to run."""
    shown = []
    for line in lines:
        for pattern, word in _MASKS:
            line = pattern.sub(word, line)
        shown.append(_MEMORY.sub("", line).replace("  ", " ").strip())
    return [line for line in shown if line and not _PROGRESS.match(line)]


class Shell:
    """A folder with the examples in it, and a home of its own, in which blocks are run."""

    def __init__(self, folder: Path) -> None:
        self._home = folder / "home"
        self._work = folder / "work"
        self._kept = folder / "variables"
        self._server: Server | None = None
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

    def __enter__(self) -> Shell:
        return self

    def __exit__(
        self, _kind: type[BaseException] | None, _error: BaseException | None,
        _trace: TracebackType | None,
    ) -> None:  # fmt: skip
        if self._server:
            self._server.stop()

    def run(self, command: Command) -> list[str]:
        """What a command prints on both streams, with `~` for the home."""
        if up := _UP.fullmatch(command.text):
            return self._up(*up[1].split()[1:])
        end = time.monotonic() + _SOON
        while True:
            printed = self._once(command)
            is_it = masked(printed) == masked(command.output)
            if is_it or not command.is_soon or time.monotonic() > end:
                return printed
            time.sleep(0.2)  # what a server does meanwhile gives no event

    def _once(self, command: Command) -> list[str]:
        kept, place = f"export -p >'{self._kept}'", self._shown_at()
        text = command.text.replace(_SHOWN, place).replace("~/.millwork", "$MILLWORK_HOME")
        before = f". '{self._kept}'\n" if self._kept.exists() else ""
        done = subprocess.run(
            ["sh", "-c", f"{before}set -a\n{text}\n{kept}"],
            cwd=self._work,
            env=self._env,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            timeout=600,
            check=False,
        )
        return self._told(done.stdout)

    def _up(self, *words: str) -> list[str]:
        """Starts the server, and what it says until it is ready."""
        self._server = start(self._home / ".millwork", *words)
        until(lambda: self._server and "Ctrl-C" in self._server.said[-1])
        return self._told("".join(self._server.said))

    def _shown_at(self) -> str:
        return self._server.url.partition("://")[2] if self._server else _SHOWN

    def _told(self, text: str) -> list[str]:
        text = text.replace(str(self._home), "~").replace(str(self._work), "~/work")
        text = text.replace(self._shown_at(), _SHOWN)
        return [line.rstrip() for line in text.splitlines()]


def renewed(text: str, shell: Shell, *, slow: bool = False) -> str:
    """A page whose blocks show what their commands print now, where it has changed."""

    def again(found: re.Match[str]) -> str:
        if found[2] == ": slow" and not slow:
            return found[0]
        lines = []
        for command in commands(Block(found[3], found[2] == ": soon")):
            printed = shell.run(command)
            same = masked(printed) == masked(command.output)
            lines += ["$ " + command.text.replace("\n", "\n> ")]
            lines += command.output if same else _without_secrets(_tidy(printed))
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


def _without_secrets(lines: list[str]) -> list[str]:
    return [re.sub(r"\bmw_[0-9a-f]{64}\b", "mw_...", line) for line in lines]
