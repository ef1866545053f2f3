"""What a container costs beyond its client."""

from __future__ import annotations

import os
import shutil
import statistics
import subprocess
import tempfile
import time
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

from tests.engines.images import Storage, archive

from bench.home import Home, rows
from millwork.engines.container.tool import caller

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from bench.rows import Row

_IMAGE = "localhost/millwork-bench:1"
_PROGRAMS = ("sh", "true")
_PAIRS = 9


def containers(folder: Path) -> Iterator[Row]:
    """A step in a container beside the same container alone."""
    yield from rows(
        folder,
        (
            "a step of `true` in a container, from AttemptOpened to AttemptClosed",
            "1.3x of podman run --rm alone",
            _true,
        ),
    )


def _true(home: Home) -> tuple[str, bool]:
    for program in ("podman", "busybox"):
        if shutil.which(program) is None:
            return f"not measured here: no container tool ({program})", False
    with _storage() as storage:
        busybox = Path(shutil.which("busybox") or "")
        image = archive({f"bin/{name}": busybox for name in _PROGRAMS})
        storage.call("import", "-", _IMAGE, data=image)
        alone = _words(storage)
        trial = subprocess.run(alone, capture_output=True, text=True, check=False)
        if trial.returncode:
            return f"not measured here: {trial.stderr.strip()[-200:]}", False
        _put_before(home, storage)
        return _in_turns(home, alone)


def _in_turns(home: Home, alone: list[str]) -> tuple[str, bool]:
    code = home.folder / "code"
    code.mkdir()
    ours = ("run", "--engine", "container", "--image", _IMAGE, "--code", str(code), "--", "true")
    first = home.call(*ours)
    if first.returncode:
        return f"failed: {first.stderr.strip()[-200:]}", False
    bare, steps, whole = [], [], []
    for _ in range(_PAIRS):
        bare.append(_seconds(lambda: subprocess.run(alone, capture_output=True, check=True)))
        whole.append(_seconds(lambda: home.call(*ours)))
        attempt = home.last()[2][-1]
        steps.append((attempt.ended or 0) - attempt.created)
    usual, command, client = map(statistics.median, (steps, whole, bare))
    ratio = usual / client
    measured = (
        f"{usual * 1000:.0f} ms, podman alone {client * 1000:.0f} ms: {ratio:.2f}x; "
        f"the whole command {command / client:.2f}x"
    )
    return measured, ratio <= 1.3


def _seconds(action: Callable[[], object]) -> float:
    """How long it takes, when podman has put away what it ran before: it does so in its absence."""
    time.sleep(0.5)  # podman tidies up in the background and tells nobody
    began = time.perf_counter()
    action()
    return time.perf_counter() - began


@contextmanager
def _storage() -> Iterator[Storage]:
    """Images of our own, in a folder whose name is short enough for podman."""
    storage = Storage(Path(tempfile.mkdtemp(prefix="mw-")))
    try:
        yield storage
    finally:
        storage.remove()


def _words(storage: Storage) -> list[str]:
    """A bare `podman run --rm`, with the network and the limits that ours has too."""
    who = caller()
    files, processes = (f"{soft}:{hard}" for soft, hard in (who.open_files, who.processes))
    options = ["--rm", "--network", "host"]
    options += ["--ulimit", f"nofile={files}", "--ulimit", f"nproc={processes}"]
    return [*storage.command, "run", *options, _IMAGE, "true"]


def _put_before(home: Home, storage: Storage) -> None:
    """Makes `podman` of the home's commands the one over this storage."""
    folder = home.folder / "bin"
    folder.mkdir()
    _, *options = storage.command
    script = folder / "podman"
    words = " ".join([str(shutil.which("podman")), *options])
    script.write_text(f'#!/bin/sh\nexec {words} "$@"\n')
    script.chmod(0o755)
    home.env["PATH"] = f"{folder}{os.pathsep}{home.env['PATH']}"
