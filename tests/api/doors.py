"""The three doors through which one asks for a verb: a request, the client, the command.

All are given the same cell and say what came of it in the same terms, so that one table judges
them all.
"""

from __future__ import annotations

import hashlib
import io
import json
import os
import re
import sys
from contextlib import contextmanager, redirect_stderr, redirect_stdout
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any
from urllib.parse import urlencode

import pytest

from millwork import Client
from millwork.base.errors import (
    BadRequest,
    Conflict,
    Forbidden,
    MillworkError,
    NotFound,
    Unauthenticated,
)
from millwork.cli.main import main
from tests.conftest import assert_no_defect

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from tests.api.permissions import Outcome
    from tests.attacks.door import Door

NOTHING = os.devnull  # a file in which nothing is
EMPTY = hashlib.sha256(b"").hexdigest()
_OK = 200


@dataclass(frozen=True)
class Cell:
    """A verb, the words of its path, and what else it is given."""

    verb: str
    method: str
    path: str
    parts: Mapping[str, str]
    query: Mapping[str, str]
    body: Any = None

    @property
    def said(self) -> dict[str, Any]:
        """What is given by name besides the words of the path; a file is not."""
        return {**self.query, **({} if isinstance(self.body, bytes) else self.body or {})}


@dataclass(frozen=True)
class Said:
    """What came of it: the status, as the API tells it, and the words of an error."""

    status: int
    words: str = ""


@dataclass(frozen=True)
class Shape:
    """A verb that the client or the command has in another shape than the API.

    Of what the request says, `unsaid` is left out; the method is given `method` and the command
    the words of `options` instead, and the lines of `typed` at its standard input. `is_command`
    says whether the command asks the server at all, `has_json` whether it can print JSON, `first`
    which verb the command asks before this one, and `lasts` that the answer is a stream.
    """

    unsaid: tuple[str, ...] = ()
    method: Mapping[str, str] | None = None
    options: tuple[str, ...] = ()
    typed: str = ""
    is_command: bool = True
    has_json: bool = True
    first: str = ""
    lasts: bool = False


SHAPES: Mapping[str, Shape] = {
    "files.put": Shape(method={"path": NOTHING}, options=("--file", NOTHING)),
    "artifacts.download": Shape(method={"to": NOTHING}, options=("-o", NOTHING)),
    "components.create": Shape(unsaid=("text",), options=("--file", NOTHING)),
    "components.check": Shape(unsaid=("text",), options=("--file", NOTHING)),
    "conversions.create": Shape(unsaid=("text",), options=("--file", NOTHING)),
    "pipelines.create": Shape(unsaid=("text",), options=("--file", NOTHING)),
    "schedules.create": Shape(unsaid=("text",), options=("--file", NOTHING)),
    "schedules.preview": Shape(unsaid=("text",), options=("--file", NOTHING)),
    "plans.create": Shape(unsaid=("text",), options=("--file", NOTHING)),
    "drafts.save": Shape(unsaid=("text",), options=("--file", NOTHING)),
    "sessions.login": Shape(unsaid=("password",), options=("--password",), typed="x\n"),
    "sessions.password": Shape(unsaid=("current", "new"), typed="x\n\n"),
    "secrets.set": Shape(unsaid=("value",), typed="x", has_json=False),
    "secrets.remove": Shape(has_json=False),
    "runs.resume": Shape(first="runs.show"),
    "events.follow": Shape(lasts=True),
    "runs.follow": Shape(lasts=True),
    "logs.follow": Shape(lasts=True),
    # `millwork data ls` looks from this machine with its own connections, and asks no server.
    "data.list": Shape(is_command=False),
}
_PLAIN = Shape()


class Way:
    """One of the doors, for one person, in one workspace; `name` is what the tests call it."""

    name = ""

    def has(self, verb: str) -> bool:
        """Whether it leads to that verb."""
        return True

    def first(self, verb: str) -> str:
        """The verb that is asked before that one; empty for none."""
        return ""

    def ask(self, cell: Cell) -> Said:
        """What comes of a cell."""
        raise NotImplementedError


@dataclass
class ByRequest(Way):
    """The API itself."""

    door: Door
    workspace: str = "default"
    name = "request"

    def ask(self, cell: Cell) -> Said:
        """What a request answers."""
        path = cell.path.format(**cell.parts, workspace=self.workspace)
        query = f"?{urlencode(cell.query)}" if cell.query else ""
        answer = self.door.ask(cell.method.upper(), f"{path}{query}", cell.body)
        words = answer.json.get("detail", "") if answer.status >= 400 else ""
        return Said(answer.status, words)


_STATUSES: Mapping[type[MillworkError], int] = {
    Unauthenticated: 401, Forbidden: 403, NotFound: 404, Conflict: 409,
}  # fmt: skip


