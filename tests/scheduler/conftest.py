"""Worlds on SQLite and on PostgreSQL; and a home with people and real files."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tests.api.conftest import plant
from tests.scheduler.world import World, at
from tests.store.conftest import new_place, place

if TYPE_CHECKING:
    from collections.abc import Iterator

__all__ = ["new_place", "place", "plant"]


@pytest.fixture
def world(place: str) -> Iterator[World]:
    """A world at noon of the first of March 2026."""
    made = World(place, at("2026-03-01T12:00"))
    yield made
    made.runs.database.close()
