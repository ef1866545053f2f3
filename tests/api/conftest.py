"""A home whose schedules the tests operate."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from millwork.app.compose import open_context
from tests.api.cycles import Plant, built

if TYPE_CHECKING:
    from pathlib import Path


@pytest.fixture
def plant(home: Path, monkeypatch: pytest.MonkeyPatch) -> Plant:
    monkeypatch.setenv("MILLWORK_HOME", str(home))
    return built(open_context())
