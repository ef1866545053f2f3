"""What schedules leave goes when it is old; nothing is run twice for it, and nothing too early."""

from __future__ import annotations

import random
import re
import signal
import subprocess
import sys
import time as clocks
from collections import Counter
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from typing import TYPE_CHECKING, Any

import pytest

from millwork.actions.gc import collect
from millwork.actions.tally import Wish
from millwork.app.compose import DATABASE
from millwork.base.errors import Conflict
from millwork.ports.retention import Retention
from millwork.ports.schedules import InstanceEvent, InstanceRow, ScheduleRow
from millwork.schedule.alerts import Notice, Rule
from millwork.schedule.loop import Scheduler
from millwork.store.database import SCHEMES
from millwork.store.runs import RunStore
from tests.actions.office import open_office
from tests.api.cycles import AFTER, DAILY, NOON, Doors, Plant, built, of, operate, schedule_text
from tests.conftest import environment

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from pathlib import Path

    from millwork.spec.schedule import Schedule
    from millwork.store.database import Database
    from millwork.views.retention import Collected
    from tests.conftest import Millwork

pytestmark = pytest.mark.long

DAY = 86_400.0
HOURLY = "every: hour\nstep: 6\ncatch_up: all"


@dataclass
class Begun(Doors):
    """Knows of which cycles runs were asked for."""

    cycles: Counter[tuple[str, date, int, str]] = field(default_factory=Counter)

    def start(self, owner: ScheduleRow, schedule: Schedule, instance: InstanceRow) -> None:
        if self.context.store.run(instance.run) is None:
            self.cycles[instance.schedule, instance.day, instance.number, instance.origin] += 1
        super().start(owner, schedule, instance)


class Yard(Plant):
    """A plant that is tidied up."""

    def gc(self, days: float = 10, *, dry: bool = False, **rules: Any) -> Counter[str]:
        """What has gone, or would, by kind and name."""
        wish = Wish(Retention(instances_days=days, **rules), is_dry=dry, young=0.0)
        return counted(collect(self.context, wish))

    @property
    def begun(self) -> Counter[tuple[str, date, int, str]]:
        assert isinstance(self.doors, Begun)
        return self.doors.cycles

    @property
    def database(self) -> Database:
        assert isinstance(self.context.store, RunStore)
        return self.context.store.database

    def count(self, table: str) -> int:
        row = self.database.execute(f"SELECT count(*) AS n FROM {table}").fetchone()
        return int(row["n"])

    def live(self, days: int, status: Any = "succeeded") -> None:
        """Days go by, on which all that begins ends so."""
        for _ in range(days):
            self.clock.now += DAY
            for _ in range(4):
                self.look()
                self.end(status)
            self.look()

    def days(self, schedule: str, **said: Any) -> list[str]:
        rows = self.rows(schedule=schedule, **said)
        return [day_of(row) for row in rows if row["status"] != "waiting"]

    def is_sound(self) -> bool:
        """Whether nothing is left of instances that are gone."""
        sql = "SELECT count(*) AS n FROM {} WHERE instance NOT IN (SELECT id FROM instance)"
        return not any(
            self.database.execute(sql.format(table)).fetchone()["n"]
            for table in ("instance_event", "alert")
        )


def counted(found: Collected) -> Counter[str]:
    assert found["left"] == []
    return Counter({
        f"{item['kind']} {item['name']}": item["count"]
        for item in found["items"]
        if item["kind"] in ("instances", "backfill", "run")
    })  # fmt: skip


def day_of(row: Mapping[str, Any]) -> str:
    return (date.fromisoformat(row["bizdate"]) + timedelta(days=1)).isoformat()


def today(yard: Yard, back: int = 0) -> str:
    return datetime.fromtimestamp(yard.clock.now - back * DAY, UTC).date().isoformat()


@pytest.fixture
def yard(home: Path, place: str, monkeypatch: pytest.MonkeyPatch) -> Iterator[Yard]:
    office = open_office(home, monkeypatch, place)
    plant = built(office.context)
    doors = Begun(plant.context)
    yield Yard(plant.context, plant.clock, doors, Scheduler(plant.context.schedules(), doors))
    office.close()


