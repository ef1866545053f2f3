"""The lease service: kept before it is told, woken when there is something, never in vain."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Any

import pytest

from millwork.actions.leases import NoBatch
from millwork.base.errors import BadRequest, Fenced, MillworkError, NoSpace
from millwork.batch.decision import Result
from millwork.batch.machine import FIRST_LEASE
from millwork.ports import News
from millwork.spec.model import Split
from tests.actions.service import run

if TYPE_CHECKING:
    from collections.abc import Coroutine
    from pathlib import Path

    from millwork.actions.leases import LeaseService
    from tests.actions.service import Memory, Place

pytestmark = pytest.mark.quick


async def _opened(place: Place, **more: Any) -> LeaseService:
    service = place.service()
    await service.open(place.opening(**more))
    return service


async def _tokens(service: LeaseService, worker: str, most: int = 1) -> list[str]:
    shards, _ = await service.lease("r-1", worker, most, 0.0, None)
    return [shard["token"] for shard in shards]


def _task(work: Coroutine[Any, Any, Any]) -> asyncio.Task[Any]:
    return asyncio.get_running_loop().create_task(work)


# --- commits ------------------------------------------------------------------------------------


def test_calls_of_one_turn_are_kept_together(tmp_path: Path) -> None:
    async def body(place: Place) -> None:
        service = await _opened(place)
        held = await _tokens(service, "w-0/1")
        before = len(place.memory.commits)
        await asyncio.gather(
            service.done("r-1", [Result(held[0])]),
            service.lease("r-1", "w-1/1", 1, 0.0, None),
            service.lease("r-1", "w-2/1", 1, 0.0, None),
            service.fail("r-1", "no-such-0", "x", retryable=True),
            service.renew("r-1", "w-0/1", held, 0),
        )
        assert len(place.memory.commits) == before + 1
        assert place.memory.kinds()[-1] == ["ShardsDone", "ShardsLeased", "ShardsLeased"]

    run(tmp_path, body)


def test_two_batches_are_kept_together(tmp_path: Path) -> None:
    async def body(place: Place) -> None:
        service = await _opened(place)
        await service.open(place.opening("t", "r-2"))
        before = len(place.memory.commits)
        await asyncio.gather(
            service.lease("r-1", "w-0/1", 1, 0.0, None), service.lease("r-2", "w-0/1", 1, 0.0, None)
        )
        assert len(place.memory.commits) == before + 1
        assert [number for number, _ in place.memory.commits[-1]] == [1, 2]

    run(tmp_path, body)


def test_what_changes_nothing_is_no_commit(tmp_path: Path) -> None:
    async def body(place: Place) -> None:
        service = await _opened(place)
        held = await _tokens(service, "w-0/1")
        before = len(place.memory.commits)
        assert (await service.renew("r-1", "w-0/1", held, 0)).ok == (held[0],)
        await service.status("r-1")
        assert len(place.memory.commits) == before

    run(tmp_path, body)


def test_nobody_is_told_before_it_is_kept(tmp_path: Path) -> None:
    async def body(place: Place) -> None:
        service = await _opened(place, split=Split())
        for worker in range(3):
            (token,) = await _tokens(service, f"w-{worker}/1")
            assert token in place.memory.leased()

    run(tmp_path, body)


@pytest.mark.parametrize("error", [NoSpace(), Fenced(), ValueError("a defect")])
def test_a_commit_that_fails_ends_the_process_and_nobody_is_answered(
    tmp_path: Path, error: Exception
) -> None:
    answers: list[object] = []
    places: list[Place] = []

    async def body(place: Place) -> None:
        places.append(place)
        service = await _opened(place)
        place.memory.refuses = error

        async def ask(worker: str) -> None:
            answers.append(await service.lease("r-1", worker, 1, 0.0, None))

        await asyncio.gather(ask("w-0/1"), ask("w-1/1"))

    with pytest.raises(SystemExit):
        run(tmp_path, body)
    assert answers == []
    (given,) = places[0].gave_up
    assert isinstance(given, MillworkError)
    assert given is error or "a defect" in str(given)


# --- long polls ---------------------------------------------------------------------------------


@pytest.mark.parametrize(("wait", "seconds"), [(0.0, 0.0), (5.0, 5.0), (1e9, 60.0)])
def test_who_waits_is_answered_in_time(tmp_path: Path, wait: float, seconds: float) -> None:
    async def body(place: Place) -> None:
        place.atoms = 1
        service = await _opened(place)
        await _tokens(service, "w-0/1")
        began = place.loop.now
        # Another keeps its lease, so that nothing is there until the time is up.
        holder = _task(_renewing(place, service))
        assert await service.lease("r-1", "w-1/1", 1, wait, None) == ([], False)
        assert place.loop.now - began == pytest.approx(seconds, abs=0.1)
        holder.cancel()

    run(tmp_path, body)


async def _renewing(place: Place, service: LeaseService) -> None:
    while True:
        await service.renew("r-1", "w-0/1", [*place.memory.leased()], 0)
        await asyncio.sleep(10)


@pytest.mark.parametrize("how", ["failed", "released", "gone", "expired", "over", "closed"])
def test_who_waits_is_woken(tmp_path: Path, how: str) -> None:
    async def body(place: Place) -> None:
        place.atoms = 1
        service = await _opened(place)
        (token,) = await _tokens(service, "w-0/1")
        await asyncio.sleep(5.0)
        waiting = [_task(service.lease("r-1", f"w-{n}/1", 1, 60.0, None)) for n in (1,)]
        await asyncio.sleep(5.0)
        if how == "failed":
            await service.fail("r-1", token, "boom", retryable=True)
        elif how == "released":
            await service.release("r-1", "w-0/1", [token])
        elif how == "gone":
            await service.gone("r-1", "w-0", is_lost=True)
        elif how == "over":
            await service.done("r-1", [Result(token)])
        elif how == "closed":
            service.close("r-1")
        (answer,) = await asyncio.gather(*waiting)
        assert answer[1] == (how in ("over", "closed"))
        assert len(answer[0]) == (how not in ("over", "closed"))
        wanted = FIRST_LEASE if how == "expired" else 10.0
        assert place.loop.now == pytest.approx(wanted, abs=0.1)

    run(tmp_path, body)


def test_who_waits_asks_again_when_there_may_be_a_copy(tmp_path: Path) -> None:
    async def body(place: Place) -> None:
        place.atoms = 5
        service = await _opened(place)
        for _ in range(4):
            (token,) = await _tokens(service, "quick/1")
            await asyncio.sleep(1.0)
            await service.done("r-1", [Result(token)])
        await _tokens(service, "slow/1")
        shards, _ = await service.lease("r-1", "quick/1", 1, 60.0, None)
        assert shards[0]["id"] == "4"
        assert place.loop.now == pytest.approx(5.5, abs=0.3)

    run(tmp_path, body)


def test_what_is_decided_while_its_own_question_is_kept_wakes_it(tmp_path: Path) -> None:
    async def body(place: Place) -> None:
        place.atoms = 1
        service = await _opened(place)
        (token,) = await _tokens(service, "w-0/1")
        asked = _task(service.lease("r-1", "w-1/1", 1, 60.0, None))
        failed = _task(service.fail("r-1", token, "boom", retryable=True))
        shards, _ = await asked
        await failed
        assert len(shards) == 1
        assert place.loop.now < 0.1

    run(tmp_path, body)


def test_many_wait_and_each_shard_goes_to_one(tmp_path: Path) -> None:
    async def body(place: Place) -> None:
        place.atoms = 40
        service = place.service()
        waiting = [_task(service.lease("r-1", f"w-{n}/1", 1, 60.0, None)) for n in range(40)]
        opened = _task(service.open(place.opening()))
        # They asked before there was a batch at all.
        assert [await each for each in waiting] == [([], True)] * 40
        await opened
        waiting = [_task(service.lease("r-1", f"w-{n}/1", 1, 60.0, None)) for n in range(40)]
        found = [await each for each in waiting]
        assert sorted(int(shards[0]["id"]) for shards, _ in found) == list(range(40))

    run(tmp_path, body)


# --- timers -------------------------------------------------------------------------------------


def test_leases_expire_without_anybody_s_asking(tmp_path: Path) -> None:
    async def body(place: Place) -> None:
        service = await _opened(place)
        await _tokens(service, "w-0/1")
        await asyncio.sleep(FIRST_LEASE - 1)
        assert place.memory.kinds()[-1] == ["ShardsLeased"]
        await asyncio.sleep(1.1)
        assert place.memory.kinds()[-1] == ["ShardsReturned"]
        assert place.told[-1] == ("r-1", News(4, 1))

    run(tmp_path, body)


def test_who_works_in_vain_is_named_after_a_second(tmp_path: Path) -> None:
    async def body(place: Place) -> None:
        service = await _opened(place, rules={"mini_batch_error_threshold": 0})
        (first,), _ = await _tokens(service, "w-0/1"), await _tokens(service, "w-1/1")
        await service.fail("r-1", first, "boom", retryable=False)
        assert (place.told[-1][1].verdict, place.told[-1][1].vain) == ("failed", ())
        await service.lease("r-1", "w-0/1", 1, 60.0, None)
        await asyncio.sleep(1.1)
        assert place.told[-1][1].vain == ("w-1",) or place.told[-2][1].vain == ("w-1",)

    run(tmp_path, body)


# --- the run's master ---------------------------------------------------------------------------


def test_news_are_told_once(tmp_path: Path) -> None:
    async def body(place: Place) -> None:
        service = await _opened(place)
        assert place.told == [("r-1", News(4, 0))]
        held = await _tokens(service, "w-0/1")
        for _ in range(3):
            await service.renew("r-1", "w-0/1", held, 0)
        assert place.told == [("r-1", News(4, 0)), ("r-1", News(3, 1))]

    run(tmp_path, body)


@pytest.mark.parametrize("fault", [BadRequest("in.csv: no rows"), OSError(2, "No such file")])
@pytest.mark.parametrize("when", ["cut", "load"])
def test_what_cannot_be_opened_has_failed(tmp_path: Path, fault: Exception, when: str) -> None:
    async def body(place: Place) -> None:
        place.fault, place.load_fault = (fault, None) if when == "cut" else (None, fault)
        service = place.service()
        opening = _task(service.open(place.opening()))
        await asyncio.sleep(0)
        assert await service.lease("r-1", "w-0/1", 1, 60.0, None) == ([], True)
        await opening
        assert place.told == [("r-1", News(0, 0, "failed", str(fault)))]
        assert [each.reason for each in place.memory.judged()] == [str(fault)]
        with pytest.raises(NoBatch):
            await service.done("r-1", [])

    run(tmp_path, body)


def test_one_whose_run_was_taken_over_ends_and_judges_nothing(tmp_path: Path) -> None:
    async def body(place: Place) -> None:
        place.memory.epoch = 2
        await _opened(place)

    places: list[Place] = []

    async def noted(place: Place) -> None:
        places.append(place)
        await body(place)

    with pytest.raises(SystemExit):
        run(tmp_path, noted)
    assert isinstance(places[0].gave_up[0], Fenced)
    assert places[0].told == []


def test_who_has_ended_while_the_input_was_cut_gets_nothing(tmp_path: Path) -> None:
    async def body(place: Place) -> None:
        service = place.service()
        opening = _task(service.open(place.opening()))
        await asyncio.sleep(0)
        gone = _task(service.gone("r-1", "w-0", is_lost=True))
        await asyncio.gather(opening, gone)
        assert await service.lease("r-1", "w-0/1", 1, 0.0, None) == ([], True)
        assert len(await _tokens(service, "w-0~1/1")) == 1

    run(tmp_path, body)


def test_of_what_is_not_open_nobody_is_told(tmp_path: Path) -> None:
    async def body(place: Place) -> None:
        service = await _opened(place)
        assert service.find("secret of r-1") == "r-1"
        assert [service.find(each) for each in ("", "secret of r-2", "sécret")] == [None] * 3
        await service.gone("r-2", "w-0", is_lost=True)
        service.close("r-2")
        service.close("r-1")
        assert service.find("secret of r-1") is None
        assert await service.lease("r-1", "w-0/1", 1, 60.0, None) == ([], True)
        with pytest.raises(NoBatch):
            await service.renew("r-1", "w-0/1", [], 0)

    run(tmp_path, body)


# --- another service ----------------------------------------------------------------------------


def test_another_service_goes_on_from_what_was_kept(tmp_path: Path) -> None:
    async def body(place: Place) -> None:
        first = await _opened(place)
        (held,), (lost,) = await _tokens(first, "w-0/1"), await _tokens(first, "w-1/1")
        second = place.service()
        await second.open(place.opening(gone={"w-1": True}))
        assert place.cuts == [f"{tmp_path}/shards.jsonl"], "it is cut once"
        answer = await second.done("r-1", [Result(held), Result(lost)])
        assert answer.accepted == (True, False)
        place.memory.epoch = 2
        await first.fail("r-1", lost, "boom", retryable=True)  # it ends of that

    memory: list[Memory] = []

    async def noted(place: Place) -> None:
        memory.append(place.memory)
        await body(place)

    with pytest.raises(SystemExit):
        run(tmp_path, noted)
    assert memory[0].ledgers[1].row(0).status == "done"
    assert memory[0].ledgers[1].row(1).status == "todo"


def test_when_its_layout_is_gone_it_is_cut_again(tmp_path: Path) -> None:
    async def body(place: Place) -> None:
        first = await _opened(place)
        (held,) = await _tokens(first, "w-0/1")
        await first.done("r-1", [Result(held)])
        (tmp_path / "shards.jsonl").unlink()
        second = place.service()
        await second.open(place.opening())
        assert len(place.cuts) == 2
        seen = await second.status("r-1")
        assert (seen.done, seen.todo) == (0, 4)

    run(tmp_path, body)
