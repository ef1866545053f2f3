"""The run machine and steps that are jobs: restarts, time, and room."""

from __future__ import annotations

import pytest

from millwork.ports import Outcome
from millwork.ports.changes import AttemptClosed, AttemptOpened, StepChanged
from millwork.run.decision import Decision, Stop
from millwork.run.machine import Machine
from millwork.run.state import Capacity, Result, Try
from tests.run.test_machine import BAD, LOST, WIDE, Run, task

pytestmark = pytest.mark.quick


# --- jobs: again, restarts, deadlines -----------------------------------------------------------


def again(replicas: int = 0, memory: int = 0, code: int = 137, **usage: object) -> Result:
    """What a gang says whose rules want the attempt made once more.

    So many restarts its replicas have had by themselves.
    """
    if replicas:
        usage |= {"restarts": replicas, "memory_restarts": memory}
    return Result(Outcome("exited", code, "worker-0: killed", {"replicas": 2, **usage}, again=True))


def closed(run: Run) -> list[AttemptClosed]:
    return [change for change in run.said if isinstance(change, AttemptClosed)]


def opened(run: Run) -> list[AttemptOpened]:
    return [change for change in run.said if isinstance(change, AttemptOpened)]


def test_a_job_that_is_wanted_again_is_no_retry_and_waits_longer_each_time() -> None:
    run = Run(task("a", retries=1))
    for number, wait in ((1, 1.0), (2, 2.0), (3, 4.0)):
        run.end("a", again(), now=10.0)
        assert (run.status("a"), run.machine.steps["a"].failures) == ("pending", 0)
        assert run.said[-1] == StepChanged("a", "pending", "worker-0: killed")
        assert run.machine.next_deadline() == 10.0 + wait
        run.note(run.machine.tick(9.9 + wait))
        assert not run.tries
        run.note(run.machine.tick(10.0 + wait))
        assert run.tries["a"].number == number + 1
    run.end("a", BAD, now=20.0)
    assert run.machine.next_deadline() == 21.0, "its first retry waits as any first retry"
    run.note(run.machine.tick(21.0))
    run.end("a", BAD, now=30.0)
    assert run.machine.status == "failed"


def test_the_attempts_of_a_job_that_was_wanted_again_have_failed_or_were_lost() -> None:
    for kind, status in (("exited", "failed"), ("lost", "lost")):
        run = Run(task("a", on_lost="fail"))
        run.end("a", Result(Outcome(kind, None, "gone", again=True)))  # type: ignore[arg-type]
        assert [(change.status, change.reason) for change in closed(run)] == [(status, "gone")]
        assert (run.status("a"), run.machine.steps["a"].losses) == ("pending", 0)


def test_restarts_of_a_job_and_of_its_replicas_are_counted_together() -> None:
    run = Run(task("a", retries=1))
    run.end("a", again(2, 1))
    state = run.machine.steps["a"]
    assert (state.restarts, state.memory_restarts) == (3, 1)
    assert run.machine.next_deadline() == 5.0, "1 s, 2 s, and then 4 s"
    run.note(run.machine.tick(5.0))
    usage = {"replicas": 2, "restarts": 2, "memory_restarts": 0}
    run.end("a", Result(Outcome("exited", 1, "", usage)), now=6.0)
    assert (state.restarts, state.memory_restarts) == (5, 1)
    assert [change.usage for change in closed(run)] == [
        {"replicas": 2, "restarts": 3, "memory_restarts": 1, "restarted": True, "time_left": None},
        usage,
    ]


def test_a_restart_for_want_of_memory_is_counted_as_one() -> None:
    run = Run(task("a"))
    run.end("a", again(out_of_memory=True))
    run.note(run.machine.tick(2.0))
    run.end("a", again(3, 1, out_of_memory=True))
    state = run.machine.steps["a"]
    assert (state.restarts, state.memory_restarts) == (5, 3)
    kept = [(each.usage["restarts"], each.usage["memory_restarts"]) for each in closed(run)]
    assert kept == [(1, 1), (4, 2)]


def test_what_is_kept_of_attempts_adds_up_to_what_the_machine_knows() -> None:
    """Another master has nothing else to count from."""
    run = Run(task("a", retries=9, timeout=100.0))
    ends = [again(), again(2, 1), BAD, LOST, again(out_of_memory=True), again(1), again(1)]
    now = 0.0
    for result in ends:
        now += 70.0
        run.note(run.machine.tick(now))
        run.end("a", result, now=now + 1)
    state = run.machine.steps["a"]
    for name, known in (("restarts", state.restarts), ("memory_restarts", state.memory_restarts)):
        assert sum(change.usage.get(name, 0) for change in closed(run)) == known
    failed = [each for each in closed(run) if not each.usage.get("restarted")]
    assert sum(each.status == "failed" for each in failed) == state.failures
    assert sum(each.status == "lost" for each in failed) == state.losses
    assert state.time_left == closed(run)[-1].usage.get("time_left")


def test_the_wait_before_a_job_starts_again_is_a_minute_at_most() -> None:
    run = Run(task("a"))
    run.end("a", again(1000), now=10.0)
    assert run.machine.next_deadline() == 70.0


