"""What the server says of its work: a line a message, as JSON, or as text for people."""

from __future__ import annotations

import json
import logging
import re
from contextvars import ContextVar
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Literal

if TYPE_CHECKING:
    from typing import TextIO

request_id: ContextVar[str] = ContextVar("request_id", default="")
run_id: ContextVar[str] = ContextVar("run_id", default="")
workspace: ContextVar[str] = ContextVar("workspace", default="")
person: ContextVar[str] = ContextVar("person", default="")

_KNOWN = {"request": request_id, "run": run_id, "workspace": workspace, "person": person}
_STARS = "*****"
_SECRETS = re.compile(
    r"(?P<token>mw_)[A-Za-z0-9_-]{16,}"
    r"|(?P<header>(?:authorization|cookie)[\"']?\s*[,:=]\s*b?)"
    r"(?:\"[^\"\n]*\"|'[^'\n]*'|[^\n\"'}\])]+)"
    r"|(?P<bearer>(?:bearer|basic)\s+)[A-Za-z0-9._~+/=-]{16,}"
    r"|(?P<user>://[^\s/:@]*:)[^\s/@]+(?=@)",
    re.IGNORECASE,
)
_CONTROL = re.compile(r"[\x00-\x1f\x7f-\x9f\u2028\u2029\ud800-\udfff]")


def configure(
    stream: TextIO,
    level: str = "INFO",
    format: Literal["json", "text"] = "json",  # noqa: A002
) -> None:
    """Has all loggers of this process write to `stream`, from `level` on, and nowhere else."""
    handler = logging.StreamHandler(stream)
    handler.setFormatter(JsonFormatter() if format == "json" else TextFormatter())
    root = logging.getLogger()
    for earlier in root.handlers[:]:
        root.removeHandler(earlier)
    root.addHandler(handler)
    root.setLevel(level)


def masked(text: str) -> str:
    """A text without tokens, passwords in addresses, and the values of headers that log in."""
    return _SECRETS.sub(lambda found: f"{found[found.lastgroup or 0]}{_STARS}", text)


class JsonFormatter(logging.Formatter):
    """One JSON object a line; `request`, `run`, `workspace` and `person` where they are known."""

    def format(self, record: logging.LogRecord) -> str:
        """The line, without an end."""
        line = {
            "time": _moment(record),
            "level": record.levelname.lower(),
            "logger": record.name,
            "message": masked(record.getMessage()),
        }
        line |= {name: masked(value.get()) for name, value in _KNOWN.items() if value.get()}
        trouble = _trouble(self, record)
        return json.dumps({**line, "exception": trouble} if trouble else line)


class TextFormatter(logging.Formatter):
    """A line for people, and below it the exception if there was one."""

    def format(self, record: logging.LogRecord) -> str:
        """The text, without an end; nothing in it can move a terminal's cursor."""
        known = "".join(f" {name}={value.get()}" for name, value in _KNOWN.items() if value.get())
        says = (
            f"{_moment(record)} {record.levelname:<7} {record.name}: {record.getMessage()}{known}"
        )
        lines = [says, *_trouble(self, record).splitlines()]
        return "\n".join(_CONTROL.sub(_escaped, masked(line)) for line in lines)


def _moment(record: logging.LogRecord) -> str:
    moment = datetime.fromtimestamp(record.created, UTC)
    return moment.isoformat(timespec="milliseconds").replace("+00:00", "Z")


def _trouble(formatter: logging.Formatter, record: logging.LogRecord) -> str:
    parts = []
    if record.exc_info and record.exc_info[0]:
        parts.append(formatter.formatException(record.exc_info))
    if record.stack_info:
        parts.append(record.stack_info)
    return masked("\n".join(parts))


def _escaped(found: re.Match[str]) -> str:
    return found[0].encode("unicode_escape").decode()
