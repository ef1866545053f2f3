"""The one step of every engine: a program of its own that writes one file.

`PEERS_STEP` is its words, one a line; `PEERS_OUT` the folder of the files; `PEERS_PARALLEL` how
many steps may run at once. `PEERS_CACHE` is set where an engine may use what earlier runs did.
"""

from __future__ import annotations

import os
import subprocess
import sys

SHAPES = ("chain", "fan")
PARALLEL = int(os.environ["PEERS_PARALLEL"])


def work(number: int) -> int:
    """Runs step `number` and returns the number, for the next step to take."""
    subprocess.run(words(number), check=True)
    return number


def words(number: int | str) -> list[str]:
    """The command of a step."""
    return [*os.environ["PEERS_STEP"].splitlines(), f"{os.environ['PEERS_OUT']}/{number}"]


def asked() -> tuple[str, int]:
    """The shape and the number of steps that the command line asks for."""
    shape, count = sys.argv[1:3]
    if shape not in SHAPES:
        raise SystemExit(f"{shape}: not one of {', '.join(SHAPES)}")
    return shape, int(count)


def again() -> bool:
    """Whether a killed run is to be taken up again, in the way that the engine has for it."""
    return sys.argv[3:] == ["again"]
