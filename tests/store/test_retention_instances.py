"""What collection asks about schedules is answered by indexes."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

import pytest

from millwork.store.queries import load_queries
from millwork.store.runs import RunStore

if TYPE_CHECKING:
    from pathlib import Path


@pytest.mark.quick
@pytest.mark.parametrize(
    ("name", "indexes"),
    [
        ("retention_made_to", ["schedule_made"]),
        ("retention_open", ["instance_open (day<?)"]),
        ("retention_workspace", ["(workspace>?)"]),
        (
            "retention_over",
            ["instance_day (workspace=? AND (day,schedule)>(?,?) AND day<?)", "alert"],
        ),
        ("retention_backfills", ["instance_of_backfill (origin=?"]),
        ("retention_count_backfill", ["instance_of_backfill (origin=?"]),
        ("retention_of_backfill", ["instance_of_backfill (origin=?"]),
        ("retention_drop_instances", ["sqlite_autoindex_instance_1 (id=?)"]),
        ("retention_drop_happened", ["PRIMARY KEY (instance=?)"]),
        ("retention_drop_told", ["sqlite_autoindex_alert_1 (instance=?)"]),
        ("retention_drop_backfill", ["(id=?)", "instance_of_backfill (origin=?"]),
        ("retention_awaited", ["instance_going"]),
    ],
)
def test_no_question_reads_more_than_it_answers(
    tmp_path: Path, name: str, indexes: list[str]
) -> None:
    runs = RunStore(str(tmp_path / "millwork.db"))
    statement = {**load_queries("retention.sql"), **load_queries("retention_instances.sql")}[name]
    runs.database.learn({"plan": f"EXPLAIN QUERY PLAN {statement}"})
    asked = dict.fromkeys(re.findall(r":(\w+)", statement))
    plan = " / ".join(row["detail"] for row in runs.database.query("plan", asked))
    runs.close()
    assert all(index in plan for index in indexes), plan
