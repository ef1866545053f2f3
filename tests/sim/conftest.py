"""Where the simulated worlds keep their databases."""

from __future__ import annotations

import os
import tempfile
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator


@pytest.fixture
def path() -> Iterator[Callable[[int], str]]:
    """Database files in memory: the simulation commits thousands of times."""
    memory = "/dev/shm" if os.path.isdir("/dev/shm") else None
    with tempfile.TemporaryDirectory(dir=memory) as folder:
        yield lambda seed: f"{folder}/{seed}.db"
