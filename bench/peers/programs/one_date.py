"""The one step of every backfilled date: a program of its own that writes the file of its date.

`PEERS_STEP` is its words, one a line; `PEERS_OUT` the folder of the files.
"""

from __future__ import annotations

import os
import socket
import subprocess
import time
from datetime import date, timedelta
from pathlib import Path

_PATIENCE = 280.0


def work(day: str) -> None:
    """Runs the step of a date."""
    words = os.environ["PEERS_STEP"].splitlines()
    subprocess.run([*words, f"{os.environ['PEERS_OUT']}/{day}"], check=True)


def day(number: int) -> str:
    """The `number`-th date of a backfill, from 1 on."""
    return (date(2024, 1, 1) + timedelta(days=number - 1)).isoformat()


def wait_for(count: int) -> None:
    """Until the step of each of the first `count` dates has written its file."""
    out, deadline = Path(os.environ["PEERS_OUT"]), time.monotonic() + _PATIENCE
    while not all((out / day(number)).exists() for number in range(1, count + 1)):
        if time.monotonic() > deadline:
            raise SystemExit(f"{len(list(out.iterdir()))} of {count} dates were done in time")
        time.sleep(0.2)  # what other processes do gives no event
    time.sleep(2.0)  # the end of the last one is written


def wait_for_port(port: int) -> None:
    """Until somebody listens at a port."""
    deadline = time.monotonic() + _PATIENCE
    while True:
        try:
            socket.create_connection(("127.0.0.1", port)).close()
            return
        except OSError:
            if time.monotonic() > deadline:
                raise
            time.sleep(0.2)  # a server that is starting gives no event


def end(parts: list[subprocess.Popen[bytes]]) -> None:
    """Ends what was started: in good order, if that takes no more than a while."""
    for part in parts:
        part.terminate()
    for part in parts:
        try:
            part.wait(30)
        except subprocess.TimeoutExpired:
            part.kill()
            part.wait()


def free_port() -> int:
    """A port that nobody listens at."""
    with socket.socket() as found:
        found.bind(("127.0.0.1", 0))
        return int(found.getsockname()[1])
