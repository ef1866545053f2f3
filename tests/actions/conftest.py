"""The databases that the stores are tested with, and people of several roles in a home."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from millwork.app.compose import open_context
from tests.actions.shelf import Asker, hire
from tests.store.conftest import new_place, place

if TYPE_CHECKING:
    from pathlib import Path

    from millwork.actions.context import Context

__all__ = ["new_place", "place"]


@pytest.fixture
def context(home: Path, monkeypatch: pytest.MonkeyPatch) -> Context:
    monkeypatch.setenv("MILLWORK_HOME", str(home))
    context = open_context()
    hire(context)
    return context


@pytest.fixture
def ann(context: Context) -> Asker:
    return Asker(context, "ann")


@pytest.fixture
def bob(context: Context) -> Asker:
    return Asker(context, "bob")
