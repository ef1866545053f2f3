"""No more dates of a backfill are done at once than were asked for, and as many as that are."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from millwork.actions.usage import room_for_runs
from millwork.app.compose import this_machine
from tests.e2e.backfills import most_at_once

if TYPE_CHECKING:
    from pathlib import Path


@pytest.mark.parametrize(("parallel", "dates"), [(1, 4), (3, 9), (10, 20)])
def test_parallelism_is_kept_and_reached(tmp_path: Path, parallel: int, dates: int) -> None:
    room = room_for_runs(this_machine()).runs or parallel
    expected = min(parallel, room)
    assert most_at_once(tmp_path, parallel, expected, dates) == (expected, dates)