def test_what_is_old_goes_with_all_that_is_its_own(yard: Yard) -> None:
    yard.deploy("extract")
    yard.deploy("load", AFTER.format(name="extract"))
    yard.live(20)
    before = {name: yard.days(name) for name in ("extract", "load")}
    assert len(before["load"]) == 20
    assert yard.gc(30) == {}
    expected = {"instances default/extract": 9, "instances default/load": 9}
    assert yard.gc(10, dry=True) == expected
    assert yard.days("load") == before["load"]
    told = yard.count("instance_event")
    assert yard.gc(10) == expected
    assert yard.count("instance_event") < told * 0.7
    assert yard.is_sound()
    for name, days in before.items():
        assert yard.days(name) == days[9:]
    assert yard.gc(10) == {}
    yard.look()
    yard.live(3)
    assert set(yard.begun.values()) == {1}
    assert yard.gc(0) == {"instances default/extract": 6, "instances default/load": 6}
    assert yard.days("load")[0] == today(yard, 7)  # a week stays


@pytest.mark.parametrize("seed", range(4))
def test_nothing_is_run_twice_whatever_is_deployed_and_whoever_is_away(
    yard: Yard, seed: int
) -> None:
    """Collections between any two looks, new versions at other times, and servers that were off."""
    chance = random.Random(seed)
    yard.deploy("hours", HOURLY)
    yard.deploy("days", f"{AFTER.format(name='hours')}\ncatch_up: all")
    removed = 0
    for _ in range(40):
        yard.clock.now += chance.choice([0.3, 0.6, 1.0, 1.0, 9.0]) * DAY
        if chance.random() < 0.3:
            hour = chance.choice(["01:00", "13:00", "23:00"])
            yard.deploy("days", f"every: day\nat: '{hour}'\ncatch_up: all")
        removed += sum(yard.gc(0).values())
        for _ in range(3):
            yard.scheduler.stir()
            yard.scheduler.look(yard.clock.now)
            if chance.random() < 0.7:
                yard.end()
            removed += sum(yard.gc(0, runs_days=0).values())
    assert removed > 100
    assert yard.is_sound()
    assert len(yard.begun) > 80
    assert set(yard.begun.values()) == {1}


def test_a_version_that_takes_over_does_not_do_a_day_again_whose_work_is_gone(yard: Yard) -> None:
    """The server is killed between a deployment and the making of what it is to make."""
    yard.deploy("extract", f"{DAILY}\ncatch_up: all")
    yard.live(3)
    assert yard.begun["extract", date(2026, 3, 13), 0, ""] == 1
    yard.clock.now = NOON + 3 * DAY
    yard.deploy("extract", "every: day\nat: '05:00'\ncatch_up: all")
    yard.clock.now += 30 * DAY
    assert yard.gc(0) == {}
    yard.live(1)
    assert set(yard.begun.values()) == {1}


def test_a_run_whose_end_is_not_noted_stays(yard: Yard) -> None:
    yard.deploy("extract")
    yard.look()
    yard.look("2026-03-11T04:00")
    (run,) = yard.doors.runs
    yard.end()
    yard.clock.now += 5
    assert yard.gc(runs_days=0) == {}
    with pytest.raises(Conflict, match="has not noted yet"):
        yard.ask("runs.delete", run=run)
    yard.look()
    assert of(yard, "extract")["status"] == "succeeded"
    assert yard.gc(runs_days=0) == {f"run {run}": 1}
    yard.look()
    assert of(yard, "extract")["status"] == "succeeded"
    assert set(yard.begun.values()) == {1}


def test_what_waits_for_its_own_failure_goes_on_waiting_until_that_is_mended(yard: Yard) -> None:
    yard.deploy("extract", f"{DAILY}\ndepends_on: [self]\ncatch_up: all")
    yard.live(15)
    failed = of(yard, "extract", "2026-03-25")
    assert failed["status"] == "succeeded"
    yard.live(1, "failed")
    failed = of(yard, "extract", "2026-03-26")
    assert failed["status"] == "failed"
    yard.live(40)
    begun = yard.begun.total()
    assert yard.gc(10) == {"instances default/extract": 14}  # all but two before what waits first
    assert yard.days("extract") == ["2026-03-25", "2026-03-26"]
    yard.live(2)
    assert yard.begun.total() == begun
    operate(yard, "rerun", failed["id"])
    yard.live(1)
    assert yard.begun.total() > begun
    assert of(yard, "extract", "2026-03-27")["status"] == "succeeded"


def test_what_waits_for_itself_begins_when_what_it_waited_for_is_gone(yard: Yard) -> None:
    yard.deploy("extract", f"{DAILY}\ndepends_on: [self]\ncatch_up: all")
    yard.live(15)
    yard.clock.now += 30 * DAY
    gone = yard.gc(0)["instances default/extract"]
    assert gone >= 8
    for _ in range(10):
        yard.live(1)
    assert yard.days("extract")[-1] >= "2026-04-25"
    assert set(yard.begun.values()) == {1}


