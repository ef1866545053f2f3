"""What tells a home from others with which it shares a database or a bucket."""

from __future__ import annotations

import contextlib
import os
import secrets


def identity_of(home: str) -> str:
    """What tells this home from others; it is made once, and kept in the home."""
    path = f"{home}/home.id"
    if not os.path.exists(path):
        own = f"{path}.{os.getpid()}"
        with open(own, "w", encoding="ascii") as file:
            file.write(secrets.token_hex(16))
            file.flush()
            os.fsync(file.fileno())
        with contextlib.suppress(FileExistsError):
            os.link(own, path)
        os.unlink(own)
    with open(path, encoding="ascii") as file:
        return file.read().strip()
