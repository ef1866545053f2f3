"""The recorder: a shell beside each attempt that starts the step and writes down how it ended.

It outlives the loop, starts no other program, and holds the attempt's lock while it lives
(DESIGN decision 2). The lock's file has its process id, and then the outcome: written behind what
is there, it fits in a block that is already the file's, so that a full disk does not lose it. A
free lock without an outcome means that the recorder was killed.
"""

from __future__ import annotations

import fcntl
import os
import time
from contextlib import contextmanager
from typing import TYPE_CHECKING

from millwork.base.records import dataclass

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

LOCK, LOG, REASON = "lock", "log", "reason"
ORDER = "transfers.json"
"""What is brought before and after the command; not there for most."""
LOG_FLAGS = os.O_WRONLY | os.O_CREAT | os.O_APPEND
_LOCK_FD = 8

# $1 attempt folder, $2 working folder, $3 memory in KiB, $4 processes; then files to enter by
# writing 0, then --, then the step's words. TERM is trapped, not ignored, so that a stop that is
# sent to the whole group ends the step and leaves the recorder to note it.
SCRIPT = """
trap : TERM INT HUP
echo $$ >&8
cd -- "$1" || exit 125
(
  work=$2 memory=$3 processes=$4
  shift 4
  while [ "$1" != -- ]; do echo 0 >"$1" || exit 125; shift; done
  shift
  [ -z "$memory" ] || ulimit -v "$memory" || exit 125
  [ -z "$processes" ] || ulimit -u "$processes" 2>/dev/null || ulimit -p "$processes" || exit 125
  cd -- "$work" || exit 125
  exec "$@" 8>&-
)
{ echo "$? end"; times; } >&8
"""


@dataclass(frozen=True)
class Confinement:
    """Limits as the shell sets them: files to enter by writing 0, KiB of memory, processes."""

    procs: Sequence[str] = ()
    memory: str = ""
    processes: str = ""


def spawn(
    folder: str, work: str, words: Sequence[str], env: Mapping[str, str], limits: Confinement
) -> int:
    """Starts a recorder in a session of its own, and returns its process id.

    `folder` is the attempt's; its log takes what the step prints. Raises OSError.
    """
    with locked(folder) as lock:
        arguments = [folder, work, limits.memory, limits.processes, *limits.procs, "--", *words]
        return os.posix_spawn(
            "/bin/sh",
            ["sh", "-c", SCRIPT, "recorder", *arguments],
            env,
            setsid=True,
            setsigdef=_DEFAULTED,
            file_actions=[
                (os.POSIX_SPAWN_OPEN, 0, "/dev/null", os.O_RDONLY, 0),
                (os.POSIX_SPAWN_OPEN, 1, f"{folder}/{LOG}", LOG_FLAGS, 0o600),
                (os.POSIX_SPAWN_DUP2, 1, 2),
                (os.POSIX_SPAWN_DUP2, lock, _LOCK_FD),
            ],
        )


@contextmanager
def locked(folder: str) -> Iterator[int]:
    """An attempt's lock, held for the block, and then by whom it was handed down to.

    Raises OSError, also if it is held already.
    """
    lock = os.open(f"{folder}/{LOCK}", os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    try:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        yield lock
    finally:
        os.close(lock)


# Python ignores SIGPIPE, and a shell cannot undo what it inherits as ignored.
_DEFAULTED = (13,)


def find(folder: str, patience: float = 2.0) -> int | None:
    """The process id of the recorder if it lives; one that has just begun is waited for."""
    deadline = time.monotonic() + patience
    while is_held(folder):
        pid = pid_of(folder)
        if pid is not None or time.monotonic() > deadline:
            return pid
        time.sleep(0.001)
    return None


def is_held(folder: str) -> bool:
    """Whether the recorder lives."""
    try:
        lock = os.open(f"{folder}/{LOCK}", os.O_RDWR)
    except FileNotFoundError:
        return False
    try:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError:
        return True
    finally:
        os.close(lock)
    return False


def pid_of(folder: str) -> int | None:
    """The recorder's process id, once it has written it."""
    text = _read(f"{folder}/{LOCK}").partition("\n")[0]
    return int(text) if text.isdigit() else None


def outcome_of(folder: str) -> tuple[int | None, float | None]:
    """The recorded exit code, and the step's seconds of CPU as the shell's `times` gives them.

    A line that is not whole is none.
    """
    _, *lines = _read(f"{folder}/{LOCK}").split("\n")
    first, *times = lines or [""]
    code, _, end = first.partition(" ")
    if end != "end" or not code.isdigit():
        return None, None
    return int(code), _cpu(times[:2])


def peak_of(folder: str) -> int | None:
    """The step's peak of memory in bytes, if its recorder has noted it: a forked step's does."""
    last = _read(f"{folder}/{LOCK}").rstrip("\n").rpartition("\n")[2]
    word, _, kibibytes = last.partition(" ")
    return int(kibibytes) * 1024 if word == "peak" and kibibytes.isdigit() else None


def ended_at(folder: str) -> float:
    """When the outcome was recorded, in Unix seconds."""
    return os.stat(f"{folder}/{LOCK}").st_mtime


def reason_of(folder: str) -> str:
    """Why the step could not begin, if its launcher left word."""
    return _read(f"{folder}/{REASON}").strip()


def _cpu(lines: list[str]) -> float | None:
    if len(lines) < 2:
        return None
    try:
        return sum(_seconds(word) for line in lines for word in line.split())
    except ValueError:
        return None


def _seconds(word: str) -> float:
    minutes, _, seconds = word.partition("m")
    return int(minutes) * 60 + float(seconds.rstrip("s"))


def _read(path: str) -> str:
    try:
        with open(path, encoding="utf-8", errors="replace") as file:
            return file.read(65536)
    except FileNotFoundError:
        return ""
