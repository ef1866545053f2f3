"""Storage that never answers: a real scheduler, and a server that accepts and is silent."""

from __future__ import annotations

import signal
import socket
import subprocess
import threading
import time
from contextlib import contextmanager, suppress
from typing import TYPE_CHECKING, Any

import pytest

from tests.conftest import environment
from tests.kill import backlog
from tests.kill.schedulers import WORDS

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from millwork.actions.context import Context
    from millwork.ports.schedules import InstanceRow

_IN_TIME = 10.0  # seconds; the silent server would take a minute for each look
_TRIGGERED = {"triggers": [{"file": "s3://silent@b/new"}]}


class Silent:
    """Accepts whoever connects, and never answers."""

    def __init__(self) -> None:
        self._listening = socket.create_server(("127.0.0.1", 0))
        self.address = f"http://127.0.0.1:{self._listening.getsockname()[1]}"
        self.taken: list[socket.socket] = []
        threading.Thread(target=self._take, daemon=True).start()

    def _take(self) -> None:
        with suppress(OSError):
            while True:
                self.taken.append(self._listening.accept()[0])

    def close(self) -> None:
        self._listening.close()
        for each in self.taken:
            each.close()


@pytest.fixture
def silent() -> Iterator[Silent]:
    server = Silent()
    yield server
    server.close()


@contextmanager
def scheduling(home: Path) -> Iterator[subprocess.Popen[bytes]]:
    """A scheduler without a server."""
    process = subprocess.Popen(
        WORDS, env=environment(home), stdin=subprocess.PIPE, stdout=subprocess.DEVNULL,
        stderr=subprocess.PIPE, bufsize=0,
    )  # fmt: skip
    try:
        yield process
    finally:
        if process.poll() is None:
            process.kill()
        process.communicate()


def keep(context: Context, silent: Silent) -> None:
    """The pipeline, and a connection to the server that never answers."""
    backlog.keep_pipeline(context)
    fields = {"endpoint": silent.address, "anonymous": "true"}
    backlog.ask(context, "connections.set", name="silent", type="s3", fields=fields)


def deploy(context: Context, name: str, *files: str, **more: Any) -> None:
    """A schedule of which one cycle was due yesterday, and waits for these files."""
    waits = {"depends_on": [{"file": each} for each in files]} if files else {}
    backlog.deploy(context, name, **backlog.minutes(1, **waits, **more))


def until(holds: Callable[[], object], patience: float = _IN_TIME) -> None:
    deadline = time.monotonic() + patience
    while not holds():
        assert time.monotonic() < deadline
        time.sleep(0.02)  # what another process does gives no event


def of(context: Context, name: str) -> InstanceRow | None:
    """The one instance of a schedule, once there is one."""
    found = backlog.instances(backlog.store_of(context), name)
    return found[0] if found else None


def is_begun(context: Context, name: str) -> bool:
    row = of(context, name)
    return row is not None and row.status == "running"


def test_storage_that_never_answers_holds_up_nobody(
    home: Path, silent: Silent, tmp_path: Path
) -> None:
    home.mkdir()
    there = tmp_path / "there"
    with backlog.opened(home) as context:
        keep(context, silent)
        for number in range(20):
            deploy(context, f"hangs{number}", f"s3://silent@bucket{number}/done", **_TRIGGERED)
        deploy(context, "plain")
        deploy(context, "waits", f"file://{there}")
        backlog.make_due(context)
        there.touch()
        with scheduling(home) as process:
            until(lambda: is_begun(context, "plain") and is_begun(context, "waits"))
            until(lambda: silent.taken)
            deploy(context, "later")
            backlog.make_due(context)
            assert process.stdin
            process.stdin.write(b"\n")  # as its server does
            until(lambda: is_begun(context, "later"))
            assert len(silent.taken) == 2  # however much there is to look at
            statuses = {(row := of(context, f"hangs{number}")) and row.status
                        for number in range(20)}  # fmt: skip
            assert statuses == {"waiting"}
            began = time.monotonic()
            process.send_signal(signal.SIGTERM)
            assert process.wait(_IN_TIME) == 0
            assert time.monotonic() - began < 2.0
            assert process.stderr
            assert process.stderr.read() == b""


def test_the_end_of_its_server_ends_it_as_well(home: Path, silent: Silent) -> None:
    home.mkdir()
    with backlog.opened(home) as context:
        keep(context, silent)
        deploy(context, "hangs", "s3://silent@b/done")
        backlog.make_due(context)
        with scheduling(home) as process:
            until(lambda: silent.taken)
            assert process.stdin
            process.stdin.close()
            process.stdin = None
            began = time.monotonic()
            assert process.wait(_IN_TIME) == 0
            assert time.monotonic() - began < 2.0


def test_what_is_found_lets_an_instance_begin_at_once(home: Path, tmp_path: Path) -> None:
    home.mkdir()
    files = [tmp_path / name for name in ("a", "b", "c")]
    for each in files:
        each.touch()
    with backlog.opened(home) as context:
        backlog.keep_pipeline(context)
        deploy(context, "waits", *(f"file://{each}" for each in files))
        backlog.make_due(context)
        began = time.monotonic()
        with scheduling(home):
            until(lambda: is_begun(context, "waits"))
        # It looks again by itself after 5 seconds, and at what waits after 30.
        assert time.monotonic() - began < 4.5


def test_a_file_that_changes_makes_an_instance(home: Path, tmp_path: Path) -> None:
    home.mkdir()
    source = tmp_path / "new"
    source.write_text("1")
    with backlog.opened(home) as context:
        backlog.keep_pipeline(context)
        backlog.deploy(context, "load", triggers=[{"file": f"file://{source}", "every": "1s"}])
        database = backlog.store_of(context).database

        def seen() -> str:
            return str(database.execute("SELECT seen FROM trigger_seen").fetchone()["seen"])

        def made() -> list[str]:
            return [row["status"] for row in database.execute("SELECT status FROM instance")]

        with scheduling(home):
            until(seen)
            assert made() == []  # what was there before makes nothing
            source.write_text("22")
            until(lambda: made() == ["running"])


def test_what_may_not_be_looked_at_fails(home: Path) -> None:
    home.mkdir()
    with backlog.opened(home) as context:
        backlog.keep_pipeline(context)
        deploy(context, "waits", "s3://nothing@b/done")
        backlog.make_due(context)
        with scheduling(home):
            until(lambda: (row := of(context, "waits")) and row.status == "failed")
        row = of(context, "waits")
        assert row
        assert "there is no connection 'nothing'" in row.reason
