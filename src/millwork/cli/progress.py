"""How far a run's batches are, while `millwork run` drives it: asked of its service every second.

The service is asked in a thread, since the loop must not wait for it.
"""

from __future__ import annotations

import os
import threading
from typing import TYPE_CHECKING, Any

from millwork.ports.changes import AttemptClosed, AttemptOpened

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence
    from typing import TextIO

    from millwork.plan.model import Step
    from millwork.ports.changes import Change

    Ask = Callable[[str], Mapping[str, Any] | None]

_INTERVAL = 1.0


def progress_text(batch: Mapping[str, Any]) -> str:
    """A batch in one line: `40 of 336 shards, 12,345 items, 1,234 items/s, 0:42 left`."""
    if batch["total"] is None:
        return "its input is being cut" if not batch.get("verdict") else "no shards"
    so_far = " so far" if batch["uncut"] else ""
    parts = [
        f"{batch['done']:,} of {batch['total']:,} shards{so_far}",
        f"{batch['items']:,} items" * bool(batch["items"]),
        f"{rate_text(batch['items_per_second'])} items/s" * bool(batch["items_per_second"]),
        f"{_clock(batch['seconds_left'])} left" * bool(round(batch["seconds_left"] or 0)),
        f"{batch['retries']:,} tried again" * bool(batch["retries"]),
        f"{batch['failed']:,} failed" * bool(batch["failed"]),
    ]
    return ", ".join(filter(None, parts))


def rate_text(rate: float | None) -> str:
    """Items a second for people: `1,234`, `3.2`; empty if it is not known."""
    if rate is None:
        return ""
    return f"{rate:,.0f}" if rate >= 100 else f"{rate:.3g}"


def _clock(seconds: float | None) -> str:
    minutes, rest = divmod(round(seconds or 0.0), 60)
    hours, minutes = divmod(minutes, 60)
    return f"{hours}:{minutes:02d}:{rest:02d}" if hours else f"{minutes}:{rest:02d}"


class Progress:
    """Follows the batches that are open; `ask` answers what the service says to a token."""

    def __init__(self, steps: Mapping[str, Step], ask: Ask, interval: float = _INTERVAL) -> None:
        self._steps = {name for name, step in steps.items() if step.component.batch}
        self._ask, self._interval = ask, interval
        self._tokens: dict[str, tuple[str, str]] = {}
        self._texts: dict[str, str] = {}
        self._end = threading.Event()
        threading.Thread(target=self._attend, daemon=True).start()

    def opened(self, step: str, attempt: str, token: str) -> None:
        """An attempt has begun, with a token of its own."""
        if step.partition("[")[0] in self._steps:
            from millwork.actions.batches import lease_token

            self._tokens[attempt] = (step, lease_token(token))

    def changed(self, changes: Sequence[Change]) -> None:
        """Takes in which attempts begin and end."""
        for change in changes:
            if isinstance(change, AttemptOpened):
                self.opened(change.step, change.attempt, change.token)
            elif isinstance(change, AttemptClosed) and change.attempt in self._tokens:
                del self._tokens[change.attempt]
                self._texts.pop(change.step, None)

    def text(self, step: str) -> str:
        """How far a step's batch was a moment ago; empty if that is not known."""
        return self._texts.get(step, "")

    def line(self) -> str:
        """How far the batches are that are at work."""
        open_steps = {step for step, _ in list(self._tokens.values())}
        texts = {step: text for step, text in list(self._texts.items()) if step in open_steps}
        if len(self._steps) == 1 and len(texts) == 1:
            return next(iter(texts.values()))
        return "; ".join(f"{step}: {text}" for step, text in texts.items())

    def close(self) -> None:
        """Asks no more."""
        self._end.set()

    def _attend(self) -> None:
        while not self._end.wait(self._interval):
            for attempt, (step, token) in list(self._tokens.items()):
                batch = self._ask(token)
                if batch and attempt in self._tokens:
                    self._texts[step] = progress_text(batch)


class StatusLine:
    """A line below all that is printed in a terminal; nothing at all where there is none."""

    def __init__(self, terminal: TextIO) -> None:
        self._terminal = terminal
        self._is_there = terminal.isatty()
        self._shown = ""

    def draw(self, text: str) -> None:
        """Shows this text, as much of it as has room."""
        if not self._is_there or text == self._shown:
            return
        room = os.get_terminal_size(self._terminal.fileno()).columns - 1
        self._shown = text
        self._write(f"\r{text[: max(room, 0)]}\x1b[K")

    def clear(self) -> None:
        """Takes it away, before anything else is printed."""
        if self._shown:
            self._shown = ""
            self._write("\r\x1b[K")

    def _write(self, text: str) -> None:
        self._terminal.write(text)
        self._terminal.flush()