@pytest.mark.parametrize("depends", ["{schedule: up, cycle: last}", "up", "children"])
def test_others_that_are_waited_for_stay_also_those_of_a_version_before(
    yard: Yard, depends: str
) -> None:
    """What waits is of a version that is not in force any more, and whose links are gone."""
    yard.deploy("up")
    yard.deploy("down", f"{DAILY}\ndepends_on: [{depends}]\ncatch_up: all")
    yard.deploy("child", AFTER.format(name="down"))
    yard.live(12)
    yard.look()
    waits_for = "child" if depends == "children" else "up"
    for _ in range(2):
        yard.clock.now += DAY
        for _ in range(4):
            yard.look()
            for row in yard.context.schedules().running():
                yard.end("failed" if row.schedule == waits_for else "succeeded", row.run)
        yard.look()
    waiting = [
        row for row in yard.rows(schedule="down", status="waiting") if day_of(row) <= today(yard)
    ]
    assert waiting
    first = min(map(day_of, waiting))
    yard.ask("schedules.create", text=schedule_text("down", DAILY), version="next")
    yard.ask("schedules.deploy", name="down")
    yard.live(30)
    begun = yard.begun.copy()
    gone = yard.gc(10)
    assert gone[f"instances default/{waits_for}"] > 20
    left = [day for day in yard.days(waits_for) if day <= first]
    assert left == [(date.fromisoformat(first) - timedelta(days=back)).isoformat()
                    for back in (2, 1, 0)]  # fmt: skip
    yard.look()
    assert yard.begun == begun  # what has failed is still there
    found = {row["id"]: row["status"] for row in yard.rows(schedule="down")}
    assert found[waiting[0]["id"]] == "waiting"


def test_a_backfill_goes_as_a_whole_when_it_was_over_long_ago(yard: Yard) -> None:
    yard.deploy("extract")
    ranges = [{"first": "2025-02-01", "last": "2025-02-07"}]
    yard.ask("backfills.create", schedule="extract", ranges=ranges, name="again")
    begun = yard.ask("backfills.create", schedule="extract", ranges=ranges, redo="all", name="b")
    yard.ask("backfills.change", backfill=begun["id"], status="paused")
    yard.pass_()
    assert yard.gc(1) == {}  # its days are old, and it is not
    yard.clock.now += 2 * DAY
    assert yard.gc(1, dry=True) == {"backfill default/again": 1, "instances default/extract": 7}
    assert yard.gc(1) == {"backfill default/again": 1, "instances default/extract": 7}
    (left,) = yard.ask("backfills.list")["items"]
    assert left["id"] == begun["id"]
    assert len(yard.rows(origin=begun["id"])) == 7
    yard.ask("backfills.change", backfill=begun["id"], status="cancelled")
    yard.clock.now += 2 * DAY
    assert yard.gc(1)["backfill default/b"] == 1
    assert yard.is_sound()
    found = yard.ask("backfills.preview", schedule="extract", ranges=ranges)
    assert found["counts"] == {"missing": 7}  # nobody knows any more


def test_a_trigger_of_an_old_day_stays_as_long_as_others(yard: Yard) -> None:
    yard.deploy("extract")
    said = {"name": "extract", "key": "k", "bizdate": "2020-01-01"}
    made = yard.ask("schedules.trigger", **said)["instance"]
    yard.pass_()
    yard.clock.now += DAY
    assert yard.gc(10) == {}
    assert yard.ask("schedules.trigger", **said) == {"instance": made, "status": "succeeded"}
    yard.clock.now += 10 * DAY
    assert yard.gc(10) == {"instances default/extract": 1}


def test_of_what_is_still_to_be_told_the_instance_stays(yard: Yard) -> None:
    yard.deploy("extract")
    yard.live(13)
    first, second, *_ = yard.rows(schedule="extract")
    rule = Rule("pipe@1.0.0", "UTC")
    notices = [
        Notice("default", "extract", row["id"], "failed", "a@b.c", 1.0, 0, due, rule)
        for row, due in ((first, 5.0), (second, 9.0))
    ]
    yard.context.alerts().keep(notices, 1.0)
    told = yard.context.alerts().claim(6.0, 7.0)
    assert told
    yard.context.alerts().sent(told, 6.0, None)
    assert yard.gc(10) == {"instances default/extract": 1}
    assert yard.days("extract")[0] == day_of(second)
    assert yard.count("alert") == 1
    late = yard.context.alerts().claim(9.0, 10.0)
    assert late
    yard.context.alerts().drop(late)
    assert yard.gc(10) == {"instances default/extract": 1}