def test_a_jobs_attempts_share_its_time_but_for_the_waits_between_them() -> None:
    run = Run(task("a", timeout=100.0, retries=1))
    run.end("a", again(), now=50.0)
    assert closed(run)[0].usage["time_left"] == 50.0
    run.note(run.machine.tick(61.0))
    assert [change.deadline for change in opened(run)] == [100.0, 111.0]
    run.note(run.machine.tick(111.0))
    assert [stop.process for stop in run.stops] == ["r-2"]
    run.end("a", again(), now=112.0)
    assert run.machine.steps["a"].failures == 1, "a timeout is a failure, whatever the gang says"
    assert run.machine.steps["a"].restarts == 1
    run.note(run.machine.tick(113.0))
    assert opened(run)[-1].deadline == 213.0, "a retry has time of its own"


def test_a_job_without_time_left_is_not_started_again() -> None:
    """Its gang ended in the turn in which its time was up, before anybody looked at the clock."""
    run = Run(task("a", timeout=5.0))
    run.end("a", again(2, 1), now=5.0)
    (change,) = closed(run)
    assert (change.status, change.reason) == ("failed", "timed out after 5 s")
    assert change.usage == {"replicas": 2, "restarts": 2, "memory_restarts": 1}
    assert (run.status("a"), run.machine.steps["a"].restarts) == ("failed", 2)


def test_a_job_that_was_lost_without_time_left_has_timed_out() -> None:
    run = Run(task("a", timeout=5.0))
    run.end("a", Result(Outcome("lost", None, "gone", again=True)), now=6.0)
    assert (closed(run)[0].status, run.status("a")) == ("failed", "failed")


def test_a_job_that_will_succeed_does_not_take_too_long() -> None:
    """Its evaluator may still be at work, and has a time of its own."""
    run = Run(task("a", timeout=5.0), task("b", timeout=9.0))
    run.machine.decided("r-1")
    assert run.machine.next_deadline() == 9.0
    run.note(run.machine.tick(100.0))
    assert [stop.process for stop in run.stops] == ["r-2"]
    run.note(run.machine.cancel("enough", 1.0))
    assert Stop("r-1", 1.0) in run.stops
    run = Run(task("a", timeout=5.0), task("b", "a"))
    run.machine.decided("r-1")
    run.end("a", now=100.0)
    run.machine.decided("r-1")
    assert (run.status("a"), run.status("b")) == ("succeeded", "running")


def test_a_restored_job_that_will_succeed_does_not_take_too_long() -> None:
    machine = restored(0, None)
    machine.restore_attempt("a", Try("r-1", "old", 60.0))
    machine.start(50.0)
    machine.decided("r-1")
    assert (machine.next_deadline(), machine.tick(61.0)) == (None, Decision())


def test_a_job_that_is_cancelled_is_not_started_again() -> None:
    run = Run(task("a"), task("b"))
    run.end("b", again(), now=10.0)
    run.note(run.machine.cancel("enough"))
    run.end("a", again(), now=11.0)
    assert [run.status(name) for name in ("a", "b")] == ["cancelled", "cancelled"]
    assert (run.machine.status, run.machine.next_deadline()) == ("cancelled", None)


def test_a_job_that_waits_to_start_again_leaves_its_room_to_others() -> None:
    run = Run(task("a", cpu=2.0), task("b", cpu=2.0), capacity=Capacity(9, 2.0, 9))
    run.end("a", again(), now=10.0)
    assert run.running == {"b"}
    run.note(run.machine.tick(11.0))
    assert run.status("a") == "pending"
    run.end("b", now=12.0)
    assert run.running == {"a"}


def restored(restarts: int, time_left: float | None, **more: object) -> Machine:
    """A machine whose job has been started again so often, and waits for its next attempt."""
    machine = Machine("r", [task("a", timeout=100.0, **more)], WIDE, lambda: "new")
    machine.restore_step("a", "pending", restarts)
    machine.restore_restarts("a", restarts, 1, time_left)
    return machine


def test_a_restored_job_knows_its_restarts_and_the_time_it_has_left() -> None:
    machine = restored(2, 10.0)
    (change, *_) = [each for each in machine.start(50.0).changes if isinstance(each, AttemptOpened)]
    assert (change.attempt, change.deadline) == ("r-3", 60.0)
    machine.ended("r-3", "new", again(), 55.0)
    state = machine.steps["a"]
    assert (state.restarts, state.memory_restarts) == (3, 1)
    assert machine.next_deadline() == 59.0


def test_a_restored_attempt_keeps_what_it_leaves_of_the_jobs_time_for_the_next() -> None:
    machine = restored(1, 10.0)
    machine.restore_attempt("a", Try("r-2", "old", 60.0))
    machine.start(50.0)
    machine.ended("r-2", "old", again(), 55.0)
    decision = machine.tick(57.0)
    assert [c.deadline for c in decision.changes if isinstance(c, AttemptOpened)] == [62.0]


