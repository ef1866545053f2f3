"""Instances and triggers whose files are looked at beside the scheduler, as whom they run as."""

from __future__ import annotations

import os
import threading
from queue import Queue
from typing import TYPE_CHECKING, Any

import pytest

from millwork.actions.scheduling import Scheduling
from millwork.actions.storage import Storage
from millwork.app.looking import Looks
from millwork.base.errors import Forbidden
from millwork.schedule.loop import Scheduler
from tests.api.cycles import DAILY, Plant, of, operate

if TYPE_CHECKING:
    from pathlib import Path

    from millwork.actions.storage import Way

_PATIENCE = 10.0
_DUE = "2026-03-11T02:00"


class Outlook:
    """A plant whose scheduler looks at real files by real threads."""

    def __init__(self, plant: Plant) -> None:
        self.plant, self.woken = plant, Queue[bool]()
        self.looks = Looks(plant.clock, self.woken.put)
        doors = Scheduling(plant.context, self.looks.ask)
        plant.scheduler = Scheduler(plant.context.schedules(), doors)
        plant.look()

    def look(self, at: str | float | None = None) -> str:
        """What becomes of the instance of `load` after another look of the scheduler."""
        self.plant.look(at)
        return str(of(self.plant, "load")["status"])

    def look_when_found(self) -> str:
        """The same, once something is found that lets it begin, or fail."""
        assert self.woken.get(timeout=_PATIENCE)
        return self.look()


@pytest.fixture
def file(tmp_path: Path) -> Path:
    return tmp_path / "20260310"


def waits_for(plant: Plant, file: Path, who: str = "ann") -> Outlook:
    words = f"{DAILY}\ndepends_on: [{{file: 'file://{file.parent}/${{yyyymmdd}}'}}]"
    plant.deploy("load", words, who)
    return Outlook(plant)


def test_a_file_that_is_there_by_then_lets_it_begin(plant: Plant, file: Path) -> None:
    outlook = waits_for(plant, file)
    assert outlook.look("2026-03-11T01:59") == "waiting"
    file.touch()
    assert outlook.woken.empty()
    assert outlook.look(_DUE) == "waiting"
    assert outlook.look_when_found() == "running"


def test_a_file_that_was_there_before_its_time_is_not_enough(plant: Plant, file: Path) -> None:
    file.touch()
    outlook = waits_for(plant, file)
    outlook.look("2026-03-11T01:59")
    file.unlink()
    assert outlook.look(_DUE) == "waiting"
    plant.clock.now += 31
    file.touch()
    assert outlook.look() == "waiting"
    assert outlook.look_when_found() == "running"


def test_it_is_looked_for_again_when_it_is_rerun(plant: Plant, file: Path) -> None:
    file.touch()
    outlook = waits_for(plant, file)
    outlook.look(_DUE)
    assert outlook.look_when_found() == "running"
    operate(plant, "stop", of(plant, "load")["id"])
    file.unlink()
    operate(plant, "rerun", of(plant, "load")["id"])
    assert outlook.look() == "waiting"
    assert outlook.look() == "waiting"


def test_whose_rights_are_gone_meanwhile_is_looked_for_no_more(plant: Plant, file: Path) -> None:
    outlook = waits_for(plant, file)
    assert outlook.look(_DUE) == "waiting"
    plant.ask("people.change", person="ann", active=False)
    file.touch()
    plant.clock.now += 31
    assert outlook.look() == "failed"
    assert of(plant, "load")["reason"] == "it runs as 'ann', who is not active any more"
    plant.ask("people.change", person="ann", active=True)
    operate(plant, "rerun", of(plant, "load")["id"])
    assert outlook.look() == "waiting"
    assert outlook.look_when_found() == "running"


