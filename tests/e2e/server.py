"""A real `millwork up` for the tests that ask it."""

from __future__ import annotations

import re
import signal
import subprocess
import threading
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import pytest

from tests.conftest import COMMAND, assert_no_defect, end_steps, environment

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from pathlib import Path

_READY = re.compile(r"^ready at (\S+)$")
_PATIENCE = 30.0


@dataclass
class Server:
    """A server on a home. `log` is the file of what it wrote to standard error."""

    home: Path
    url: str
    process: subprocess.Popen[str]
    log: Path
    said: list[str] = field(default_factory=list)

    @property
    def token(self) -> str:
        """The token of the home's owner."""
        return (self.home / "token").read_text().strip()

    @property
    def api(self) -> str:
        """Where the API begins."""
        return f"{self.url}/api/v1"

    def stop(self) -> int:
        """Ends it as an init system does; its exit code."""
        if self.process.poll() is None:
            self.process.send_signal(signal.SIGTERM)
        try:
            return self.process.wait(_PATIENCE)
        finally:
            self.kill()

    def kill(self) -> None:
        """Ends it at once, without a word, if it is still there."""
        if self.process.poll() is None:
            self.process.kill()
            self.process.wait()


def start(home: Path, *words: str, env: Mapping[str, str] | None = None) -> Server:
    """Starts `millwork up` at a free port, and waits until it is ready."""
    log = home.parent / f"{home.name}.server.log"
    with log.open("a") as err:
        process = subprocess.Popen(
            [COMMAND, "up", "--port", "0", *words], env=environment(home, env), text=True,
            stdout=subprocess.PIPE, stderr=err, stdin=subprocess.DEVNULL, process_group=0,
        )  # fmt: skip
    server = Server(home, "", process, log)
    ready = threading.Event()
    threading.Thread(target=_listen, args=(server, ready), daemon=True).start()
    if not ready.wait(_PATIENCE) or not server.url:
        server.kill()
        raise AssertionError(f"no server: {''.join(server.said)}{log.read_text()}")
    return server


def _listen(server: Server, ready: threading.Event) -> None:
    """Reads what it says to its end, so that it never waits for a reader."""
    assert server.process.stdout is not None
    with server.process.stdout as out:
        for line in out:
            server.said.append(line)
            if found := _READY.match(line.rstrip("\n")):
                server.url = found[1]
                ready.set()
    ready.set()


@contextmanager
def serving(home: Path, *words: str, env: Mapping[str, str] | None = None) -> Iterator[Server]:
    """A server on this home for as long as the block takes; it shows no defect meanwhile."""
    server = start(home, *words, env=env)
    try:
        yield server
        server.stop()
        assert_no_defect("".join(server.said) + server.log.read_text())
    finally:
        server.kill()
        end_steps(home)


@pytest.fixture
def server(home: Path) -> Iterator[Server]:
    """A server on the home of the test."""
    with serving(home) as started:
        yield started
