"""How a batch stands: of what its service says, and of what is kept; and as one line of text."""

from __future__ import annotations

import time
from dataclasses import asdict, replace
from io import StringIO
from types import SimpleNamespace
from typing import TYPE_CHECKING, Any

import pytest

from millwork.actions.batches import lease_token
from millwork.batch.changes import LeaseRow
from millwork.batch.records import WorkerRow
from millwork.batch.status import Status, Straggler, WorkerStatus
from millwork.cli.progress import Progress, StatusLine, progress_text, rate_text
from millwork.ports.changes import AttemptClosed, AttemptOpened
from millwork.views import batches as views
from millwork.views import runs
from tests.docs.test_docs import documented_fields, paths

if TYPE_CHECKING:
    from collections.abc import Mapping

quick = pytest.mark.quick
COUNTS = {"done": 0, "failed": 0, "items": 0, "failed_items": 0, "failures": 0, "losses": 0}
STATUS = Status(
    total=336, todo=290, leased=5, done=40, failed=1, items=12_345, failed_items=3, failures=3,
    losses=1, copies=1, items_per_second=1234.4321, seconds_left=41.7,
    stragglers=(Straggler(17, "worker-2~1/99", 41.23456, 2),),
    workers=(
        WorkerStatus("worker-10/7", True, 1, 10, 0, 3000, 300.0),
        WorkerStatus("worker-2/8", False, 0, 9, 1, 2500, 250.0),
        WorkerStatus("worker-2~1/99", True, 2, 5, 1, 1500, 100.0),
        WorkerStatus("worker-2~1/98", True, 2, 5, 0, 1500, 50.5),
        WorkerStatus("worker-9/1", False, 0, 11, 0, 3845, 310.0),
    ),
)  # fmt: skip


def of(status: Status) -> dict[str, Any]:
    return views.live(asdict(status))


# --- the read model ---------------------------------------------------------------------------


@quick
def test_processes_and_starts_of_a_replica_are_one_worker() -> None:
    workers = of(STATUS)["workers"]
    assert [each["worker"] for each in workers] == ["worker-2", "worker-9", "worker-10"]
    assert workers[0] == {
        "worker": "worker-2", "live": True, "held": 4, "done": 19, "failed": 2, "items": 5500,
        "items_per_second": 150.5,
    }  # fmt: skip
    # One that has gone is no longer fast.
    assert (workers[1]["live"], workers[1]["items_per_second"]) == (False, None)
    (straggler,) = of(STATUS)["stragglers"]
    assert straggler == {"shard": 17, "worker": "worker-2", "seconds": 41.235, "copies": 2}


@quick
@pytest.mark.parametrize(
    ("failures", "losses", "failed", "retries"), [(0, 0, 0, 0), (3, 1, 1, 3), (1, 0, 1, 0)]
)
def test_a_last_failure_is_not_tried_again(
    failures: int, losses: int, failed: int, retries: int
) -> None:
    batch = of(replace(STATUS, failures=failures, losses=losses, failed=failed))
    assert (batch["retries"], batch["failures"], batch["losses"]) == (retries, failures, losses)


@quick
def test_what_is_kept_tells_the_same_but_for_speeds() -> None:
    rows = [
        WorkerRow("worker-0/1", done=1, failed=2, items=10, seconds=2.0),
        WorkerRow("worker-0/2", done=1, items=12, seconds=2.0),
        WorkerRow("worker-1/1", done=1, failed=1, items=10, seconds=2.0),
        WorkerRow("worker-1~1/5", done=1, items=10, seconds=4.0),
    ]
    leases = [LeaseRow(5, 0, "a", "worker-0/1", 1.0, False),
              LeaseRow(5, 1, "b", "worker-1~1/5", 2.0, False),
              LeaseRow(6, 0, "c", "worker-1~1/5", 1.0, True)]  # fmt: skip
    counts = {**COUNTS, "done": 4, "failed": 1, "items": 40, "failed_items": 2, "failures": 3}
    record = views.Record(counts, 9, uncut=3, extra=10, leases=leases, workers=rows)
    batch = views.kept(record, is_running=True)
    numbers = ("total", "uncut", "todo", "leased", "done", "failed", "items", "failed_items")
    assert [batch[name] for name in numbers] == [9, 3, 3, 1, 4, 1, 40, 12]
    assert (batch["retries"], batch["copies"], batch["items_per_second"]) == (2, None, None)
    first, second = batch["workers"]
    # Two processes at once, 22 items in 4 s; two starts in turn, 20 items in 6 s.
    assert first == {"worker": "worker-0", "live": True, "held": 1, "done": 2, "failed": 2,
                     "items": 22, "items_per_second": 11.0}  # fmt: skip
    assert (second["held"], second["failed"], second["items_per_second"]) == (1, 1, 3.333)
    over = views.kept(replace(record, leases=leases), is_running=False)
    assert (over["leased"], over["todo"]) == (0, 4)
    assert not any(each["live"] or each["held"] for each in over["workers"])


