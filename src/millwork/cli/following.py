"""A run of a server, shown here as it goes with the displays of one that is driven here."""

from __future__ import annotations

import json
import os
import queue
import signal
import sys
import threading
import time
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

from millwork.base.errors import MillworkError, Unavailable
from millwork.base.records import dataclass
from millwork.blobs.folders import folder_beside, put_in_place
from millwork.cli.display import Display, LineDisplay, LogDisplay, NoFooter
from millwork.cli.sources import ServerLog
from millwork.client.artifacts import save_all
from millwork.client.changes import change_of
from millwork.ports import RunRow, StepRow
from millwork.ports.changes import RunChanged

if TYPE_CHECKING:
    from argparse import Namespace
    from collections.abc import Iterator, Mapping, Sequence
    from typing import TextIO

    from millwork.client.door import HttpDoor
    from millwork.ports.changes import Change

_OVER = ("succeeded", "failed", "cancelled")
_LAST_LINES, _LAST_BYTES = 12, 8192
_LOG_PULSE = 1.0  # seconds between two looks at a log that is a server's
_INTERRUPTS = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)


@dataclass(frozen=True)
class Followed:
    """A run to be followed: behind which event, and what is known of it.

    `replicas` are those of its only step, if it has one alone.
    """

    run: str
    name: str
    steps: Sequence[str]
    replicas: int = 1
    after: int = 0


def follow(door: HttpDoor, run: Followed, options: Namespace) -> int:
    """Shows the run until it is over, says what came of it, and returns the exit code."""
    out = sys.stderr if options.json else sys.stdout
    with waiting(door, f"run {run.run}", f"runs show {run.run} -f"):
        with _open_display(door, run, out) as display, _cancelling(door, run.run):
            if run.after:
                display.resumed(_rows(door, run), ())
            status = _shown(door, run, display)
        return _conclude(door, run, status, display, options)


@contextmanager
def waiting(door: HttpDoor, what: str, command: str) -> Iterator[None]:
    """Waits meanwhile for a server that is away; raises Unavailable if it does not come back.

    `what` goes on without it, and `command` is how to look at it later.
    """
    said: list[str] = []

    def away() -> None:
        if not said:
            said.append("millwork: the server is away; waiting\n")
            sys.stderr.write(said[0])
            sys.stderr.flush()

    door.wait(away)
    try:
        yield
    except Unavailable as error:
        if type(error) is not Unavailable:  # no room for its outputs here
            raise
        further = f"{what} goes on without it: millwork {command}"
        raise Unavailable(f"{error}\n{further}") from None


def last_event(door: HttpDoor, run: str) -> int:
    """The number of the last event of a run's history."""
    last, after = 0, 0
    while True:
        page = door.ask("runs.events", run=run, after=after)
        last = page["items"][-1]["seq"] if page["items"] else last
        if page["next"] is None:
            return last
        after = page["next"]


def _open_display(door: HttpDoor, run: Followed, out: TextIO) -> Display:
    row = RunRow(run.run, run.name, "", "", "running", 0.0)
    if len(run.steps) == 1:
        sys.stderr.write(f"millwork: run {run.run}\n")
        sys.stderr.flush()
        display = LogDisplay(_Logs(door, run), run.replicas, out, NoFooter())
        display.interval = _LOG_PULSE
        return display
    if out.isatty():
        from millwork.cli.live import LiveDisplay

        return LiveDisplay(row, run.steps, out)
    return LineDisplay(row, run.steps, out, NoFooter())


class _Logs:
    """The log of the only step, read for a display, which knows processes by their ids."""

    def __init__(self, door: HttpDoor, run: Followed) -> None:
        self._run, self._log = run.run, ServerLog(door, run.run, run.steps[0])

    def log(self, process: str, offset: int) -> tuple[bytes, int]:
        """What is behind the offset; the log of another run is that which the step has reused."""
        attempt, _, replica = process.partition("/")
        is_own = attempt.rpartition("-")[0] == self._run
        return self._log.log((replica or attempt) if is_own else "last", offset)


