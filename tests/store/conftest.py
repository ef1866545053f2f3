"""Where the stores of a test are kept: in a file, and in a PostgreSQL."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from tests.store.server import Server


@pytest.fixture(params=[pytest.param("sqlite", marks=pytest.mark.quick), "postgres"])
def new_place(request: pytest.FixtureRequest, tmp_path: Path) -> Callable[[], str]:
    """Names another database with each call."""
    if request.param == "postgres":
        server: Server = request.getfixturevalue("postgres")
        return server.new
    names = iter(range(1000))
    return lambda: str(tmp_path / f"millwork{next(names)}.db")


@pytest.fixture
def place(new_place: Callable[[], str]) -> str:
    """The database of the test."""
    return new_place()
