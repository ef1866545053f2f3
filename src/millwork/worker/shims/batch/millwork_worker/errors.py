"""What is told of an error: the service keeps it with the shard, so it must say enough alone."""

from __future__ import annotations

import os
import traceback
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from types import TracebackType

LONGEST = 4000  # characters of an error's text
_HERE = os.path.dirname(os.path.abspath(__file__))
_TAIL = 12  # lines of a traceback that are kept in any case


class Told(Exception):
    """An error whose text says all that is to be said: its traceback is of no use."""


class Fatal(SystemExit):
    """Ends the worker with a text: with no other shard would it fare better."""


def describe(error: BaseException) -> str:
    """An exception's traceback without our own frames: its last lines, at most 4000 characters."""
    if isinstance(error, (Told, Fatal)):
        return str(error)[-LONGEST:]
    trace = error.__traceback__
    while trace is not None and _is_ours(trace):
        trace = trace.tb_next
    shown = traceback.format_exception(type(error), error, trace or error.__traceback__)
    lines = "".join(shown).rstrip().split("\n")
    text = "\n".join(lines)
    while len(text) > LONGEST and len(lines) > _TAIL:
        lines = lines[len(lines) // 4 :]
        text = "\n".join(["...", *lines])
    return text[-LONGEST:]


def _is_ours(trace: TracebackType) -> bool:
    return os.path.dirname(os.path.abspath(trace.tb_frame.f_code.co_filename)) == _HERE
