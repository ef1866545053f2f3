"""Runs the entry script of an AzureML parallel component over shards.

    python -m millwork_worker.azureml [options] ENTRY.PY [ARGUMENTS...]

`init()`, `run(mini_batch[, context])` and `shutdown()` run in a child process (`entry.py`), which
is killed when `run` takes longer than `--timeout`, and started anew. A mini-batch is a list of
paths, or a DataFrame for ranges of rows and with `--tabular`. As many items succeeded as `run`
returned; the others of the mini-batch failed. What it returned is written to the staged file
`--append-row`, an item a line, a DataFrame without header.
"""

from __future__ import annotations

import argparse
import json
import os
import select
import signal
import subprocess
import sys
import tempfile
import threading
import time
from contextlib import suppress
from typing import TYPE_CHECKING

from .errors import Fatal, Told
from .loop import run
from .service import Refused, Unreachable

if TYPE_CHECKING:
    from typing import IO, Any, Dict, List, Optional

    from .shard import Shard

_TICK = 1.0  # seconds between two looks at whether the lease is lost
_SHUTDOWN = 60.0  # seconds for `shutdown`
_STACK = 0.3  # seconds in which the child tells where it hangs
_START = (
    "import sys; sys.path.append(sys.argv[1]); "
    "from millwork_worker.entry import main; main(sys.argv[2:])"
)


class Failed(Told):
    """What became of a mini-batch, in the words of the entry script's error."""


class NotStarted(Fatal):
    """`init` failed, or the entry script cannot be loaded: no mini-batch would do better."""


class Child:
    """The process that the entry script runs in."""

    def __init__(self, words: List[str]) -> None:
        self._name = os.path.basename(words[0])
        request, self._requests = os.pipe()
        self._replies, reply = os.pipe()
        self._stack: IO[bytes] = tempfile.TemporaryFile()  # noqa: SIM115 - open as long as we
        ends = [request, reply, self._stack.fileno()]
        parent = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
        self._process = subprocess.Popen(
            [sys.executable, "-c", _START, parent, *map(str, ends), *words],
            stdin=subprocess.DEVNULL, pass_fds=ends, start_new_session=True,
        )  # fmt: skip
        os.close(request)
        os.close(reply)
        self._left = b""
        self._is_killed = False

    def wait(self) -> None:
        """Waits until `init` has run. Raises NotStarted."""
        try:
            begun = self._reply(None, "init()", None)
        except Failed as failed:
            self.close()
            raise NotStarted(str(failed)) from None
        except BaseException:
            self.close()
            raise
        if "error" in begun:
            self.close()
            raise NotStarted(begun["error"])

    @property
    def is_alive(self) -> bool:
        """Whether it takes another mini-batch."""
        return self._process.poll() is None

    def run(
        self, request: Dict[str, Any], timeout: Optional[float], shard: Shard
    ) -> Dict[str, Any]:
        """The answer to a mini-batch. Raises Failed; when it took too long the child is gone."""
        try:
            data = json.dumps(request).encode() + b"\n"
            while data:
                data = data[os.write(self._requests, data) :]
        except BrokenPipeError:
            pass  # the reason comes with the reply
        try:
            reply = self._reply(timeout, "run()", shard)
        except BaseException:
            self.close()
            raise
        if "error" in reply:
            raise Failed(reply["error"])
        return reply

    def stop(self) -> None:
        """Lets `shutdown` run and the process end."""
        if self._requests >= 0:
            os.close(self._requests)
        self._requests = -1
        try:
            self._process.wait(_SHUTDOWN)
        except subprocess.TimeoutExpired:
            print("millwork: shutdown() took longer than {:g} s".format(_SHUTDOWN), file=sys.stderr)
        self.close()

    def kill(self) -> None:
        """Ends the process and all that it started, from whichever thread."""
        if not self._is_killed:
            self._is_killed = True
            with suppress(ProcessLookupError, PermissionError):
                os.killpg(self._process.pid, signal.SIGKILL)
        self._process.wait()

    def close(self) -> None:
        """Ends it in the thread that talks to it: nobody reads from the pipes any more."""
        self.kill()
        for end in (self._requests, self._replies):
            if end >= 0:
                os.close(end)
        self._requests = self._replies = -1
        self._stack.close()

    def _reply(
        self, timeout: Optional[float], where: str, shard: Optional[Shard]
    ) -> Dict[str, Any]:
        """The next answer. Raises Failed if there is none in time."""
        deadline = None if timeout is None else time.monotonic() + timeout
        poll = select.poll()
        poll.register(self._replies, select.POLLIN)
        while b"\n" not in self._left:
            left = _TICK if deadline is None else min(_TICK, deadline - time.monotonic())
            if left <= 0:
                raise Failed(self._hung(where, timeout or 0.0))
            if poll.poll(left * 1000):
                data = os.read(self._replies, 1 << 16)
                if not data:
                    raise Failed(self._died(where))
                self._left += data
            elif shard is not None and shard.lost:
                raise Failed("the lease was lost")
        line, _, self._left = self._left.partition(b"\n")
        found: Dict[str, Any] = json.loads(line)
        return found

    def _hung(self, where: str, timeout: float) -> str:
        """Says where it hangs: the child writes its stack on SIGUSR1, whatever it is doing."""
        text = "{}: {} took longer than {:g} s".format(self._name, where, timeout)
        self._stack.seek(0, os.SEEK_END)
        before = self._stack.tell()
        self._process.send_signal(signal.SIGUSR1)
        time.sleep(_STACK)  # faulthandler writes at once, and says nothing when it has
        self._stack.seek(before)
        stack = self._stack.read(4000).decode("utf-8", "replace").strip()
        return "{}\n{}".format(text, stack) if stack else text

    def _died(self, where: str) -> str:
        code = self._process.wait()
        if code < 0:
            reason = "was killed by {}".format(signal.Signals(-code).name)
        else:
            reason = "ended with exit code {}".format(code)
        return "{}: the process {} in {}".format(self._name, reason, where)


