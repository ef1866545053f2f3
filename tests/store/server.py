"""A PostgreSQL of the tests' own: started once a session, a database for each test."""

from __future__ import annotations

import glob
import os
import pwd
import shutil
import signal
import socket
import subprocess
import tempfile
import time
from contextlib import contextmanager
from itertools import count
from pathlib import Path
from typing import TYPE_CHECKING

import psycopg
import pytest

if TYPE_CHECKING:
    from collections.abc import Iterator

PASSWORD = "p/ss:w@rd"  # every character that a URL must not hold as it is
_QUOTED = "p%2Fss%3Aw%40rd"
_SETTINGS = {
    "fsync": "off",  # a test has no loss of power
    "listen_addresses": "127.0.0.1",
    "unix_socket_directories": "",
    "shared_buffers": "16MB",
    "max_connections": "100",
    "log_min_messages": "fatal",
}


class Server:
    """A PostgreSQL below a folder of its own, which listens on 127.0.0.1 only."""

    def __init__(self, programs: str, folder: Path) -> None:
        self._programs, self._data = programs, folder / "data"
        self._numbers = count()
        self._process: subprocess.Popen[bytes] | None = None
        self.port = _free_port()
        self._as_user = _as_user(folder)
        secret = folder / "password"
        secret.write_text(PASSWORD)
        self._run(
            "initdb", "-D", str(self._data), "-U", "millwork", "-A", "scram-sha-256", "-E", "UTF8",
            "--no-sync", "--locale=C", f"--pwfile={secret}",
        )  # fmt: skip

    def _run(self, program: str, *words: str) -> None:
        command = [*self._as_user, f"{self._programs}/{program}", *words]
        subprocess.run(command, check=True, capture_output=True, cwd="/")

    def start(self) -> None:
        """Returns when it can be reached."""
        words = [f"--{name}={value}" for name, value in _SETTINGS.items()]
        command = [f"{self._programs}/postgres", "-D", str(self._data), f"--port={self.port}"]
        self._process = subprocess.Popen(
            [*self._as_user, *command, *words], cwd="/", stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, start_new_session=True,
        )  # fmt: skip
        deadline = time.monotonic() + 30
        while True:
            try:
                psycopg.connect(self.url("postgres")).close()
                return
            except psycopg.OperationalError:
                assert self._process.poll() is None, "the server has ended"
                assert time.monotonic() < deadline, "the server does not answer"
                time.sleep(0.05)  # a server that is starting gives no event

    def stop(self, number: signal.Signals = signal.SIGINT) -> None:
        """SIGINT ends all sessions in good order; SIGQUIT is a crash."""
        if self._process:
            self._process.send_signal(number)
            self._process.wait(30)
            self._process = None

    def url(self, name: str, password: str = _QUOTED) -> str:
        """The URL of one database."""
        return f"postgresql://millwork:{password}@127.0.0.1:{self.port}/{name}"

    def new(self) -> str:
        """The URL of a database that nobody has used."""
        name = f"test{next(self._numbers)}"
        with psycopg.connect(self.url("postgres"), autocommit=True) as connection:
            connection.execute(f"CREATE DATABASE {name}".encode())
        return self.url(name)


def _as_user(folder: Path) -> list[str]:
    """PostgreSQL refuses to be root; and it ends with whoever has started it."""
    words = ["setpriv", "--pdeathsig", "INT"]
    if os.geteuid() == 0:
        user = pwd.getpwnam("nobody")
        os.chown(folder, user.pw_uid, user.pw_gid)
        words += [f"--reuid={user.pw_uid}", f"--regid={user.pw_gid}", "--clear-groups"]
    return words


def _free_port() -> int:
    with socket.socket() as listening:
        listening.bind(("127.0.0.1", 0))
        return int(listening.getsockname()[1])


def _programs() -> str | None:
    """The folder of PostgreSQL's programs; Debian keeps them off the path."""
    folders = sorted(glob.glob("/usr/lib/postgresql/*/bin"), reverse=True)
    found = shutil.which("initdb", path=os.pathsep.join([*folders, os.environ.get("PATH", "")]))
    return os.path.dirname(os.path.realpath(found)) if found else None


@contextmanager
def started() -> Iterator[Server]:
    """A server; the test is skipped where there is none, unless it is asked for, as in CI."""
    programs = _programs()
    if programs is None:
        assert "NEEDS_POSTGRES" not in os.environ, "run scripts/setup-postgres"
        pytest.skip("PostgreSQL is not installed: scripts/setup-postgres")
    folder = Path(tempfile.mkdtemp(prefix="millwork-postgres-"))
    try:
        server = Server(programs, folder)
        server.start()
        try:
            yield server
        finally:
            server.stop()
    finally:
        shutil.rmtree(folder, ignore_errors=True)


@pytest.fixture(scope="session")
def postgres() -> Iterator[Server]:
    """One server for all tests; who stops it starts it again."""
    with started() as server:
        yield server
