"""Deleted runs: what goes with them, what stays for others, and what a crash leaves."""

from __future__ import annotations

import os
from dataclasses import replace
from typing import TYPE_CHECKING

import pytest

from millwork.actions.deletion import delete_run, drop
from millwork.actions.gc import collect
from millwork.actions.tally import Wish
from millwork.base import faultpoints
from millwork.base.errors import Conflict
from millwork.ports.changes import RunChanged
from millwork.ports.retention import Retention
from tests.actions.attic import Attic

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from millwork.ports import RunRow


@pytest.fixture
def attic(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Attic]:
    attic = Attic(tmp_path / "home", monkeypatch)
    yield attic
    attic.close()


def row(attic: Attic, run: str) -> RunRow:
    found = attic.context.store.run(run)
    assert found is not None
    return found


def test_a_run_goes_with_its_files(attic: Attic) -> None:
    run, other = attic.run(), attic.run()
    found = delete_run(attic.context, row(attic, run))
    assert found["deleted"] == run
    assert found["kept"] == []
    assert found["bytes"] > 1000
    assert attic.context.store.run(run) is None
    assert attic.attempts() == {f"{other}-1", f"{other}-2"}
    assert attic.is_whole(f"{other}-1")


def test_a_run_that_is_not_over_stays(attic: Attic) -> None:
    run = attic.run(is_over=False)
    with pytest.raises(Conflict, match="it is running; cancel it first"):
        delete_run(attic.context, row(attic, run))
    stale = replace(row(attic, run), ended=1.0)  # it was over when it was looked at
    with pytest.raises(Conflict, match="it is not over"):
        delete_run(attic.context, stale)
    assert attic.is_whole(f"{run}-1")


@pytest.mark.parametrize("who", ["result", "run", "path"])
def test_what_is_named_stays_and_only_logs_and_scratch_go(attic: Attic, who: str) -> None:
    run = attic.run(key="k" if who == "result" else "")
    attempt = f"{run}-1"
    if who == "run":
        attic.run(takes=attempt)
    elif who == "path":
        attic.run(reads=attempt)
    found = delete_run(attic.context, row(attic, run))
    assert found["kept"] == [attempt]
    assert attic.is_whole(attempt)
    assert attic.is_trimmed(attempt)
    assert f"{run}-2" not in attic.attempts()


def test_what_a_version_came_out_of_stays_with_its_lineage(attic: Attic) -> None:
    run = attic.run()
    attic.model(run)
    steps = attic.context.store.steps(run)
    with pytest.raises(Conflict, match=r"model m1@0\.1\.0 came out of it: delete that first"):
        delete_run(attic.context, row(attic, run))
    assert drop(attic.context, run) is None  # nor if it was registered since one looked
    found = collect(attic.context, Wish(Retention(runs_days=0.0), young=0.0))
    assert (found["items"], found["left"]) == ([], [])
    assert attic.context.store.steps(run) == steps
    attic.context.assets().delete("default", "model", "m1")
    assert delete_run(attic.context, row(attic, run))["kept"] == []


def test_what_a_private_version_of_others_came_out_of_does_not_name_it(attic: Attic) -> None:
    run = attic.run(creator="bob")
    attic.model(run, visibility="private")
    attic.model(attic.run(creator="ann"), visibility="private")
    with pytest.raises(Conflict, match="a private model came out of it"):
        delete_run(attic.context, row(attic, run))


def test_a_sweep_stays_if_a_version_came_out_of_a_trial(attic: Attic) -> None:
    sweep = attic.run()
    attic.model(attic.run(facts={"sweep": {"run": sweep, "step": "a", "trial": 1}}))
    with pytest.raises(Conflict, match=r"model m\d@0\.1\.0 came out of its trial"):
        delete_run(attic.context, row(attic, sweep))


def test_a_sweep_goes_with_its_trials_and_not_while_one_runs(attic: Attic) -> None:
    sweep = attic.run()
    facts = {"sweep": {"run": sweep, "step": "a", "trial": 1}}
    trial, going = attic.run(facts=facts), attic.run(facts=facts, is_over=False)
    with pytest.raises(Conflict, match=f"its trial {going} is running"):
        delete_run(attic.context, row(attic, sweep))
    attic.context.store.commit(going, 1, 50.0, [RunChanged("failed", "x")])
    delete_run(attic.context, row(attic, sweep))
    assert [attic.context.store.run(run) for run in (sweep, trial, going)] == [None] * 3
    assert attic.attempts() == set()


def test_a_trial_stays_while_its_sweep_runs(attic: Attic) -> None:
    sweep = attic.run(is_over=False)
    trial = attic.run(facts={"sweep": {"run": sweep, "step": "a", "trial": 1}})
    with pytest.raises(Conflict, match=f"of the sweep {sweep}, which is running"):
        delete_run(attic.context, row(attic, trial))


def test_what_an_incremental_run_may_build_on_stays(attic: Attic) -> None:
    run = attic.run()
    attic.run(facts={"incremental": True}, is_over=False)
    with pytest.raises(Conflict, match="an incremental run of 'pipe' goes on"):
        delete_run(attic.context, row(attic, run))


def test_folders_that_forbid_it_go_too(attic: Attic) -> None:
    run = attic.run()
    folder = attic.home / "attempts" / f"{run}-1" / "ml/output/o/deep"
    folder.chmod(0o500)
    folder.parent.chmod(0)
    delete_run(attic.context, row(attic, run))
    assert attic.attempts() == set()


class _Cut(BaseException):
    """The process ends here."""


@pytest.mark.parametrize(
    ("point", "is_there"), [("store.writing", True), ("store.committed", False)]
)
def test_a_crash_leaves_all_of_a_run_or_files_without_a_name(
    attic: Attic, point: str, is_there: bool
) -> None:
    run, other = attic.run(), attic.run()

    def cut(reached: str) -> None:
        if reached == point:
            raise _Cut

    faultpoints.arm(cut)
    try:
        with pytest.raises(_Cut):
            delete_run(attic.context, row(attic, run))
    finally:
        faultpoints.disarm()
    assert (attic.context.store.run(run) is not None) == is_there
    assert attic.is_whole(f"{other}-1")
    assert len(attic.attempts()) == 4
    collect(attic.context, Wish(young=0.0))
    assert len(attic.attempts()) == (4 if is_there else 2)
    if is_there:
        assert attic.is_whole(f"{run}-1")
    assert os.listdir(attic.home / "attempts") != []