class _Runner:
    """Works on shards, with as many children as there are threads."""

    def __init__(self, options: argparse.Namespace) -> None:
        self._options = options
        self._words = [options.entry, *options.arguments]
        self._idle: List[Child] = []
        self._children: List[Child] = []
        self._is_ended = False
        self._starting = threading.Lock()

    def prepare(self) -> None:
        """Starts the first child before anything is leased: `init` may take its time."""
        self._idle.append(self._child())

    def __call__(self, shard: Shard) -> None:
        """Works on one shard. Raises Failed."""
        options = self._options
        rows = options.append_row and shard.path(options.append_row, options.output)
        request = {
            "parts": [tuple(part) for part in shard.parts()],
            "tabular": options.tabular or bool(shard.ranges),
            "key": shard.key,
            "id": shard.id,
            "rows": rows,
            "separator": options.separator,
        }
        child = self._child()
        try:
            found = child.run(request, options.timeout, shard)
        finally:
            self._idle.append(child)  # one that is gone is found out about by the next
        shard.done(ok=found["returned"], failed=max(0, found["inputs"] - found["returned"]))

    def _child(self) -> Child:
        """One that has nothing to do; a new one if all that are left have."""
        with suppress(IndexError):
            while True:
                child = self._idle.pop()
                if child.is_alive:
                    return child
                child.close()
        with self._starting:
            if self._is_ended:
                raise Failed("the worker was stopped")
            child = Child(self._words)
            self._children.append(child)
        child.wait()
        return child

    def stop(self) -> None:
        """Ends the children in order."""
        for child in self._idle:
            child.stop()

    def kill(self) -> None:
        """Ends the children at once, and those to come."""
        with self._starting:
            self._is_ended = True
        for child in self._children:
            child.kill()


def main(words: List[str]) -> int:
    """Works until there are no more mini-batches; the exit code."""
    options = _options(words)
    runner = _Runner(options)
    try:
        runner.prepare()
        run(runner, threads=options.processes)
        runner.stop()
    except (NotStarted, Refused, Unreachable) as error:
        print("millwork: {}".format(error), file=sys.stderr, flush=True)
        return 1
    finally:
        runner.kill()
    return 0


def _options(words: List[str]) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m millwork_worker.azureml")
    add = parser.add_argument
    add("--timeout", type=float, help="seconds for a mini-batch")
    add("--processes", type=int, default=1, help="mini-batches at once")
    add("--append-row", metavar="FILE", help="staged file for what run() returned")
    add("--output", help="output that it belongs to, if there are several")
    add("--separator", default=" ", help="between the columns of a DataFrame in it")
    add("--tabular", action="store_true", help="read files into DataFrames")
    add("entry", metavar="ENTRY.PY")
    add("arguments", nargs=argparse.REMAINDER, help="of the entry script")
    return parser.parse_args(words)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
