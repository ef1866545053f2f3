"""Trying again what a server or a network failed at."""

from __future__ import annotations

import random
import time
from typing import TYPE_CHECKING, TypeVar

if TYPE_CHECKING:
    from collections.abc import Callable

Answer = TypeVar("Answer")
_FIRST, _LONGEST = 0.2, 10.0


def patiently(
    action: Callable[[], Answer],
    is_passing: Callable[[Exception], bool],
    patience: float,
    tell: Callable[[str], None],
) -> Answer:
    """The action's answer. What `is_passing` is tried again, ever later, for `patience` seconds."""
    delay, deadline = _FIRST, time.monotonic() + patience
    while True:
        try:
            return action()
        except Exception as error:
            if not is_passing(error) or time.monotonic() + delay > deadline:
                raise
            tell(f"{_short(error)}; trying again")
        # A server that is busy or away tells nobody when it is back; chance spreads who asks.
        time.sleep(delay * (0.5 + random.random()))  # noqa: S311 - it is no secret
        delay = min(2 * delay, _LONGEST)


def _short(error: Exception) -> str:
    return str(error).strip().splitlines()[0][:200] if str(error).strip() else type(error).__name__
