"""What is mounted below a folder, and how it is taken away again."""

from __future__ import annotations

import shutil
import subprocess
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from typing import List

_ESCAPES = (("\\040", " "), ("\\011", "\t"), ("\\012", "\n"), ("\\134", "\\"))


def program() -> str:
    """The program that unmounts what FUSE has mounted; empty if there is none."""
    return shutil.which("fusermount3") or shutil.which("fusermount") or ""


def below(folder: str) -> List[str]:
    """The folders at which something is mounted: this one, and those in it."""
    with open("/proc/self/mountinfo", encoding="utf-8", errors="surrogateescape") as file:
        points = [_unescaped(line.split(" ")[4]) for line in file]
    return [point for point in points if point == folder or point.startswith(f"{folder}/")]


def release(folder: str) -> None:
    """Takes away what is mounted there, also where nobody serves it any more."""
    for point in reversed(below(folder)):
        subprocess.run([program(), "-u", "-z", point], check=False, stdin=subprocess.DEVNULL)


def _unescaped(path: str) -> str:
    for code, sign in _ESCAPES:
        path = path.replace(code, sign)
    return path
