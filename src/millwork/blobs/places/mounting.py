"""Buckets seen as folders while a step runs, by rclone and FUSE, to be read only.

The mount belongs to the process that asks for it: rclone ends when that does, however it ends, and
takes the mount away. What is left of one whose rclone was killed as well is a dead folder, which
`worker.mounts.release` removes.
"""

from __future__ import annotations

import os
import re
import shutil
import signal
import subprocess
import time
from contextlib import contextmanager
from typing import TYPE_CHECKING

from millwork.blobs.places.model import StorageError
from millwork.worker import mounts

if TYPE_CHECKING:
    from collections.abc import Iterator

    from millwork.base.uris import Uri
    from millwork.blobs.places.model import Place
    from millwork.blobs.places.s3 import S3

_DEVICE = "/dev/fuse"
_REMOTE = "MILLWORK"
_LONGEST_START, _LONGEST_END, _LOOK = 60.0, 10.0, 0.02  # seconds
_SET_DEATH_SIGNAL = 1  # PR_SET_PDEATHSIG of prctl(2)
_KEPT = re.compile(r"PATH|HOME|TMPDIR|AWS_.*|SSL_CERT_.*|(?i:https?_proxy|no_proxy)")
_SPECIAL = "\\*?[]{}"


def trouble() -> str:
    """Why nothing can be mounted here, and how to mend it; empty if it can."""
    if not os.path.exists(_DEVICE):
        return f"there is no {_DEVICE}: load the module fuse, or give it to this container"
    if not os.access(_DEVICE, os.R_OK | os.W_OK):
        return f"{_DEVICE} may not be opened: let this user do so (udev, or group fuse)"
    if not mounts.program():
        return "fusermount3 is not here: apt-get install fuse3"
    if not shutil.which("rclone"):
        return "rclone is not here: apt-get install rclone"
    return ""


@contextmanager
def mounted(place: Place, uri: Uri, target: str, cache: str) -> Iterator[None]:
    """Shows what lies at a URI as `target` for the block: a folder, or one file in its folder.

    What has been read is kept in the folder `cache` meanwhile. Raises StorageError if it cannot
    be listed, or mounted.
    """
    from millwork.blobs.places.s3 import S3

    assert isinstance(place, S3)
    found = place.find(uri, limit=1)  # what is not allowed is told by the server's own word
    folder, path, words = target, uri.path.rstrip("/"), []
    if found.is_file:
        folder, path = os.path.dirname(target), path.rpartition("/")[0]
        words = ["--include", f"/{_literal(os.path.basename(target))}"]
    mounts.release(folder)  # of an earlier try that was killed
    os.makedirs(folder, exist_ok=True)
    process = _started(place, f"{uri.host}/{path}".rstrip("/"), folder, cache, words)
    try:
        _await(process, uri, folder)
        yield
    finally:
        mounts.release(folder)  # then it ends by itself
        try:
            process.wait(_LONGEST_END)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()
        shutil.rmtree(cache, ignore_errors=True)


def _started(
    place: S3, source: str, folder: str, cache: str, words: list[str]
) -> subprocess.Popen[bytes]:
    command = [
        "rclone", "mount", f"{_REMOTE}:{source}", folder, "--read-only",
        "--config", "/dev/null", "--vfs-cache-mode", "full", "--cache-dir", cache,
        "--use-server-modtime", "--log-level", "ERROR", *words,
    ]  # fmt: skip
    parent = os.getpid()
    return subprocess.Popen(
        command,
        env=_environ(place),
        stdin=subprocess.DEVNULL,
        preexec_fn=lambda: _die_with(parent),  # noqa: PLW1509 - no thread is left here
    )


def _environ(place: S3) -> dict[str, str]:
    """How rclone reaches the place: no word of its command line tells a secret.

    It has no mark of the attempt: who asks the step to end does not ask this.
    """
    told = {f"RCLONE_CONFIG_{_REMOTE}_{name.upper()}": text for name, text in place.remote.items()}
    kept = {name: text for name, text in os.environ.items() if _KEPT.fullmatch(name)}
    bundle = kept.pop("AWS_CA_BUNDLE", "")  # rclone's own transport refuses it
    trusted = {"RCLONE_CA_CERT": bundle} if bundle else {}
    return {**kept, **trusted, **told}


def _die_with(parent: int) -> None:
    import ctypes

    ctypes.CDLL(None).prctl(_SET_DEATH_SIGNAL, signal.SIGTERM)
    if os.getppid() != parent:
        os._exit(1)


def _await(process: subprocess.Popen[bytes], uri: Uri, folder: str) -> None:
    deadline = time.monotonic() + _LONGEST_START
    while not mounts.below(folder):
        if process.poll() is not None:
            says = f"it cannot be mounted: rclone ended with {process.returncode}"
            raise StorageError(uri.text, "mount", says, advice="the log says why")
        if time.monotonic() > deadline:
            says = f"it was not mounted within {_LONGEST_START:g} s"
            raise StorageError(uri.text, "mount", says)
        time.sleep(_LOOK)  # the kernel tells only who polls all mounts


def _literal(name: str) -> str:
    """A name as a pattern of rclone's that nothing else fits."""
    return "".join(f"\\{sign}" if sign in _SPECIAL else sign for sign in name)
