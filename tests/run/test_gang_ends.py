"""How the replicas of a job are stopped, in which order they start, and another master's part."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from millwork.ports import Outcome, ReplicaRow
from millwork.ports.changes import ReplicaClosed, ReplicaOpened
from millwork.run.decision import Decision, StartReplica
from millwork.run.gang import Gang, Used
from millwork.run.gangs import Gangs
from millwork.run.state import GRACE, StepState, Task
from tests.plan.test_rules import job
from tests.run.job import GOOD, LOST, MEMORY, SERVERS, TORCH, Job, at

pytestmark = pytest.mark.quick


# --- stopping -----------------------------------------------------------------------------------


def test_peers_are_told_once_that_the_job_has_failed() -> None:
    run = Job("XGBoostJob", TORCH)
    run.end(worker_0=1)
    assert run.told == [("master-0", 3.0), ("worker-1", 3.0)]
    run.tick(run.now + 100)
    run.end(worker_1=143)
    assert len(run.stops) == 2
    assert run.gang.next_deadline() is None
    assert run.gang.outcome is None
    assert [run.rows[name, 0].status for name in ("worker-0", "worker-1")] == [
        "failed", "cancelled",
    ]  # fmt: skip
    run.end(master_0=0)
    assert run.gang.outcome == Outcome("exited", 1, "worker-0: exit code 1", {"replicas": 3})


def test_what_may_finish_after_a_success_has_its_time() -> None:
    run = Job("TFJob", SERVERS | {"evaluator": 1}, finish_grace=10.0, evaluator_grace=60.0)
    run.end(chief_0=0)
    assert run.told == [("ps-0", GRACE)]
    assert run.gang.next_deadline() == run.now + 10
    done = run.now
    run.end(worker_0=0)
    run.tick(done + 9)
    assert len(run.stops) == 1
    run.tick(done + 10)
    assert run.told == [("ps-0", GRACE), ("worker-1", GRACE)]
    run.end(worker_1=143, ps_0=143)
    assert run.gang.next_deadline() == done + 60
    run.tick(done + 60)
    assert run.told[0] == ("evaluator-0", GRACE)
    assert run.gang.next_deadline() is None
    run.end(evaluator_0=1)
    assert run.gang.outcome == Outcome("exited", 0, "", {"replicas": 5})


@pytest.mark.parametrize(
    ("made", "first", "told"),
    [
        (("TFJob", SERVERS | {"evaluator": 1}), "chief_0", ["evaluator-0", "ps-0"]),
        (("MPIJob", {"worker": 3}), "launcher_0", ["worker-0", "worker-1"]),
        (("ElasticBatchJob", {"worker": 1, "aimaster": 1}), "aimaster_0", ["worker-0"]),
        (("PyTorchJob", {"worker": 2}), "master_0", []),
    ],
)
def test_who_is_stopped_at_once_after_a_success(made: Any, first: str, told: list[str]) -> None:
    run = Job(*made)
    run.end(**{first: 0})
    assert run.told == [(name, GRACE) for name in told]


def test_how_each_replica_is_kept() -> None:
    run = Job("ElasticBatchJob", {"worker": 3})
    run.end(worker_0=LOST, worker_1=0)
    run.end(worker_2=1)
    assert [row.status for row in run.rows.values()] == ["lost", "succeeded", "failed"]


def test_a_zero_with_a_fault_is_no_success() -> None:
    run = Job("PyTorchJob", TORCH)
    run.end(master_0=Outcome("exited", 0, "its environment could not be made"))
    assert run.says == ("failed", "master-0: its environment could not be made")


def test_an_attempt_that_is_stopped_says_nothing_of_itself() -> None:
    run = Job("PyTorchJob", TORCH)
    run.take(run.gang.stop(7.0))
    assert run.told == [("master-0", 7.0), ("worker-0", 7.0), ("worker-1", 7.0)]
    run.take(run.gang.stop(0.0, "another reason"))
    assert len(run.stops) == 6, "a kill may follow"
    run.tick(run.now + 100)
    run.end(worker_0=137, master_0=0)
    run.end(worker_1=143)
    assert len(run.stops) == 6
    assert run.gang.outcome == Outcome("exited", None, "", {"replicas": 3})


def test_stopped_before_all_have_started() -> None:
    gang = Gang("r-1", job("MPIJob", {"worker": 3}), Used())
    started = gang.start(0.0)
    assert [change.replica for change in started.changes if isinstance(change, ReplicaOpened)] == [
        "worker-0", "worker-1",
    ]  # fmt: skip
    gang.started("r-1/worker-0", 0.0)
    assert len(gang.stop(3.0).instructions) == 2
    assert not gang.is_wanted("r-1/worker-1")
    over = Outcome("not started", reason="the job was over before it started")
    assert not gang.ended([("r-1/worker-1", over)], 1.0).instructions
    gang.ended([("r-1/worker-0", at(1.0, 143))], 1.0)
    assert gang.outcome
    assert not gang.outcome.again


def test_stopped_while_nothing_runs_it_is_over_at_once() -> None:
    run = Job("ElasticBatchJob", {"worker": 1, "aimaster": 1}, restart_policy="OnFailure")
    run.end(worker_0=1, aimaster_0=1)
    assert (run.running, run.gang.outcome) == ([], None)
    run.take(run.gang.stop(3.0))
    assert run.gang.outcome
    run.tick(run.now + 100)
    assert (run.running, run.gang.next_deadline()) == ([], None)


def test_stopped_after_its_verdict_it_keeps_that_and_the_time_is_up() -> None:
    run = Job("TFJob", SERVERS | {"evaluator": 1}, evaluator_grace=60.0)
    run.end(chief_0=0, worker_0=0, worker_1=0)
    run.take(run.gang.stop(1.0))
    assert ("evaluator-0", 1.0) in run.told
    assert run.gang.next_deadline() is None
    run.end(evaluator_0=143, ps_0=143)
    assert run.gang.outcome == Outcome("exited", 0, "", {"replicas": 5})


# --- order, silence -----------------------------------------------------------------------------


def test_a_role_waits_until_those_before_it_run_or_have_run() -> None:
    gang = Gang("r-1", job("TFJob", {"worker": 2, "ps": 2, "evaluator": 1}), Used())

    def opened(decision: Decision) -> list[str]:
        return [each.process for each in decision.instructions if isinstance(each, StartReplica)]

    assert opened(gang.start(0.0)) == ["r-1/ps-0", "r-1/ps-1", "r-1/evaluator-0"]
    assert opened(gang.started("r-1/ps-0", 0.0)) == []
    assert opened(gang.started("r-1/ps-0", 0.0)) == []
    assert opened(gang.started("r-1/evaluator-0", 0.0)) == []
    assert opened(gang.started("r-1/ps-1", 0.0)) == ["r-1/worker-0", "r-1/worker-1"]
    assert opened(gang.ended([("r-1/ps-1", GOOD)], 0.0)) == []


def test_a_replica_does_not_wait_again_for_those_that_are_started_again() -> None:
    run = Job("ElasticBatchJob", {"worker": 1, "aimaster": 1}, restart_policy="OnFailure")
    run.end(aimaster_0=1)
    run.tick(run.now + 1)
    run.end(aimaster_0=1, worker_0=137)
    run.tick(run.now + 1)
    assert run.running == ["worker-0~1"]
    run.tick(run.now + 1)
    assert run.running == ["aimaster-0~2", "worker-0~1"]


def test_foreign_and_repeated_news_change_nothing() -> None:
    run = Job("ElasticBatchJob", {"worker": 2})
    process = run.process("worker_0")
    run.end(worker_0=137)
    for gone in (process, "r-1/worker-9", "r-2/worker-1", "r-1"):
        assert run.gang.ended([(gone, GOOD)], 50.0) == Decision()
    assert [run.gang.owns(name) for name in ("r-1/worker-0~1", "r-1", "r-10/worker-0")] == [
        True, True, False,
    ]  # fmt: skip
    gangs = Gangs()
    step = StepState(Task("a"), 0, 0)
    gang = gangs.begin("r-1", job("PyTorchJob", TORCH, hang_timeout=60.0), step)
    gang.start(100.0)
    assert gangs.of("r-1/worker-9~3") is gangs.of("r-1") is gang
    assert gangs.of("r-10") is None
    assert gangs.next_deadline() == 160.0
    gangs.remove(gang)
    assert (gangs.next_deadline(), [*gangs.all()]) == (None, [])


def test_silence_is_listened_for_and_ends_the_attempt() -> None:
    run = Job("PyTorchJob", TORCH, hang_timeout=60.0)
    assert run.gang.next_deadline() == 160.0
    run.tick(159.0)
    assert run.listens == 0
    run.tick(160.0)
    assert (run.listens, run.gang.next_deadline()) == (1, None)
    run.take(run.gang.heard(20.0, 160.0))
    assert run.gang.next_deadline() == 200.0
    run.tick(200.0)
    run.take(run.gang.heard(59.9, 200.0))
    assert run.says[0] == ""
    run.take(run.gang.heard(59.96, 200.0))  # the file system's clock is not quite ours
    assert run.says == ("again", "no output from any replica for 60 s; restart 1 of 3")
    assert len(run.stops) == 3
    run.take(run.gang.heard(90.0, 230.0))
    run.end(master_0=143, worker_0=143, worker_1=143)
    assert run.gang.outcome == Outcome("exited", None, run.says[1], {"replicas": 3}, again=True)


def test_silence_without_a_restart_left_fails_the_job() -> None:
    run = Job("PyTorchJob", {"worker": 2}, hang_timeout=60.0, used=Used(3))
    run.take(run.gang.heard(61.0, 200.0))
    assert run.says == (
        "failed", "no output from any replica for 60 s; the limit of 3 restarts is reached",
    )  # fmt: skip
    run = Job("PyTorchJob", {"worker": 2})
    run.take(run.gang.heard(1e9, 200.0))
    assert run.says[0] == "", "nobody asked for it"


def test_measures_are_added_up() -> None:
    run = Job("PyTorchJob", {"worker": 2})
    run.end(worker_0=replace(GOOD, usage={"cpu_seconds": 2, "peak_memory": 7, "limits": "a"}))
    run.end(master_0=replace(GOOD, usage={"cpu_seconds": 3, "peak_memory": 5, "limits": "b"}))
    assert run.gang.outcome
    assert run.gang.outcome.usage == {
        "replicas": 2, "cpu_seconds": 5, "peak_memory": 7, "limits": "a",
    }  # fmt: skip


# --- another master -----------------------------------------------------------------------------


SERVER = ReplicaRow("r-1", "ps-0", 0, "running", 1.0)


def adopted(*rows: ReplicaRow, roles: Any = None, **policy: Any) -> Gang:
    gang = Gang("r-1", job("TFJob", roles or {"worker": 1, "ps": 1}, **policy), Used())
    assert gang.restore(rows, None, 50.0) == [
        f"r-1/{row.name}" for row in rows if row.status == "running"
    ]
    return gang


def test_a_new_master_starts_nothing_before_it_knows_what_is_over() -> None:
    gang = adopted(SERVER)
    assert gang.running == ["r-1/ps-0"]
    assert gang.ended([], 50.0).changes == [ReplicaOpened("r-1", "worker-0", 0)]
    assert gang.running == ["r-1/worker-0", "r-1/ps-0"]


def test_nothing_starts_after_a_replica_that_was_opened_and_never_begun() -> None:
    gang = adopted(SERVER, restart="replica")
    decision = gang.ended([("r-1/ps-0", LOST)], 50.0)
    assert (gang.running, [type(each) for each in decision.changes]) == ([], [ReplicaClosed])
    assert gang.tick(51.0).changes == [ReplicaOpened("r-1", "ps-0", 1)]
    assert gang.started("r-1/ps-0~1", 51.0).changes == [ReplicaOpened("r-1", "worker-0", 0)]


def test_what_is_over_and_left_a_code_has_run() -> None:
    over = replace(SERVER, status="succeeded", code=0, ended=2.0)
    lost = replace(SERVER, status="lost", launched=1.5, ended=2.0)
    for row in (over, lost):
        gang = adopted(row, restart="replica")
        opened = gang.ended([], 50.0).changes
        assert opened == [ReplicaOpened("r-1", "worker-0", 0)]


def test_what_ended_before_a_new_master_came_has_run() -> None:
    gang = adopted(SERVER)
    opened = gang.ended([("r-1/ps-0", GOOD)], 50.0).changes[1:]
    assert opened == [ReplicaOpened("r-1", "worker-0", 0)]


def test_a_new_master_listens_from_now_on() -> None:
    gang = adopted(SERVER, hang_timeout=60.0)
    assert gang.next_deadline() == 110.0


def test_a_new_master_counts_the_restarts_that_were_made() -> None:
    run = Job("ElasticBatchJob", {"worker": 2}, restarts=2, memory_restarts=1)
    run.end(worker_0=MEMORY)
    run.tick(run.now + 1)
    run.end(worker_0=LOST)
    run.restart_master()
    assert run.says[0] == "", "lost is passing, also when it is read from a row"
    run.tick(run.now + 2)
    assert run.running == ["worker-0~2", "worker-1"]
    run.restart_master()
    run.end(worker_0=137)
    reason = "worker-0: exit code 137; the limit of 2 restarts is reached"
    assert run.says == ("failed", reason)
    run.restart_master()
    assert run.told == [("worker-1", GRACE)] * 2, "each master tells them"
    run.end(worker_1=143)
    usage = {"replicas": 2, "restarts": 2, "memory_restarts": 1}
    assert run.gang.outcome == Outcome("exited", 137, reason, usage)


def test_a_new_master_counts_memory_apart() -> None:
    run = Job("ElasticBatchJob", {"worker": 2})
    run.end(worker_0=MEMORY)
    run.tick(run.now + 1)
    run.restart_master()
    run.end(worker_1=MEMORY)
    assert run.says == ("failed", f"worker-1: {MEMORY.reason}, after 1 restart for memory")


def test_a_verdict_outlives_its_master() -> None:
    run = Job("PyTorchJob", TORCH)
    run.end(worker_0=1)
    run.restart_master()
    run.end(worker_1=0, master_0=0)
    assert run.gang.outcome
    assert run.gang.outcome.again
    assert run.gang.outcome.reason == "worker-0: exit code 1; restart 1 of 3"


def test_a_stop_before_a_new_master_knows_more_starts_nothing() -> None:
    run = Job("ElasticBatchJob", {"worker": 2})
    run.end(worker_0=137)
    run.gang = run.restored()
    run.take(run.gang.stop(1.0, "cancelled"))
    run.observe()
    run.tick(run.now + 100)
    assert (run.told, run.running) == ([("worker-1", 1.0)], ["worker-1"])
    run.end(worker_1=143)
    assert run.gang.outcome == Outcome("exited", None, "cancelled", {"replicas": 2})


def test_a_stop_outlives_its_master_and_is_told_again() -> None:
    run = Job("ElasticBatchJob", {"worker": 2})
    run.end(worker_0=137)
    run.take(run.gang.stop(1.0, "timed out after 5 s"))
    assert run.says == ("stopped", "timed out after 5 s")
    run.restart_master()
    run.tick(run.now + 100)
    assert run.told == [("worker-1", 1.0), ("worker-1", GRACE)]
    run.end(worker_1=143)
    assert run.gang.outcome == Outcome("exited", None, "timed out after 5 s", {"replicas": 2})
