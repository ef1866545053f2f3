"""`python . --warm FD FOLDER FUNCTION...`: a process that has imported libraries, and forks steps.

It never computes: a process forked after a query of polars hangs. Each step is forked twice: the
first is its recorder, in a session of its own, which holds the attempt's lock and writes down how
the second, the step itself, has ended. So a step has its own log, limits and end, and outlives
this process and whoever asked for it, as any other step does. Byte code of ours goes to FOLDER.
"""

from __future__ import annotations

import array
import ast
import ctypes
import gc
import json
import os
import resource
import select
import signal
import socket
import sys
from contextlib import suppress
from importlib import import_module
from pathlib import Path
from typing import TYPE_CHECKING, Any

from . import bytecode

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

MARK = "MILLWORK_ATTEMPT"
"""The variable by which a step's processes are found; its first value here leaves room for any."""

_LENGTH, _DESCRIPTORS = 4, 2
_CANNOT_BEGIN = 125


def main(words: list[str]) -> int:
    """Import what those functions need, and fork a step for each order until there is no more."""
    descriptor, folder, *functions = words
    channel = socket.socket(fileno=int(descriptor))
    signal.signal(signal.SIGCHLD, signal.SIG_IGN)  # recorders are nobody's to wait for
    gc.disable()  # what is imported is no garbage
    bytecode.keep_in(folder)
    libraries = preload(functions)
    channel.sendall(b"ready\n")
    while order := _next_while_importing(channel, libraries):
        said, lock, log = order
        gc.freeze()
        pid = os.fork()
        if pid == 0:
            channel.close()
            _record(said, lock, log)
        os.close(lock)
        os.close(log)
        channel.sendall(f"{pid}\n".encode())
    return 0


def preload(functions: Iterable[str]) -> Iterator[str]:
    """Import the modules of functions; the libraries that these import when they are called."""
    from . import step

    modules = list(dict.fromkeys(name.partition(".")[0] for name in functions))
    for name in modules:
        step.found_function(f"{name}.__doc__")
    seen: set[Path] = set()
    folder = Path(__file__).parent / "functions"
    return (library for name in modules for library in _imported(folder / f"{name}.py", seen))


def _next_while_importing(
    channel: socket.socket, libraries: Iterator[str]
) -> tuple[dict[str, Any], int, int] | None:
    """The next order; until it is there, one library after the other is imported."""
    while not select.select([channel], [], [], 0)[0]:
        library = next(libraries, None)
        if library is None:
            break
        with suppress(Exception):  # a step that needs it will say what is wrong with it
            import_module(library)
    return _next(channel)


def _imported(path: Path, seen: set[Path]) -> Iterator[str]:
    """The libraries that a file of ours imports, wherever in it, and those of ours that it uses."""
    if path in seen or not path.is_file():
        return
    seen.add(path)
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            yield from (each.name for each in node.names)
        elif isinstance(node, ast.ImportFrom):
            names = [each.name for each in node.names]
            if node.level:
                yield from _of_ours(path.parents[node.level - 1], node.module or "", names, seen)
            else:
                yield from (f"{node.module}.{name}" for name in names)
                yield node.module or ""


def _of_ours(folder: Path, module: str, names: list[str], seen: set[Path]) -> Iterator[str]:
    for name in [module] if module else names:
        yield from _imported(folder / f"{name}.py", seen)


def _next(channel: socket.socket) -> tuple[dict[str, Any], int, int] | None:
    """The next order with the descriptors of its lock and its log; None at the end."""
    room = socket.CMSG_LEN(_DESCRIPTORS * array.array("i").itemsize)
    head, ancillary, _, _ = channel.recvmsg(_LENGTH, room)
    if len(head) < _LENGTH:
        return None
    descriptors = array.array("i")
    for _, _, data in ancillary:
        descriptors.frombytes(data)
    size, text = int.from_bytes(head, "big"), b""
    while len(text) < size:
        part = channel.recv(size - len(text))
        if not part:
            return None
        text += part
    lock, log = descriptors
    return json.loads(text), lock, log


def _record(order: dict[str, Any], lock: int, log: int) -> None:
    """As the shell beside any other step: hold the lock, start it, write down how it ended."""
    os.setsid()
    for number in (signal.SIGTERM, signal.SIGINT, signal.SIGHUP):
        signal.signal(number, lambda *_: None)  # sent to the whole group, it is for the step
    signal.signal(signal.SIGCHLD, signal.SIG_DFL)
    os.write(lock, f"{os.getpid()}\n".encode())
    step = os.fork()
    if step == 0:
        os.close(lock)
        os._exit(_begun(order, log))
    status, usage = os.wait4(step, 0)[1:]
    code = os.waitstatus_to_exitcode(status)
    times = f"{_seconds(usage.ru_utime)} {_seconds(usage.ru_stime)}"
    code = 128 - code if code < 0 else code
    peak = f"peak {usage.ru_maxrss}"
    os.write(lock, f"{code} end\n0m0.0s 0m0.0s\n{times}\n{peak}\n".encode())
    os._exit(0)


def _begun(order: dict[str, Any], log: int) -> int:
    """The step itself; its exit code."""
    gc.enable()
    _mark(order["env"][MARK])
    for number in (signal.SIGTERM, signal.SIGINT, signal.SIGHUP):
        signal.signal(number, signal.SIG_DFL)
    with Path(os.devnull).open("rb") as nothing:
        os.dup2(nothing.fileno(), 0)
    os.dup2(log, 1)
    os.dup2(log, 2)
    os.close(log)
    try:
        for path in order["procs"]:
            Path(path).write_text("0", encoding="ascii")
        if order["processes"]:
            most = int(order["processes"])
            resource.setrlimit(resource.RLIMIT_NPROC, (most, most))
        os.environ.clear()
        os.environ.update(order["env"])
        os.chdir(order["work"])
    except OSError as error:
        sys.stderr.write(f"{error.filename}: {error.strerror}\n")
        return _CANNOT_BEGIN
    return _called(order["words"])


def _called(words: list[str]) -> int:
    from .step import main as step

    try:
        return step(words)
    finally:
        with suppress(OSError):
            sys.stdout.flush()
            sys.stderr.flush()


def _mark(attempt: str) -> None:
    """Write the attempt's id over this process's first environment, which `/proc` shows.

    Forked processes have that of the one they came from; what a step starts has its own.
    """
    getenv = ctypes.CDLL(None).getenv
    getenv.restype = ctypes.c_void_p
    place = getenv(MARK.encode())
    room = len(ctypes.string_at(place))
    ctypes.memmove(place, attempt.encode().ljust(room, b"\0"), room)


def _seconds(seconds: float) -> str:
    """As `times` of a shell writes them."""
    return f"{int(seconds // 60)}m{seconds % 60:.6f}s"
