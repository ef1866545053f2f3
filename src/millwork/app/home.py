"""The Millwork home: where it is, and whether it can be used."""

from __future__ import annotations

import os

from millwork.base.errors import Unavailable
from millwork.base.names import is_text

_NETWORK = frozenset({"nfs", "nfs4", "cifs", "smb3", "9p", "afs", "ceph", "lustre", "fuse.sshfs"})


def find_home() -> str:
    """`$MILLWORK_HOME`, or `~/.millwork`."""
    return os.path.abspath(os.environ.get("MILLWORK_HOME") or os.path.expanduser("~/.millwork"))


def open_home(path: str) -> str:
    """Makes the home if it is not there; raises Unavailable if it cannot be used, saying why."""
    if not is_text(path):
        raise Unavailable(f"the name of the Millwork home {path} is not UTF-8 text")
    try:
        os.makedirs(path, mode=0o700, exist_ok=True)
    except OSError as error:
        raise Unavailable(
            f"the Millwork home {path} cannot be made: {error.strerror}; "
            "set MILLWORK_HOME to a folder of yours"
        ) from None
    if not os.access(path, os.W_OK | os.X_OK):
        raise Unavailable(
            f"the Millwork home {path} cannot be written; set MILLWORK_HOME to a folder of yours"
        )
    if not os.path.exists(f"{path}/millwork.db"):
        _refuse_network(path)
    return path


def filesystem_of(path: str) -> str:
    """The type of the file system that holds `path`, as the kernel names it."""
    real, best, kind = os.path.realpath(path), "", ""
    with open("/proc/self/mountinfo", encoding="utf-8", errors="replace") as file:
        for line in file:
            fields, _, rest = line.partition(" - ")
            point = fields.split()[4].encode().decode("unicode_escape")
            inside = real == point or real.startswith(point.rstrip("/") + "/")
            if inside and len(point) >= len(best):
                best, kind = point, rest.split()[0]
    return kind


def _refuse_network(path: str) -> None:
    kind = filesystem_of(path)
    if kind in _NETWORK:
        raise Unavailable(
            f"the Millwork home {path} is on {kind}: SQLite's locks cannot be trusted there; "
            "set MILLWORK_HOME to a local disk"
        )
