"""A built-in's libraries, imported by another process while the command itself gets ready.

The command begins with it, so little is imported here, and what it needs to know is remembered:
the digest of the built-ins' code and their environment, by what the file system says of all that
these were found from. As with columns (engines/local/seen.py), what was written less than two
seconds before is not remembered.
"""

from __future__ import annotations

import os
import sys
import time
from typing import TYPE_CHECKING

from millwork.app.home import find_home

if TYPE_CHECKING:
    from collections.abc import Iterator

    from millwork.engines.local.warm import WarmProcess

WARM, URL = "MILLWORK_WARM", "MILLWORK_URL"
_MEMO = "ahead"
_YOUNG = 2_000_000_000


def begin() -> WarmProcess | None:
    """A process that may fork a built-in's step, begun now.

    None where a server will run it, or where the environment is not built.
    """
    home = find_home()
    if os.environ.get(WARM) == "no" or URL in os.environ or os.path.exists(f"{home}/server.json"):
        return None
    from millwork import runtime

    code = os.path.dirname(runtime.__file__)
    found = _recalled(home, code) or _found(home, code)
    if not found or not os.path.isdir(f"{home}/code/{found[0]}"):
        return None
    from millwork.engines.local import warm

    digest, env = found
    return warm.begin(home, digest, env=env)


def _recalled(home: str, code: str) -> tuple[str, str] | None:
    """The digest and the environment as they were found; None if anything is not as it was."""
    try:
        with open(f"{home}/{_MEMO}", encoding="utf-8", errors="surrogateescape") as file:
            digest, env, state = file.read().split("\n", 2)
    except (OSError, ValueError):
        return None
    return (digest, env) if state and state == _state(home, env, code)[0] else None


def _found(home: str, code: str) -> tuple[str, str] | None:
    """The digest and the environment, remembered for the next time."""
    from millwork.blobs.code import scan
    from millwork.engines.local import requirements

    env = requirements.built(code, f"{home}/envs")
    if env is None:
        return None
    state, newest = _state(home, env, code)  # before the code is read: it may change meanwhile
    digest = scan(code, f"{home}/code").digest
    if state and time.time_ns() - newest > _YOUNG:
        _remember(f"{home}/{_MEMO}", f"{digest}\n{env}\n{state}")
    return digest, env


def _remember(path: str, text: str) -> None:
    own = f"{path}.{os.getpid()}"
    try:
        with open(own, "w", encoding="utf-8", errors="surrogateescape") as file:
            file.write(text)
        os.replace(own, path)
    except OSError:
        if os.path.exists(own):
            os.unlink(own)


def _state(home: str, env: str, code: str) -> tuple[str, int]:
    """What is so of the code, the interpreter and its environment, and since when (ns).

    Empty if one of them is not there.
    """
    try:
        places = [os.path.realpath(sys.executable), f"{home}/envs/locks", env, *_files(code)]
        infos = [(place, os.stat(place)) for place in places]
    except OSError:
        return "", 0
    lines = [
        f"{place} {info.st_dev} {info.st_ino} {info.st_size} {info.st_mtime_ns} {info.st_ctime_ns}"
        for place, info in infos
    ]
    return "\n".join(lines), max(max(info.st_mtime_ns, info.st_ctime_ns) for _, info in infos)


def _files(code: str) -> Iterator[str]:
    for folder, below, names in os.walk(code):
        below[:] = sorted(name for name in below if name != "__pycache__")
        yield from (f"{folder}/{name}" for name in sorted(names))