def test_what_is_run_again_at_the_last_moment_stays(yard: Yard) -> None:
    yard.deploy("extract")
    yard.live(12)
    store = yard.context.retention().instances
    page = store.past("default", date(2026, 3, 14), yard.clock.now, 9)
    assert [each.day for each in page] == ["2026-03-11", "2026-03-12", "2026-03-13"]
    operate(yard, "rerun", page[0].id)
    gone = store.drop([each.id for each in page], yard.clock.now)
    assert len(gone) == 2
    assert yard.is_sound()
    assert yard.context.schedules().events(page[0].id, 0, 99)[-1].kind == "rerun"
    row = yard.context.schedules().instance(page[1].id)
    assert row is None
    with pytest.raises(Exception, match="no instance"):
        operate(yard, "rerun", page[1].id)


def keep_many(yard: Yard, count: int) -> None:
    """So many instances of two schedules that were over a year ago, each with an event."""
    first = date(2024, 1, 1)
    rows = [
        InstanceRow(
            f"i{number:06}", "default", f"s{number % 2}", "1.0.0",
            first + timedelta(days=number // 1440), number % 1440, 0, "", "recurring", 1.0,
            status="succeeded", uses="1.0.0", ended=2.0,
        )
        for number in range(count)
    ]  # fmt: skip
    store = yard.context.schedules()
    for start in range(0, count, 10_000):
        store.add(rows[start : start + 10_000])
    with yard.database.transaction():
        yard.database.query_many(
            "instance_event_insert",
            [
                {**vars(InstanceEvent(row.id, 1, 2.0, "", "succeeded")), "data": "{}"}
                for row in rows
            ],
        )


def test_fifty_thousand_go_in_few_statements(yard: Yard, monkeypatch: pytest.MonkeyPatch) -> None:
    keep_many(yard, 50_000)
    asked: Counter[str] = Counter()
    query = type(yard.database).query

    def counting(self: Any, name: str, values: Any) -> Any:
        asked[name] += 1
        return query(self, name, values)

    monkeypatch.setattr(type(yard.database), "query", counting)
    expected = {"instances default/s0": 25_000, "instances default/s1": 25_000}
    assert yard.gc(365, dry=True) == expected
    assert asked.total() < 100
    asked.clear()
    assert yard.gc(365) == expected
    assert asked.total() < 200
    assert (yard.count("instance"), yard.count("instance_event")) == (0, 0)


PROGRAM = """
from millwork.app.compose import open_context
from millwork.actions.gc import collect
from millwork.actions.tally import Wish
from millwork.ports.retention import Retention
context = open_context()
collect(context, Wish(Retention(instances_days=1), young=0.0))
"""


def test_killed_anywhere_the_next_one_finishes(yard: Yard, home: Path, place: str) -> None:
    keep_many(yard, 40_000)
    chance = random.Random(1)
    env = environment(home, {DATABASE: place} if place.startswith(SCHEMES) else None)
    for _ in range(3):
        before = yard.count("instance")
        started = subprocess.Popen([sys.executable, "-c", PROGRAM], env=env)
        while yard.count("instance") == before:
            assert started.poll() is None
            clocks.sleep(0.01)  # nobody tells when another process has committed
        clocks.sleep(chance.random() * 0.03)  # it is to be killed at any moment of its work
        started.send_signal(signal.SIGKILL)
        started.communicate()
        assert yard.is_sound()
        assert 0 < yard.count("instance") == yard.count("instance_event") < before
    yard.gc(365)
    assert (yard.count("instance"), yard.count("instance_event")) == (0, 0)


def test_the_command_counts_by_schedule(
    yard: Yard, home: Path, place: str, millwork: Millwork
) -> None:
    keep_many(yard, 3000)
    env = {DATABASE: place} if place.startswith(SCHEMES) else {}
    (home / "settings.yaml").write_text("retention: {instances_days: soon}\n")
    assert "instances_days" in millwork("gc", env=env).err
    (home / "settings.yaml").write_text("retention: {instances_days: 36500}\n")
    assert millwork("gc", "--json", env=env).json["items"] == []
    dry = millwork("gc", "--older-than", "90", "--dry-run", "--json", env=env).json["items"]
    assert dry == [
        {"kind": "instances", "name": f"default/{name}", "count": 1500, "bytes": 0}
        for name in ("s0", "s1")
    ]
    assert yard.count("instance") == 3000
    done = millwork("gc", "--older-than", "90", env=env)
    assert re.search(r"^instances +3000 ", done.out, re.MULTILINE)
    assert yard.count("instance") == 0
