"""Jobs through random histories, with and without new masters."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from millwork.ports import Outcome
from millwork.ports.engine import OUT_OF_MEMORY
from millwork.run.gang import Used
from tests.plan.test_rules import DYNAMIC, ELASTIC
from tests.run.job import GOOD, LOST, MEMORY, SERVERS, TORCH, Crashed, Job, outcome_of

if TYPE_CHECKING:
    from millwork.run.gang import Verdict

pytestmark = pytest.mark.quick

MADE: list[tuple[Any, ...]] = [
    ("TFJob", SERVERS),
    ("TFJob", {"worker": 2, "ps": 1, "evaluator": 1}),
    ("TFJob", {"worker": 2, "ps": 1}, DYNAMIC),
    ("PyTorchJob", TORCH),
    ("PyTorchJob", {"worker": 3}, ELASTIC),
    ("PyTorchJob", {"worker": 1}),
    ("XGBoostJob", {"worker": 3}),
    ("ElasticBatchJob", {"worker": 3}),
    ("ElasticBatchJob", {"worker": 2, "aimaster": 1}),
    ("MPIJob", {"worker": 3}),
]
POLICIES = st.fixed_dictionaries(
    {},
    optional={
        "restarts": st.integers(0, 4),
        "memory_restarts": st.integers(0, 2),
        "restart": st.sampled_from(["gang", "replica"]),
        "restart_policy": st.sampled_from(["Never", "OnFailure", "ExitCode", "Always"]),
        "success": st.just("all_workers"),
        "evaluator_grace": st.just(5.0),
        "finish_grace": st.just(0.0),
        "any_exit_code": st.just(True),
        "hang_timeout": st.just(30.0),
    },
)
USED = replace(GOOD, usage={"cpu_seconds": 3, "peak_memory": 7})
KILLED = Outcome("exited", 137, "killed", {"cpu_seconds": 2, "peak_memory": 9})
ENDS = st.sampled_from([0, 0, USED, 1, KILLED, 143, LOST, MEMORY])
EVENTS = st.lists(
    st.one_of(
        st.tuples(
            st.just("end"),
            st.lists(st.tuples(st.integers(0, 9), ENDS, st.integers(0, 3)), min_size=1, max_size=3),
        ),
        st.tuples(st.just("tick"), st.sampled_from([0.5, 1.0, 4.0, 70.0])),
        st.tuples(st.just("heard"), st.sampled_from([1.0, 30.0])),
        st.tuples(st.sampled_from(["stop", "again", "master"]), st.just(3.0)),
    ),
    max_size=12,
)
USEDS = st.builds(Used, st.integers(0, 2), st.integers(0, 1))
thorough = settings(
    max_examples=150, derandomize=True, deadline=None, suppress_health_check=[HealthCheck.too_slow]
)


def apply(run: Job, event: tuple[str, Any]) -> None:
    """One thing that happens; `again` are events that the engine tells twice."""
    kind, given = event
    run.now += 1
    if kind == "end":
        for choice, end, age in given:
            if run.alive:
                process = run.alive[choice % len(run.alive)]
                run.ends[process] = replace(outcome_of(end), at=run.now - 0.1 * age)
        run.observe()
    elif kind == "tick":
        run.tick(run.now + given)
    elif kind == "heard" and not run.gang.outcome:
        run.take(run.gang.heard(given, run.now))
    elif kind == "stop" and not run.gang.outcome:
        run.take(run.gang.stop(given))
    elif kind == "again":
        run.take(run.gang.ended([*run.ends.items()], run.now))
    elif kind == "master" and not run.gang.outcome:
        run.restart_master()


def check(run: Job, verdicts: list[Verdict]) -> None:
    """What holds at any time; `verdicts` are those that were seen."""
    check_limits(run)
    if run.verdict:
        verdicts.append(run.verdict)
        assert run.gang.verdict == run.verdict == verdicts[0]
    if run.gang.outcome:
        check_outcome(run, run.gang.outcome, verdicts[0])


def starts_of(run: Job) -> tuple[int, int]:
    """How often replicas were started again, and how often of that for want of memory."""
    again = [(name, number) for name, number in run.rows if number]
    before = [run.rows[name, number - 1] for name, number in again]
    return len(again), sum(OUT_OF_MEMORY in row.usage for row in before)


def check_limits(run: Job) -> None:
    """Together with the attempt that follows, if there is one."""
    rules, used, verdict = run.roster.rules, run.used, run.verdict
    starts, memory = starts_of(run)
    if verdict and verdict.name == "again":
        starts, memory = starts + 1, memory + verdict.for_memory
    assert used.restarts + starts <= max(rules.restarts, used.restarts)
    assert used.memory + memory <= max(rules.memory_restarts, used.memory)


def check_outcome(run: Job, outcome: Outcome, verdict: Verdict) -> None:
    """It is the verdict's, and tells of what was done, whichever master did it."""
    starts, memory = starts_of(run)
    assert not run.alive
    assert all(row.status != "running" for row in run.rows.values())
    assert outcome.again == (verdict.name == "again")
    assert (outcome.kind, outcome.code, outcome.reason) == (
        verdict.kind, verdict.code, verdict.reason,
    )  # fmt: skip
    assert (outcome.code == 0) == (verdict.name == "succeeded")
    assert outcome.kind != "lost" or verdict.name == "again" or _leaves_it_to_the_step(run)
    expected: dict[str, Any] = {"replicas": len(run.roster.seats)}
    if starts:
        expected |= {"restarts": starts, "memory_restarts": memory}
    if verdict.for_memory:
        assert outcome.again
        expected[OUT_OF_MEMORY] = True
    usages = [row.usage for row in run.rows.values() if "cpu_seconds" in row.usage]
    if usages:
        expected["cpu_seconds"] = sum(usage["cpu_seconds"] for usage in usages)
        expected["peak_memory"] = max(usage["peak_memory"] for usage in usages)
    assert outcome.usage == expected


