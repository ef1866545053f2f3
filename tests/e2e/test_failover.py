"""Two servers on one home and one PostgreSQL: what is queued is done once, whoever dies."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tests.kill.failover import fail_over

if TYPE_CHECKING:
    from pathlib import Path

    from tests.store.server import Server

pytestmark = pytest.mark.xdist_group("postgres")


@pytest.mark.parametrize("with_drivers", [False, True], ids=["server", "server-and-drivers"])
def test_a_server_is_killed_and_the_database_restarted(
    tmp_path: Path, postgres: Server, *, with_drivers: bool
) -> None:
    report = fail_over(
        tmp_path, postgres, runs=5, steps=30, restarts=2, with_drivers=with_drivers, patience=60
    )
    assert report.is_whole, report
    assert report.statuses == {"succeeded": 5}
