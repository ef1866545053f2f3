"""Where the stores of a test are kept: in a file, and in a PostgreSQL."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tests.store.server import Server, started

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path


@pytest.fixture(scope="session")
def postgres() -> Iterator[Server]:
    with started() as server:
        yield server


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