class ByClient(Way):
    """`millwork.Client`."""

    name = "client"

    def __init__(self, url: str, token: str, workspace: str = "default") -> None:
        with _environment(MILLWORK_TOKEN=token):
            self._client = Client(url, workspace=workspace)

    def ask(self, cell: Cell) -> Said:
        """What a method answers."""
        noun, _, action = cell.verb.partition(".")
        shape = SHAPES.get(cell.verb, _PLAIN)
        given = cell.said if shape.method is None else shape.method
        try:
            answer = getattr(getattr(self._client, noun), action)(**cell.parts, **given)
            if shape.lasts:
                next(answer)
                answer.close()
        except BadRequest as error:
            return Said(_STATUSES.get(type(error), 400), str(error))
        except MillworkError as error:
            return Said(503, str(error))
        return Said(_OK)

    def close(self) -> None:
        """Ends its connection."""
        self._client.close()


# How the command, whose exit code is 2 for all of them, says what the statuses say.
_WORDS: Mapping[int, re.Pattern[str]] = {
    401: re.compile(r"^set MILLWORK_TOKEN|: set MILLWORK_TOKEN to a token of yours"),
    403: re.compile(r"^your role, \w+, may not |^only an administrator |^this token is "),
    404: re.compile(r"^there is no "),
    409: re.compile(r" is taken in this workspace"),
}


@dataclass
class ByCommand(Way):
    """`millwork`, called in this process as its entry point is."""

    url: str
    token: str
    workspace: str = "default"
    name = "command"

    def has(self, verb: str) -> bool:
        """All but those that the command does without a server."""
        return SHAPES.get(verb, _PLAIN).is_command

    def first(self, verb: str) -> str:
        """What it looks at before it asks."""
        return SHAPES.get(verb, _PLAIN).first

    def ask(self, cell: Cell) -> Said:
        """What a command says."""
        shape = SHAPES.get(cell.verb, _PLAIN)
        variables = {"URL": self.url, "TOKEN": self.token, "WORKSPACE": self.workspace}
        with _environment(**{f"MILLWORK_{name}": said for name, said in variables.items()}):
            code, err = called(command_of(cell), shape.typed, is_cut=shape.lasts)
        words = "\n".join(line.removeprefix("millwork: ") for line in err.splitlines())
        if code == 0 or (code == 1 and shape.lasts):  # whoever reads it has gone
            return Said(_OK)
        if code != 2:
            return Said(500, f"exit code {code}: {words}")
        found = (status for status, pattern in _WORDS.items() if pattern.search(words))
        return Said(next(found, 400), words)


def command_of(cell: Cell) -> list[str]:
    """The words that ask for a cell: noun, verb, the words of the path, and an option a field."""
    shape = SHAPES.get(cell.verb, _PLAIN)
    order = re.findall(r"\{(\w+)\}", cell.path)
    words = [*cell.verb.split("."), *(cell.parts[part] for part in order if part in cell.parts)]
    for name, value in cell.said.items():
        if name not in shape.unsaid:
            words += _option(f"--{name.replace('_', '-')}", value)
    return [*words, *shape.options, *(["--json"] if shape.has_json else [])]


def _option(name: str, value: Any) -> list[str]:
    if isinstance(value, dict):
        return [word for key, inner in value.items() for word in (name, f"{key}={inner}")]
    if isinstance(value, list):
        return [word for one in value for word in (name, _word(one))]
    return [name, _word(value)]


def _word(value: Any) -> str:
    return json.dumps(value) if isinstance(value, dict) else str(value)


def called(words: list[str], typed: str, *, is_cut: bool) -> tuple[int, str]:
    """The exit code of a command and its standard error; if it is cut, nobody reads its output."""
    out, err = _unread() if is_cut else io.StringIO(), io.StringIO()
    stdin = io.TextIOWrapper(io.BytesIO(typed.encode()))
    with pytest.MonkeyPatch.context() as patch, redirect_stdout(out), redirect_stderr(err):
        patch.setattr(sys, "stdin", stdin)
        try:
            code = main(words)
        except SystemExit as error:  # words that the command does not know
            raise AssertionError(f"{words}: {err.getvalue()}") from error
    out.close()
    assert_no_defect(err.getvalue())
    return code, err.getvalue()


def _unread() -> io.TextIOWrapper:
    """The end of a pipe at whose other end is nobody, until something is written."""
    reading, writing = os.pipe()
    os.close(reading)
    return os.fdopen(writing, "w")


@contextmanager
def _environment(**variables: str) -> Iterator[None]:
    """The variables of Millwork are these, and no other."""
    with pytest.MonkeyPatch.context() as patch:
        for name in [name for name in os.environ if name.startswith("MILLWORK_")]:
            patch.delenv(name)
        for name, value in variables.items():
            patch.setenv(name, value)
        yield


def outcome(said: Said, verb: str, name: str) -> Outcome | str:
    """What an answer says of whether one may, and of nothing else."""
    if said.status in (401, 403):
        is_login = verb == "sessions.login"
        return "yes" if is_login else "unknown" if said.status == 401 else "refused"
    if said.status >= 500 or said.status == 405:
        return f"a fault: {said.status} {said.words[:300]!r}"
    words = said.words if said.status in (404, 409) else ""
    if "there is no workspace" in words or "is taken in this workspace" in words:
        return "hidden"
    is_hidden = name and words.startswith("there is no ") and f"'{name}" in words
    return "hidden" if is_hidden and said.status == 404 else "yes"