def _rows(door: HttpDoor, run: Followed) -> list[StepRow]:
    steps = door.ask("runs.result", run=run.run)["steps"]
    return [
        StepRow(step["node"], place, step["status"], step["attempts"], reason=step["reason"])
        for place, step in enumerate(steps)
    ]


def _shown(door: HttpDoor, run: Followed, display: Display) -> str:
    """Shows what happens; the status at the end."""
    told: queue.SimpleQueue[Change | BaseException] = queue.SimpleQueue()
    threading.Thread(target=_listen, args=(door, run, told), daemon=True).start()
    due = 0.0
    while True:
        if time.monotonic() >= due:
            display.pulse()
            due = time.monotonic() + (display.interval or 1.0)
        try:
            change = told.get(timeout=max(0.0, due - time.monotonic()))
        except queue.Empty:
            continue
        if isinstance(change, BaseException):
            raise change
        display.changed([change])
        if isinstance(change, RunChanged) and change.status in _OVER:
            return change.status


def _listen(door: HttpDoor, run: Followed, told: queue.SimpleQueue[Change | BaseException]) -> None:
    try:
        for message in door.stream("runs.follow", run=run.run):
            change = change_of(message.data) if message.data["seq"] > run.after else None
            if change is not None:
                told.put(change)
    except BaseException as error:
        told.put(error)


@contextmanager
def _cancelling(door: HttpDoor, run: str) -> Iterator[None]:
    """The first Ctrl-C cancels the run; with the second, nobody waits for its end any more."""
    other = door.another()
    count = 0

    def interrupted(_number: int, _frame: object) -> None:
        nonlocal count
        count += 1
        if count > 1:
            raise KeyboardInterrupt
        try:
            other.ask("runs.cancel", run=run)
        except MillworkError as error:
            sys.stderr.write(f"millwork: {error}\n")

    kept = {number: signal.signal(number, interrupted) for number in _INTERRUPTS}
    try:
        yield
    finally:
        for number, handler in kept.items():
            signal.signal(number, handler)
        other.close()


def _conclude(
    door: HttpDoor, run: Followed, status: str, display: Display, options: Namespace
) -> int:
    result = door.ask("runs.result", run=run.run)
    if options.output:
        result["outputs"] = _export(door, run.run, options.output)
    display.conclude(result, _failed_logs(door, result))
    if options.json:
        sys.stdout.write(json.dumps(result, ensure_ascii=False) + "\n")
    return 0 if status == "succeeded" else 1


def _export(door: HttpDoor, run: str, target: str) -> dict[str, str]:
    """Brings a run's outputs into the folder `target`, one folder each; their paths."""
    page, found = door.ask("runs.show", run=run), {}
    for name, (owner, port) in page["facts"].get("outputs", {}).items():
        for step in page["steps"]:
            index = step["node"].removeprefix(owner)
            is_own = step["node"] == owner or (step["node"] == f"{owner}{index}" and "[" in index)
            if not is_own or port not in step["outputs"]:
                continue
            place = os.path.join(os.path.abspath(target), f"{name}{index}")
            os.makedirs(os.path.dirname(place), exist_ok=True)
            with folder_beside(place) as beside:
                save_all(door, beside, run=run, step=step["node"], port=port)
                put_in_place(beside, place)
            is_value = step["outputs"][port].endswith("/value.json")
            found[f"{name}{index}"] = f"{place}/value.json" if is_value else place
    return found


def _failed_logs(door: HttpDoor, result: Mapping[str, Any]) -> dict[str, str]:
    """The ends of the logs of the steps that failed, where there is more than one step."""
    if len(result["steps"]) == 1:
        return {}
    failed = [step["node"] for step in result["steps"] if step["status"] == "failed"]
    tried = [step["node"] for step in result["steps"] if step["attempts"]]
    return {
        name: _end_of_log(ServerLog(door, result["run"], name))
        for name in [name for name in failed if name in tried][:3]
    }


def _end_of_log(log: ServerLog) -> str:
    data, offset, end = b"", 0, b""
    while True:
        data, offset = log.log("last", offset)
        if not data:
            return "\n".join(end.decode("utf-8", "replace").splitlines()[-_LAST_LINES:])
        end = (end + data)[-_LAST_BYTES:]