def test_a_retry_after_a_new_master_has_time_of_its_own() -> None:
    machine = restored(1, 10.0, retries=1)
    machine.restore_attempt("a", Try("r-2", "old", 60.0))
    machine.start(50.0)
    machine.ended("r-2", "old", BAD, 55.0)
    decision = machine.tick(56.0)
    assert [c.deadline for c in decision.changes if isinstance(c, AttemptOpened)] == [156.0]


@pytest.mark.parametrize("end", ["timeout", "cancel"])
def test_an_attempt_that_was_stopped_is_not_kept_as_restarted(end: str) -> None:
    run = Run(task("a", timeout=5.0, retries=1))
    run.note(run.machine.tick(5.0) if end == "timeout" else run.machine.cancel("enough"))
    run.end("a", again(2, 1, out_of_memory=True), now=6.0)
    (change,) = closed(run)
    assert change.status == ("failed" if end == "timeout" else "cancelled")
    assert change.usage == {
        "replicas": 2, "restarts": 2, "memory_restarts": 1, "out_of_memory": True,
    }  # fmt: skip
    state = run.machine.steps["a"]
    assert (state.restarts, state.memory_restarts, state.time_left) == (2, 1, None)


def test_a_job_whose_restarts_are_used_up_is_not_started_again() -> None:
    """Its gang says that it has failed, whatever the last end was (`tests/run/test_gang.py`)."""
    run = Run(task("a"))
    reason = "worker-0: gone; the limit of 3 restarts is reached"
    run.end("a", Result(Outcome("exited", None, reason, {"replicas": 2, "restarts": 3})))
    assert (run.status("a"), run.machine.steps["a"].restarts) == ("failed", 3)
    assert closed(run)[0].reason == reason


# --- no room ------------------------------------------------------------------------------------

SMALL = Capacity(parallel=9, cpu=2.0, memory=100)


def test_a_step_that_waits_too_long_for_room_fails() -> None:
    run = Run(task("a", cpu=2.0), task("b", "c", cpu=1.0, pending_timeout=10.0, retries=5),
              task("c"), task("d", "b"), capacity=SMALL)  # fmt: skip
    run.end("c", now=5.0)
    assert run.machine.next_deadline() == 15.0
    run.note(run.machine.tick(14.9))
    assert run.status("b") == "pending"
    run.note(run.machine.tick(15.0))
    assert (run.status("b"), run.status("d")) == ("failed", "skipped")
    assert StepChanged("b", "failed", "there was no room to start it for 10 s") in run.said
    assert run.machine.next_deadline() is None
    run.end("a", now=16.0)
    assert (run.machine.status, run.running) == ("failed", set())


def test_who_waits_behind_the_most_that_run_waits_too() -> None:
    run = Run(task("a"), task("b", "c", pending_timeout=10.0), task("c"),
              task("e"), capacity=Capacity(2, 9, 9))  # fmt: skip
    run.end("c", now=5.0)
    assert run.running == {"a", "b"}
    run = Run(task("c"), task("a"), task("e"), task("b", "c", pending_timeout=10.0),
              capacity=Capacity(2, 9, 9))  # fmt: skip
    run.end("c", now=5.0)
    assert run.running == {"a", "e"}
    assert run.machine.next_deadline() == 15.0
    run.note(run.machine.tick(15.0))
    assert (run.status("b"), run.machine.next_deadline()) == ("failed", None)
    assert not run.machine.tick(16.0).changes


def test_room_in_time_ends_the_wait_and_a_restart_begins_another() -> None:
    run = Run(task("a", cpu=2.0), task("b", "c", cpu=1.0, pending_timeout=10.0), task("c"),
              task("e", "a", cpu=2.0), capacity=SMALL)  # fmt: skip
    run.end("c", now=5.0)
    run.end("a", now=14.0)
    assert (run.status("b"), run.machine.next_deadline()) == ("running", None)
    run.note(run.machine.tick(15.0))
    assert run.status("b") == "running"
    run.end("b", again(), now=20.0)
    assert run.running == {"e"}
    assert run.machine.next_deadline() == 21.0, "the back-off is no wait for room"
    run.note(run.machine.tick(21.0))
    assert run.machine.next_deadline() == 31.0


def test_time_before_a_step_is_ready_does_not_count() -> None:
    run = Run(task("a", cpu=2.0), task("b", "a", cpu=1.0, pending_timeout=10.0), capacity=SMALL)
    assert run.machine.next_deadline() is None
    run.note(run.machine.tick(1000.0))
    assert run.status("b") == "pending"
    run.end("a", now=1001.0)
    assert run.status("b") == "running"
    run = Run(task("a", cpu=2.0), task("b", cpu=1.0, pending_timeout=None), capacity=SMALL)
    run.note(run.machine.tick(1e9))
    assert run.status("b") == "pending"


def test_what_was_cancelled_while_it_waited_for_room_stays_so() -> None:
    run = Run(task("a", cpu=2.0), task("b", "c", cpu=1.0, pending_timeout=10.0), task("c"),
              capacity=SMALL)  # fmt: skip
    run.end("c", now=5.0)
    run.note(run.machine.cancel("enough"))
    run.note(run.machine.tick(100.0))
    assert (run.status("b"), run.machine.next_deadline()) == ("cancelled", None)