@quick
def test_an_input_that_is_being_cut_has_no_total() -> None:
    batch = views.kept(views.Record(COUNTS, None), is_running=True)
    assert (batch["total"], batch["todo"], batch["workers"]) == (None, None, [])
    assert progress_text(batch) == "its input is being cut"


@quick
def test_both_sources_have_the_documented_fields() -> None:
    errors = [
        {
            "shard": 3,
            "status": "failed",
            "attempts": 2,
            "workers": ["w"],
            "error": "e",
            "log": "f:1",
        }
    ]
    live = views.concluded(of(STATUS), ("failed", "why"), errors, "/file") | views.carried({})
    record = views.Record({**COUNTS, "done": 1}, 1, workers=[WorkerRow("w/1", done=1)])
    kept = views.concluded(views.kept(record, is_running=False), (None, ""), errors, "")
    kept |= views.carried({"carried_shards": 3})
    assert list(live) == list(kept)
    lists = {"stragglers", "workers", "errors"}
    assert paths(live) - lists == documented_fields("batch")
    assert kept["workers"][0].keys() == live["workers"][0].keys()


@quick
def test_only_a_step_with_a_batch_has_one() -> None:
    from millwork.ports import RunRow, StepRow

    run = RunRow("id", "name", "definition", "1.0.0", "running", 1.0)
    steps = [StepRow("a", 0, "running"), StepRow("b", 1, "pending")]
    first, second = runs.page(run, steps, [], [], True, 2.0, {"a": {"total": 3}})["steps"]
    assert first["batch"] == {"total": 3}
    assert "batch" not in second


# --- as text ----------------------------------------------------------------------------------


@quick
@pytest.mark.parametrize(
    ("changes", "text"),
    [
        ({}, "40 of 336 shards, 12,345 items, 1,234 items/s, 0:42 left, 3 tried again, 1 failed"),
        ({"failures": 1, "losses": 0, "failed": 0, "items_per_second": 3.14159},
         "40 of 336 shards, 12,345 items, 3.14 items/s, 0:42 left, 1 tried again"),
        ({"uncut": 3, "failures": 0, "losses": 0, "failed": 0, "items_per_second": 0.0},
         "40 of 336 shards so far, 12,345 items, 0:42 left"),
        ({"seconds_left": 3725.0, "failures": 0, "losses": 0, "failed": 0},
         "40 of 336 shards, 12,345 items, 1,234 items/s, 1:02:05 left"),
        ({"seconds_left": 0.3, "items": 0, "failures": 0, "losses": 0, "failed": 0},
         "40 of 336 shards, 1,234 items/s"),
    ],
)  # fmt: skip
def test_a_batch_in_one_line(changes: dict[str, Any], text: str) -> None:
    assert progress_text(of(replace(STATUS, **changes))) == text


@quick
def test_speeds_have_three_figures() -> None:
    assert [rate_text(x) for x in (None, 0.0, 0.1234, 9.876, 99.96, 12345.6)] == [
        "", "0", "0.123", "9.88", "100", "12,346",
    ]  # fmt: skip


# --- while a run is driven --------------------------------------------------------------------


def closed(attempt: str, step: str) -> AttemptClosed:
    return AttemptClosed(attempt, step, "token", "succeeded", 0, "")


def steps(**batches: bool) -> Mapping[str, Any]:
    return {
        name: SimpleNamespace(component=SimpleNamespace(batch=batch or None))
        for name, batch in batches.items()
    }


def test_progress_asks_for_batches_as_long_as_they_run() -> None:
    asked: list[str] = []

    def ask(token: str) -> Mapping[str, Any]:
        asked.append(token)
        return of(STATUS)

    progress = Progress(steps(a=True, b=False), ask, interval=0.01)
    try:
        progress.changed([AttemptOpened("r-1", "a", 1, "x"), AttemptOpened("r-2", "b", 1, "y")])
        deadline = time.monotonic() + 10
        while not progress.text("a"):
            assert time.monotonic() < deadline
            time.sleep(0.01)  # another thread asks, and tells nobody
        assert set(asked) == {lease_token("x")}
        assert progress.line() == progress.text("a") == progress_text(of(STATUS))
        assert progress.text("b") == ""
        progress.changed([closed("r-2", "b"), closed("r-1", "a")])
        assert progress.line() == ""
    finally:
        progress.close()


@quick
def test_several_batches_are_told_by_name() -> None:
    progress = Progress(steps(a=True, each=True), lambda _: None)
    progress.changed([AttemptOpened("r-1", "a", 1, "x"), AttemptOpened("r-2", "each[0]", 1, "y")])
    progress._texts.update({"a": "1 of 2 shards", "each[0]": "3 of 4 shards"})
    assert progress.line() == "a: 1 of 2 shards; each[0]: 3 of 4 shards"
    progress.close()


@quick
def test_a_line_below_is_for_terminals_only() -> None:
    out = StringIO()
    line = StatusLine(out)
    line.draw("1 of 2 shards")
    line.clear()
    assert out.getvalue() == ""