def _leaves_it_to_the_step(run: Job) -> bool:
    """Whether a replica that is lost is none that the policy starts again."""
    return "Never" in run.roster.rules.after.values()


def finish(run: Job, codes: list[Any]) -> None:
    """Whatever runs ends, until nothing does; a gang that does not end then never will."""
    for turn in range(40):
        if run.gang.outcome:
            return
        for number, process in enumerate(run.alive):
            run.ends[process] = outcome_of(codes[(turn + number) % len(codes)])
        run.now += 1
        run.observe()
        due = run.gang.next_deadline()
        if due is not None:
            run.tick(max(run.now, due))
            later = run.gang.next_deadline()
            assert later is None or later > run.now, "it would be asked again at once, for ever"
    pytest.fail("the gang does not end")


@given(
    st.sampled_from(MADE), POLICIES, USEDS, EVENTS, st.sets(st.integers(1, 40)),
    st.lists(ENDS, min_size=1, max_size=4),
)  # fmt: skip
@thorough
def test_whatever_happens_a_job_ends_within_its_limits(
    made: Any, policy: Any, used: Used, events: Any, crashes: set[int], codes: list[Any]
) -> None:
    """A master may die after any commit or start: what it had decided was not carried out."""
    go_through(Job(*made, **policy, used=used, crashes=crashes), events, codes)


@given(
    st.sampled_from(MADE), POLICIES, USEDS, EVENTS,
    st.sets(st.integers(1, 12), min_size=1, max_size=3), st.lists(ENDS, min_size=1, max_size=4),
    st.lists(st.none() | ENDS, min_size=1, max_size=4),
)  # fmt: skip
@example(("TFJob", SERVERS), {}, Used(), [], {2}, [0], [0])
@thorough
def test_a_job_ends_also_if_its_replicas_end_while_it_has_no_master(
    made: Any, policy: Any, used: Used, events: Any, crashes: set[int], codes: list[Any],
    meanwhile: list[Any],
) -> None:  # fmt: skip
    run = Job(*made, **policy, used=used, crashes=crashes, meanwhile=meanwhile)
    go_through(run, events, codes)


def go_through(run: Job, events: Any, codes: list[Any]) -> None:
    """A history, and then an end."""
    verdicts: list[Verdict] = []
    for event in [*events, None]:
        try:
            apply(run, event) if event else finish(run, codes)
        except Crashed:
            run.revive()
        if not run.gang.outcome and event is None:
            run.crashes = set()
            finish(run, codes)
        check(run, verdicts)
    assert run.gang.outcome
    assert len({*verdicts}) <= 1


@given(
    st.sampled_from(MADE), POLICIES, USEDS, EVENTS, st.integers(0, 12),
    st.lists(ENDS, min_size=1, max_size=4),
)  # fmt: skip
@thorough
def test_a_new_master_comes_to_the_same(
    made: Any, policy: Any, used: Used, events: Any, when: int, codes: list[Any]
) -> None:
    """After any number of events: the same verdict, replicas, restarts to come, and end."""
    events = [event for event in events if event[0] != "master"]
    one, other = (Job(*made, **policy, used=used) for _ in range(2))
    for number, event in enumerate(events):
        if number == when and not other.gang.outcome:
            other.restart_master()
            for run in (one, other):  # a wait that had begun is begun anew
                run.tick(run.now + 70)
        apply(one, event)
        apply(other, event)
        _assert_alike(one, other)
    if when >= len(events) and not other.gang.outcome:
        other.restart_master()
    for run in (one, other):
        finish(run, codes)
    _assert_alike(one, other)


def _assert_alike(one: Job, other: Job) -> None:
    assert one.gang.verdict == other.gang.verdict
    if one.gang.verdict is None or one.gang.verdict.name != "succeeded":
        assert one.running == other.running
    assert one.gang.outcome == other.gang.outcome
