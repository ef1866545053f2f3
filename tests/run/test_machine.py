"""The run machine, driven by hand."""

from __future__ import annotations

from itertools import count

import pytest

from millwork.ports import Outcome
from millwork.ports.changes import AttemptClosed, AttemptOpened, LateResult, RunChanged, StepChanged
from millwork.run.decision import Consult, Decision, Launch, Stop
from millwork.run.machine import Machine
from millwork.run.state import Answer, Capacity, Result, Task, Try

pytestmark = pytest.mark.quick

WIDE = Capacity(parallel=100, cpu=100, memory=10**12, gpus=(0, 1, 2, 3))
GOOD = Result(Outcome("exited", 0))
BAD = Result(Outcome("exited", 3))
LOST = Result(Outcome("lost", reason="gone"))


class Run:
    """A machine with what a loop would remember."""

    def __init__(self, *tasks: Task, capacity: Capacity = WIDE) -> None:
        tokens = (f"token-{number}" for number in count())
        self.machine = Machine("r", tasks, capacity, lambda: next(tokens))
        self.tries: dict[str, AttemptOpened] = {}
        self.stops: list[Stop] = []
        self.said: list[object] = []
        self.note(self.machine.start(0.0))

    def note(self, decision: Decision) -> Decision:
        self.said += decision.changes
        for change in decision.changes:
            if isinstance(change, AttemptOpened):
                self.tries[change.step] = change
        self.stops += [item for item in decision.instructions if isinstance(item, Stop)]
        return decision

    def end(self, step: str, result: Result = GOOD, now: float = 1.0) -> Decision:
        opened = self.tries.pop(step)
        return self.note(self.machine.ended(opened.attempt, opened.token, result, now))

    def status(self, step: str) -> str:
        return self.machine.steps[step].status

    @property
    def running(self) -> set[str]:
        return {name for name, state in self.machine.steps.items() if state.status == "running"}


def task(name: str, *upstream: str, **more: object) -> Task:
    return Task(name, upstream, **more)  # type: ignore[arg-type]


def test_a_chain_runs_in_order_and_each_turn_closes_one_and_opens_the_next() -> None:
    run = Run(task("a"), task("b", "a"))
    decision = run.end("a")
    kinds = [type(change) for change in decision.changes]
    assert kinds == [AttemptClosed, StepChanged, StepChanged, AttemptOpened]
    assert decision.instructions == [Launch("r-2", "b")]
    run.end("b")
    assert run.machine.status == "succeeded"
    assert run.said[-1] == RunChanged("succeeded")


def test_at_most_parallel_steps_run_in_the_order_of_the_file() -> None:
    run = Run(*(task(f"s{i}") for i in range(5)), capacity=Capacity(2, 100, 100))
    assert run.running == {"s0", "s1"}
    run.end("s1")
    assert run.running == {"s0", "s2"}


def test_cores_memory_and_gpus_are_shared_out() -> None:
    big = {"cpu": 2.0, "memory": 10}
    capacity = Capacity(10, 2, 10, (0, 1))
    run = Run(task("a", **big), task("b", **big), task("c"), capacity=capacity)
    assert run.running == {"a", "c"}
    run.end("a")
    assert run.running == {"b", "c"}
    gpus = Run(task("x", gpu=1), task("y", gpu=1), task("z", gpu=2), capacity=capacity)
    assert (gpus.tries["x"].gpus, gpus.tries["y"].gpus) == ((0,), (1,))
    gpus.end("x")
    assert "z" not in gpus.running
    gpus.end("y")
    assert gpus.tries["z"].gpus == (0, 1)


def test_a_failure_skips_what_needs_it_and_leaves_the_rest_to_go_on() -> None:
    run = Run(task("a"), task("b", "a"), task("c", "b"), task("other"))
    run.end("a", BAD)
    assert [run.status(name) for name in ("a", "b", "c")] == ["failed", "skipped", "skipped"]
    assert not run.machine.is_over
    run.end("other")
    assert run.said[-1] == RunChanged("failed", "in a")


def test_a_long_tail_is_skipped_without_recursion() -> None:
    tasks = [task("s0"), *(task(f"s{i}", f"s{i - 1}") for i in range(1, 5000))]
    run = Run(*tasks)
    run.end("s0", BAD)
    assert run.status("s4999") == "skipped"
    assert run.machine.status == "failed"


def test_continue_on_failure_lets_the_run_succeed_but_not_those_who_need_the_data() -> None:
    run = Run(
        task("a", continue_on_failure=True),
        task("after", "a"),
        Task("reads", ("a",), data=frozenset({"a"})),
    )
    run.end("a", BAD)
    assert (run.status("after"), run.status("reads")) == ("running", "skipped")
    run.end("after")
    assert run.machine.status == "succeeded"


def test_retries_mean_one_attempt_more_and_wait_longer_each_time() -> None:
    run = Run(task("a", retries=2))
    run.end("a", BAD, now=10.0)
    assert run.status("a") == "pending"
    assert run.machine.next_deadline() == 11.0
    run.note(run.machine.tick(10.9))
    assert not run.tries
    run.note(run.machine.tick(11.0))
    assert run.tries["a"].number == 2
    run.end("a", BAD, now=20.0)
    assert run.machine.next_deadline() == 22.0
    run.note(run.machine.tick(22.0))
    run.end("a", BAD, now=30.0)
    assert (run.status("a"), run.machine.status) == ("failed", "failed")


