"""A thousand instances due in the same minute: their runs begin as the queue says, 20 at once."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tests.kill import backlog
from tests.scheduler.crowded import PARALLEL, keep_crowd, play, replayed

if TYPE_CHECKING:
    from pathlib import Path


@pytest.mark.parametrize("seed", [1, 2])
def test_runs_begin_in_the_order_of_the_queue(home: Path, seed: int) -> None:
    home.mkdir()
    keep_crowd(home, 200, seed)
    with backlog.opened(home) as context:
        play(context, seed)
        store = backlog.store_of(context)
        assert replayed(store) == (200, PARALLEL)
        assert backlog.statuses(store) == {"succeeded": 200}
