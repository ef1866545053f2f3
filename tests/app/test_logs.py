"""Logs of the server: a line a message, with what it belongs to, and without any secret."""

from __future__ import annotations

import io
import json
import logging
import re
from typing import TYPE_CHECKING, Any, Literal

import pytest

from millwork.app import logs

if TYPE_CHECKING:
    from collections.abc import Iterator

pytestmark = pytest.mark.quick
CANARY = "9f8e7d6c5b4a39281706f5e4d3c2b1a0"
TOKEN = f"mw_{CANARY}"


@pytest.fixture
def root() -> Iterator[None]:
    """The loggers as they were, afterwards."""
    logger = logging.getLogger()
    handlers, level = logger.handlers[:], logger.level
    yield
    logger.handlers[:], logger.level = handlers, level


def lines(format: Literal["json", "text"], *says: Any, **more: Any) -> list[str]:  # noqa: A002
    stream = io.StringIO()
    logs.configure(stream, "INFO", format)
    logging.getLogger("millwork.api").info(*says, **more)
    return stream.getvalue().splitlines()


def test_a_message_is_one_object_in_one_line(root: None) -> None:
    (line,) = lines("json", "%s\nsecond %d", "ünï", 2)
    said = json.loads(line)
    assert re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z", said.pop("time"))
    assert said == {"level": "info", "logger": "millwork.api", "message": "ünï\nsecond 2"}


def test_what_a_message_belongs_to_stands_with_it(root: None) -> None:
    tokens = [
        (variable, variable.set(value))
        for variable, value in (
            (logs.request_id, "q1"), (logs.run_id, "r1"), (logs.workspace, "w"), (logs.person, "p"),
        )
    ]  # fmt: skip
    (line,) = lines("json", "x")
    (text,) = lines("text", "x")
    for variable, token in tokens:
        variable.reset(token)
    said = json.loads(line)
    assert [said[name] for name in ("request", "run", "workspace", "person")] == [
        "q1", "r1", "w", "p",
    ]  # fmt: skip
    assert text.endswith("INFO    millwork.api: x request=q1 run=r1 workspace=w person=p")
    (line,) = lines("json", "x")
    assert "request" not in json.loads(line)


def test_an_exception_is_one_field(root: None) -> None:
    try:
        raise ValueError(f"bad {TOKEN}")
    except ValueError:
        (line,) = lines("json", "it failed", exc_info=True)
        text = lines("text", "it failed", exc_info=True)
    said = json.loads(line)
    assert said["exception"].startswith("Traceback")
    assert said["exception"].endswith("ValueError: bad mw_*****")
    assert text[1].startswith("Traceback")
    assert CANARY not in "".join(text)


@pytest.mark.parametrize("secret", [
    TOKEN, f"GET /login?link={TOKEN}&x=1", f"Authorization: Bearer {CANARY}",
    f"authorization=Basic {CANARY}==", f"{{'Authorization': 'Bearer {CANARY}'}}",
    f'{{"authorization": "{CANARY}"}}', f"Cookie: a=1; millwork_session={CANARY}; b=2",
    f"Set-Cookie: millwork_session={CANARY}; HttpOnly", f"(b'cookie', b'x={CANARY}')",
    f'("cookie", "x={CANARY}")', f"Proxy-Authorization: Digest {CANARY}", f"bearer {CANARY}",
    f"postgresql://millwork:{CANARY}@host/db", f"a\nCOOKIE: {CANARY}\nb",
])  # fmt: skip
@pytest.mark.parametrize("format", ["json", "text"])
def test_no_secret_is_told(root: None, secret: str, format: Literal["json", "text"]) -> None:  # noqa: A002
    for says in ([secret], ["it is %s here", secret], ["%r", {"headers": [secret]}]):
        written = "\n".join(lines(format, *says))
        assert CANARY not in written, written
        assert "*****" in written


@pytest.mark.parametrize("text", [
    "run r1 of mw_ and mwork", "the cookie jar", "3 authorization checks", "https://host:8080/a@b",
    "GET /api/v1/me/tokens 200 3 ms", "postgresql://host/db", "a basic idea",
])  # fmt: skip
def test_what_is_no_secret_is_told(root: None, text: str) -> None:
    (line,) = lines("json", "%s", text)
    assert json.loads(line)["message"] == text


def test_text_moves_no_cursor_and_makes_no_line(root: None) -> None:
    (line,) = lines("text", "a\nINFO forged \x1b[2J\x9b1m \u2028\ud800é")
    assert line.endswith(r"a\nINFO forged \x1b[2J\x9b1m \u2028\ud800é")
    (line,) = lines("json", "\ud800")
    assert json.loads(line)["message"] == "\ud800"


def test_it_is_configured_anew(root: None) -> None:
    first, second = io.StringIO(), io.StringIO()
    logs.configure(first, "DEBUG", "json")
    logging.getLogger("any").debug("one")
    logs.configure(second, "WARNING", "text")
    logging.getLogger("any").info("two")
    logging.getLogger("any").warning("three")
    assert first.getvalue().count("\n") == 1
    assert second.getvalue().count("\n") == 1
    assert "WARNING any: three" in second.getvalue()