def test_a_lost_attempt_is_tried_again_at_once_but_not_for_ever() -> None:
    run = Run(task("a"))
    for _ in range(3):
        run.end("a", LOST)
        assert run.status("a") == "running"
    run.end("a", LOST)
    assert run.status("a") == "failed"


def test_on_lost_fail_gives_at_most_one_start() -> None:
    run = Run(task("a", on_lost="fail"))
    run.end("a", LOST)
    assert run.machine.status == "failed"


def test_a_timeout_stops_the_attempt_and_fails_it_however_it_ends() -> None:
    run = Run(task("a", timeout=5.0))
    assert run.machine.next_deadline() == 5.0
    run.note(run.machine.tick(5.0))
    assert [stop.process for stop in run.stops] == ["r-1"]
    run.end("a", GOOD, now=6.0)
    assert run.said[-1] == RunChanged("failed", "in a")
    assert any(getattr(item, "reason", "") == "timed out after 5 s" for item in run.said)


def test_a_late_or_foreign_result_is_refused_and_changes_nothing() -> None:
    run = Run(task("a", retries=1))
    first = run.tries["a"]
    run.end("a", BAD, now=0.0)
    run.note(run.machine.tick(60.0))
    late = run.machine.ended(first.attempt, first.token, GOOD, 61.0)
    assert [type(change) for change in late.changes] == [LateResult]
    wrong = run.machine.ended(run.tries["a"].attempt, "another token", GOOD, 61.0)
    assert [type(change) for change in wrong.changes] == [LateResult]
    unknown = run.machine.ended("r-99", "token", GOOD, 61.0)
    assert [type(change) for change in unknown.changes] == [LateResult]
    assert run.status("a") == "running"


def test_cancel_stops_what_runs_and_starts_nothing_more() -> None:
    run = Run(task("a"), task("b", "a"), task("c", retries=3))
    run.note(run.machine.cancel("cancelled by the user"))
    assert {stop.process for stop in run.stops} == {"r-1", "r-2"}
    assert run.status("b") == "cancelled"
    run.end("a", GOOD)
    assert not run.machine.is_over
    run.end("c", BAD)
    assert (run.status("c"), run.machine.status) == ("cancelled", "cancelled")
    assert run.machine.cancel("again").changes == []


def test_an_empty_graph_of_ended_steps_ends_when_restored() -> None:
    machine = Machine("r", [task("a")], WIDE, lambda: "t")
    machine.restore_step("a", "succeeded", 1)
    assert machine.start(0.0).changes == [RunChanged("succeeded")]


def test_a_restored_run_goes_on_where_it_was_with_fresh_attempt_ids() -> None:
    tasks = [task("a"), task("b", "a"), task("c", "a"), task("d", "b", "c")]
    machine = Machine("r", tasks, WIDE, lambda: "new")
    for name, status, attempts in (
        ("a", "succeeded", 2), ("b", "pending", 1), ("c", "pending", 0), ("d", "pending", 0),
    ):  # fmt: skip
        machine.restore_step(name, status, attempts)  # type: ignore[arg-type]
    machine.restore_attempt("b", Try("r-3", "old", None))
    decision = machine.start(0.0)
    assert decision.instructions == [Launch("r-4", "c")]
    assert machine.ended("r-3", "old", GOOD, 1.0).instructions == []
    assert machine.ended("r-4", "new", GOOD, 1.0).instructions == [Launch("r-5", "d")]


def test_an_attempt_that_was_not_started_counts_as_a_failure() -> None:
    run = Run(task("a"))
    run.end("a", Result(Outcome("not started", reason="no such folder")))
    assert run.status("a") == "failed"
    assert any(getattr(item, "reason", "") == "no such folder" for item in run.said)


def test_a_list_becomes_a_step_an_item_and_ends_with_the_last() -> None:
    run = Run(Task("each", consults=True, at_once=2), task("after", "each"))
    decision = run.note(run.machine.consulted("each", Answer(items=("i0", "i1", "i2")), 0.0))
    assert decision.instructions == [Consult("i0"), Consult("i1")]
    for name in ("i0", "i1"):
        run.note(run.machine.consulted(name, Answer(), 0.0))
    assert run.end("i0").instructions == [Consult("i2")]
    run.note(run.machine.consulted("i2", Answer(), 0.0))
    run.end("i1")
    assert run.status("after") == "pending"
    run.end("i2", BAD)
    assert (run.status("each"), run.status("after")) == ("failed", "skipped")
    assert run.said[-1] == RunChanged("failed", "in each")


def test_cancelling_ends_a_list_once_its_items_have_ended() -> None:
    run = Run(Task("each", consults=True, at_once=1))
    run.note(run.machine.consulted("each", Answer(items=("i0", "i1")), 0.0))
    run.note(run.machine.consulted("i0", Answer(), 0.0))
    run.note(run.machine.cancel("enough"))
    assert (run.status("i1"), run.status("each")) == ("cancelled", "running")
    run.end("i0")
    assert (run.status("each"), run.machine.status) == ("cancelled", "cancelled")


def test_a_condition_that_does_not_hold_is_no_failure() -> None:
    run = Run(
        Task("maybe", consults=True), Task("reads", ("maybe",), data=frozenset({"maybe"})),
        task("after", "maybe"),
    )  # fmt: skip
    run.note(run.machine.consulted("maybe", Answer(skip="when: false"), 0.0))
    assert [run.status(name) for name in ("maybe", "reads", "after")] == [
        "skipped", "skipped", "running",
    ]  # fmt: skip
    run.end("after")
    assert run.machine.status == "succeeded"