def test_what_is_forbidden_beside_the_scheduler_fails_the_instance(
    plant: Plant, file: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    outlook = waits_for(plant, file)

    def leads_inside(_: Way) -> None:
        raise Forbidden("it leads into the server's network")

    monkeypatch.setattr("millwork.actions.storage.Way._check_inward", leads_inside)
    assert outlook.look(_DUE) == "waiting"
    assert outlook.look_when_found() == "failed"
    assert of(plant, "load")["reason"] == "it leads into the server's network"


def test_what_lies_in_the_home_is_told_to_nobody_else(plant: Plant, home: Path) -> None:
    plant.deploy("seen", f"triggers: [{{file: 'file://{home}/millwork.db', every: 1m}}]", "ann")
    outlook = waits_for(plant, home / "20260310")
    for _ in range(3):
        outlook.look(_DUE)
        plant.clock.now += 61
        outlook.look()
    assert of(plant, "load")["reason"] == f"file://{home}/20260310 lies in the server's own home"
    assert not plant.rows(schedule="seen")


@pytest.mark.parametrize("uri", ["file://{}/done", "nas://share/done", "dataset:done@latest"])
def test_a_disk_that_may_hang_is_touched_beside_the_scheduler_alone(
    plant: Plant, file: Path, uri: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = file.parent / "disk"
    folder.mkdir()
    (folder / "done").touch()
    fields = {"path": str(folder)}
    plant.ask("connections.set", name="share", type="nas", fields=fields, visibility="public")
    uri = uri.format(folder)
    plant.ask("datasets.create", name="done", uri=f"file://{folder}/done", visibility="public")
    plant.deploy("load", f"{DAILY}\ndepends_on: [{{file: '{uri}'}}]", "ann")
    plant.deploy("seen", f"triggers: [{{file: '{uri}', every: 1m}}]", "ann")
    touched: list[str] = []

    def watched(name: str) -> None:
        whole = getattr(os.path, name)

        def watch(path: str) -> Any:
            if str(path).startswith(str(folder)):
                touched.append(threading.current_thread().name)
            return whole(path)

        monkeypatch.setattr(os.path, name, watch)

    for name in ("realpath", "isdir", "isfile", "exists"):
        watched(name)
    outlook = Outlook(plant)
    outlook.look(_DUE)
    while not outlook.woken.get(timeout=_PATIENCE):
        pass  # that was the trigger
    assert outlook.look() == "running"
    assert set(touched) == {"looks"}


def test_what_is_waited_for_no_more_is_looked_at_no_more(plant: Plant, file: Path) -> None:
    outlook = waits_for(plant, file)
    outlook.look(_DUE)
    row = of(plant, "load")
    operate(plant, "unneed", row["id"], dependency=f"file://{file.parent}/${{yyyymmdd}}")
    assert outlook.look() == "running"


def test_one_that_is_withdrawn_while_its_file_is_looked_for_is_no_fault(
    plant: Plant, file: Path
) -> None:
    outlook = waits_for(plant, file)
    file.touch()
    outlook.look(_DUE)
    plant.ask("schedules.withdraw", name="load")
    assert outlook.woken.get(timeout=_PATIENCE)
    outlook.look()
    assert not plant.context.store.unfinished()


@pytest.mark.parametrize("who", ["", "ann"])
@pytest.mark.parametrize("before", [(), ("",)])
def test_a_trigger_makes_one_instance_for_each_state_of_its_file(
    plant: Plant, file: Path, who: str, before: tuple[str, ...]
) -> None:
    plant.deploy("load", f"triggers: [{{file: 'file://{file}', every: 1m}}]", who)
    outlook = Outlook(plant)
    made: list[int] = []
    for text in (*before, "1", "1", "22", "", "22"):
        assert outlook.woken.get(timeout=_PATIENCE) is False
        plant.scheduler.look(plant.clock.now)  # which hears of it
        made.append(len(plant.rows()))
        if text != "1" or not file.exists():
            file.write_text(text) if text else file.unlink(missing_ok=True)
        plant.clock.now += 61
        plant.scheduler.look(plant.clock.now)  # which asks
    assert outlook.woken.get(timeout=_PATIENCE) is False
    plant.scheduler.look(plant.clock.now)
    nothing_new = [0] * len(before)
    assert [*nothing_new, 0, 1, 1, 2, 2, 3] == [*made, len(plant.rows())]


@pytest.mark.parametrize(
    ("uri", "server"),
    [
        ("s3://bucket/a", ""),
        ("s3://minio@bucket/a", "http://127.0.0.1:9"),
        ("http://127.0.0.1:9/a/b", "127.0.0.1:9"),
        ("file:///mnt/lake/a/b", "mnt/lake"),
        ("file:///a", "a"),
        ("nas://share/a", "/mnt/share"),
        ("table:db/a", "postgresql://127.0.0.1:9/db"),
    ],
)
def test_what_hangs_together_is_known_by_who_answers(plant: Plant, uri: str, server: str) -> None:
    connections = {
        "minio": ("s3", {"endpoint": "http://127.0.0.1:9", "bucket": "other"}),
        "share": ("nas", {"path": "/mnt/share"}),
        "db": ("postgres", {"url": "postgresql://127.0.0.1:9/db"}),
    }
    for name, (kind, fields) in connections.items():
        plant.ask("connections.set", name=name, type=kind, fields=fields)
    assert Storage(plant.context).way(uri).server == server
