"""One attempt at a job, driven by hand."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from millwork.ports import Outcome
from millwork.ports.engine import OUT_OF_MEMORY
from millwork.run.gang import Used
from millwork.run.state import GRACE
from tests.plan.test_rules import DYNAMIC, ELASTIC
from tests.run.job import LOST, MEMORY, SERVERS, TORCH, Job, at, name_of

pytestmark = pytest.mark.quick


# --- 1.3 ----------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("made", "ends", "verdict"),
    [
        (("TFJob", SERVERS), {"chief_0": 0}, "succeeded"),
        (("TFJob", SERVERS), {"worker_0": 0, "worker_1": 0}, ""),
        (("TFJob", SERVERS), {"worker_0": 1}, "failed"),
        (("TFJob", SERVERS), {"ps_0": 1}, "failed"),
        (("TFJob", SERVERS | {"evaluator": 1}), {"evaluator_0": 1}, "failed"),
        (("TFJob", SERVERS | {"evaluator": 1}), {"evaluator_0": 0, "ps_0": 0}, ""),
        (("TFJob", {"master": 1, "worker": 1}), {"master_0": 0}, "succeeded"),
        (("TFJob", {"worker": 2, "ps": 1}), {"worker_0": 0}, "succeeded"),
        (("TFJob", {"worker": 2, "ps": 1}), {"worker_1": 0}, ""),
        (("PyTorchJob", TORCH), {"master_0": 0}, "succeeded"),
        (("PyTorchJob", TORCH), {"worker_0": 0, "worker_1": 0}, ""),
        (("PyTorchJob", TORCH), {"master_0": 1}, "failed"),
        (("PyTorchJob", TORCH), {"worker_0": 1}, "again"),
        (("PyTorchJob", {"worker": 2}, ELASTIC), {"worker_1": 0}, "succeeded"),
        (("XGBoostJob", TORCH), {"master_0": 0}, "succeeded"),
        (("XGBoostJob", TORCH), {"worker_0": 0, "worker_1": 0}, ""),
        (("XGBoostJob", TORCH), {"worker_0": 137}, "failed"),
        (("ElasticBatchJob", {"worker": 2, "aimaster": 1}), {"aimaster_0": 0}, "succeeded"),
        (("ElasticBatchJob", {"worker": 2, "aimaster": 1}), {"aimaster_0": 137}, "failed"),
        (("ElasticBatchJob", {"worker": 2, "aimaster": 1}), {"worker_0": 0, "worker_1": 0},
         "succeeded"),
        (("ElasticBatchJob", {"worker": 2}), {"worker_0": 0}, ""),
        (("ElasticBatchJob", {"worker": 2}), {"worker_0": 1}, "failed"),
        (("ElasticBatchJob", {"worker": 2}), {"worker_0": 137}, ""),
        (("MPIJob", {"worker": 3}), {"launcher_0": 0}, "succeeded"),
        (("MPIJob", {"worker": 3}), {"launcher_0": 1}, "failed"),
        (("MPIJob", {"worker": 3}), {"worker_0": LOST}, "failed"),
        (("Job", {"worker": 2}), {"worker_0": 0}, ""),
        (("Job", {"worker": 2}), {"worker_0": 0, "worker_1": 0}, "succeeded"),
        # Success before failure, when both are seen in one turn.
        (("TFJob", SERVERS), {"worker_0": 1, "ps_0": 137, "chief_0": 0}, "succeeded"),
        (("PyTorchJob", TORCH), {"master_0": 0, "worker_0": at(1.0)}, "succeeded"),
        (("ElasticBatchJob", {"worker": 1, "aimaster": 1}), {"aimaster_0": 1, "worker_0": 0},
         "succeeded"),
    ],
)  # fmt: skip
def test_when_a_job_has_succeeded_or_failed(made: Any, ends: dict[str, Any], verdict: str) -> None:
    run = Job(*made)
    run.end(**ends)
    assert run.says[0] == verdict


@pytest.mark.parametrize(
    ("made", "ends"),
    [
        (("TFJob", SERVERS), ["chief_0", "worker_0", "worker_1"]),
        (("TFJob", {"worker": 2, "ps": 1}), ["worker_0", "worker_1"]),
        (("PyTorchJob", TORCH), ["master_0", "worker_0", "worker_1"]),
    ],
)
def test_all_workers_must_succeed_where_that_is_asked_for(made: Any, ends: list[str]) -> None:
    run = Job(*made, success="all_workers")
    for name in ends:
        assert run.says[0] == ""
        run.end(**{name: 0})
    assert run.says[0] == "succeeded"


def test_the_first_verdict_stays() -> None:
    run = Job("PyTorchJob", TORCH)
    run.end(worker_0=1)
    run.end(master_0=0, worker_1=0)
    assert run.says == ("again", "worker-0: exit code 1; restart 1 of 3")
    assert run.gang.outcome
    assert run.gang.outcome.again
    done = Job("PyTorchJob", TORCH)
    done.end(master_0=0)
    done.end(worker_0=1, worker_1=137)
    assert done.gang.outcome == Outcome("exited", 0, "", {"replicas": 3})


def test_failures_of_one_turn_are_judged_by_when_they_were_recorded() -> None:
    """A worker's failure may be passing, a master's is not: the order decides."""
    run = Job("PyTorchJob", TORCH)
    run.end(master_0=at(8.0), worker_0=at(7.0), worker_1=at(6.5))
    assert run.says == ("again", "worker-1: exit code 1; restart 1 of 3")
    run = Job("PyTorchJob", TORCH)
    run.end(master_0=at(6.0), worker_0=at(7.0), worker_1=at(6.5))
    assert run.says == ("failed", "master-0: exit code 1")


def test_failures_at_one_time_are_judged_in_the_order_of_roles() -> None:
    roles = SERVERS | {"evaluator": 1}
    everyone = ["chief-0", "evaluator-0", "ps-0", "worker-0", "worker-1"]
    for number, first in enumerate(everyone):
        run = Job("TFJob", roles)
        run.end(**{name.replace("-", "_"): at(5.0) for name in reversed(everyone[number:])})
        assert run.says == ("failed", f"{first}: exit code 1")


def test_a_dynamic_worker_may_fail() -> None:
    run = Job("TFJob", {"worker": 2, "ps": 1}, DYNAMIC)
    run.end(worker_1=1)
    assert run.says[0] == ""
    run.end(worker_0=0)
    assert run.says[0] == "succeeded"
    run = Job("TFJob", {"worker": 2, "ps": 1}, DYNAMIC)
    run.end(ps_0=1)
    assert run.says == ("failed", "ps-0: exit code 1")


def test_a_dynamic_worker_is_started_again_as_the_policy_says() -> None:
    roles = {"worker": 2, "ps": 1}
    run = Job("TFJob", roles, DYNAMIC, restart_policy="OnFailure", restarts=1)
    run.end(worker_1=1)
    run.tick(run.now + 1)
    assert run.running == ["ps-0", "worker-0", "worker-1~1"]
    run.end(worker_1=1)
    run.tick(run.now + 100)
    assert run.says[0] == "", "at the limit it has failed, which it may"
    run.end(worker_0=0)
    run.end(ps_0=143)
    usage = {"replicas": 3, "restarts": 1, "memory_restarts": 0}
    assert run.gang.outcome == Outcome("exited", 0, "", usage)
    own = Job("TFJob", roles, DYNAMIC)
    own.end(worker_1=137)
    own.tick(own.now + 1)
    assert "worker-1~1" in own.running


def test_a_job_that_cannot_succeed_any_more_has_failed() -> None:
    """Servers never end by themselves: it would wait for them for ever."""
    run = Job("TFJob", {"worker": 2, "ps": 1}, DYNAMIC)
    run.end(worker_0=2)
    assert run.says == ("failed", "worker-0: exit code 2")
    assert run.told == [("ps-0", GRACE), ("worker-1", GRACE)]
    run.end(worker_1=143, ps_0=143)
    assert run.gang.outcome == Outcome("exited", 2, "worker-0: exit code 2", {"replicas": 3})
    every = Job("TFJob", {"worker": 2, "ps": 1}, DYNAMIC, success="all_workers")
    every.end(worker_0=0)
    every.end(worker_1=2)
    assert every.says == ("failed", "worker-1: exit code 2")
    late = Job("TFJob", {"worker": 2, "ps": 1}, DYNAMIC)
    late.end(worker_1=1)
    late.end(worker_0=1)
    assert late.says[0] == "failed"


def test_a_replica_that_is_to_start_again_may_still_succeed() -> None:
    run = Job("TFJob", {"worker": 2, "ps": 1}, DYNAMIC)
    run.end(worker_0=137, worker_1=1)
    assert run.says[0] == ""
    run.tick(run.now + 1)
    run.end(worker_0=0)
    assert run.says[0] == "succeeded"


@pytest.mark.parametrize("code", [1, 3, 127, 128])
def test_any_exit_code_is_good_but_a_signals(code: int) -> None:
    run = Job("PyTorchJob", TORCH, any_exit_code=True)
    run.end(worker_0=code)
    assert (run.says[0], run.rows["worker-0", 0].status) == ("", "succeeded")
    run.end(master_0=code)
    assert run.says == ("succeeded", "")
    run.end(worker_1=0)
    assert run.gang.outcome == Outcome("exited", 0, "", {"replicas": 3})


@pytest.mark.parametrize(
    ("outcome", "reason"),
    [
        (Outcome("exited", 129), "exit code 129"),
        (Outcome("exited", 139, "killed by SIGSEGV"), "killed by SIGSEGV"),
        (Outcome("not started", reason="no such image"), "no such image"),
        (Outcome("exited", None, "it left no code"), "it left no code"),
        (LOST, LOST.reason),
    ],
)
def test_with_any_exit_code_an_end_by_a_signal_or_without_a_code_is_none(
    outcome: Outcome, reason: str
) -> None:
    run = Job("XGBoostJob", TORCH, any_exit_code=True)
    run.end(master_0=outcome)
    assert run.says == ("failed", f"master-0: {reason}")


def test_a_new_master_knows_what_any_exit_code_let_pass() -> None:
    run = Job("Job", {"worker": 2}, any_exit_code=True)
    run.end(worker_0=3)
    run.restart_master()
    run.end(worker_1=4)
    assert run.says == ("succeeded", "")


def test_a_zero_with_a_fault_is_no_success_with_any_exit_code_either() -> None:
    run = Job("Job", {"worker": 1}, any_exit_code=True)
    run.end(worker_0=Outcome("exited", 0, "its environment could not be made"))
    assert run.says[0] == "failed"


# --- 1.4: restarts ------------------------------------------------------------------------------


@pytest.mark.parametrize("code", [130, 137, 138, 143])
def test_codes_that_are_passing(code: int) -> None:
    run = Job("PyTorchJob", TORCH)
    run.end(master_0=code)
    assert run.says == ("again", f"master-0: exit code {code}; restart 1 of 3")


@pytest.mark.parametrize("code", [1, 2, 126, 127, 128, 129, 139, 255])
def test_codes_that_are_not(code: int) -> None:
    run = Job("PyTorchJob", TORCH)
    run.end(master_0=code)
    assert run.says == ("failed", f"master-0: exit code {code}")
    given = Job("PyTorchJob", TORCH, retry_codes=("1-2", "126-255"))
    given.end(master_0=code)
    assert given.says[0] == "again"


@pytest.mark.parametrize(
    ("policy", "again"),
    [
        ("Never", []),
        ("ExitCode", ["137", "lost", "memory"]),
        ("OnFailure", ["1", "137", "lost", "memory"]),
        ("Always", ["1", "137", "lost", "memory"]),
    ],
)
def test_the_policies(policy: str, again: list[str]) -> None:
    memory = replace(MEMORY, code=1)  # the launcher lives on, and says that its child was killed
    ends = {"1": at(1.0), "137": at(1.0, 137), "lost": LOST, "memory": memory}
    found = []
    for name, outcome in ends.items():
        run = Job("XGBoostJob", TORCH, restart_policy=policy)
        run.end(worker_0=outcome)
        assert run.says[0] in ("again", "failed")
        found += [name] if run.says[0] == "again" else []
    assert found == again


def test_a_replica_that_could_not_be_started_fails_the_job() -> None:
    run = Job("PyTorchJob", TORCH, restart_policy="Always", refused={"worker-0"})
    assert run.says == ("failed", "worker-0: no")
    run.end(master_0=143)
    assert run.gang.outcome == Outcome("not started", None, "worker-0: no", {"replicas": 3})
    assert "worker-1" not in map(name_of, run.begun)
    assert run.rows["worker-0", 0].status == "failed"
    assert run.rows["worker-1", 0].status == "cancelled"


def test_every_restart_counts_and_the_limit_names_the_first_cause() -> None:
    run = Job("PyTorchJob", TORCH, used=Used(3))
    run.end(worker_1=at(2.0, 137), worker_0=at(3.0))
    reason = "worker-1: exit code 137; the limit of 3 restarts is reached"
    assert run.says == ("failed", reason)
    run.end(master_0=143)
    assert run.gang.outcome == Outcome("exited", 137, reason, {"replicas": 3})
    none = Job("PyTorchJob", TORCH, restarts=0)
    none.end(worker_0=1)
    assert none.says == ("failed", "worker-0: exit code 1")
    one = Job("PyTorchJob", TORCH, restarts=1, used=Used(1))
    one.end(worker_0=1)
    assert one.says == ("failed", "worker-0: exit code 1; the limit of 1 restart is reached")


@pytest.mark.parametrize(
    ("policy", "kind"), [({"restarts": 0}, "exited"), ({"restart_policy": "Never"}, "lost")]
)
def test_what_is_lost_at_the_limit_has_failed(policy: Any, kind: str) -> None:
    """Nobody but the policy starts it again; a policy of Never leaves that to the step."""
    run = Job("PyTorchJob", {"worker": 1}, **policy)
    run.end(worker_0=LOST)
    assert run.says[0] == "failed"
    assert run.gang.outcome
    assert (run.gang.outcome.kind, run.gang.outcome.code) == (kind, None)


def test_out_of_memory_has_a_limit_of_its_own() -> None:
    run = Job("PyTorchJob", {"worker": 2})
    run.end(worker_0=MEMORY)
    assert run.says == ("again", f"worker-0: {MEMORY.reason}; restart 1 of 3")
    run.end(master_0=143)
    usage = {"replicas": 2, OUT_OF_MEMORY: True}
    reason = run.says[1]
    assert run.gang.outcome == Outcome("exited", 137, reason, usage, again=True)
    run = Job("PyTorchJob", {"worker": 2}, used=Used(1, 1))
    run.end(worker_0=MEMORY)
    assert run.says == ("failed", f"worker-0: {MEMORY.reason}, after 1 restart for memory")
    run.end(master_0=143)
    assert run.gang.outcome
    assert run.gang.outcome.usage == {"replicas": 2}
    run = Job("PyTorchJob", {"worker": 2}, used=Used(2, 2), memory_restarts=2)
    run.end(worker_0=MEMORY)
    assert run.says == ("failed", f"worker-0: {MEMORY.reason}, after 2 restarts for memory")
    run = Job("PyTorchJob", {"worker": 2}, memory_restarts=0)
    run.end(worker_0=MEMORY)
    assert run.says == ("failed", f"worker-0: {MEMORY.reason}")
    run = Job("PyTorchJob", {"worker": 2}, used=Used(1, 1))
    run.end(worker_0=1)
    assert run.says[0] == "again"


@pytest.mark.parametrize(
    ("outcome", "counted"),
    [
        (Outcome("exited", 137, "killed by SIGKILL", {OUT_OF_MEMORY: True}), True),
        (Outcome("exited", 137, "the driver: CUDA out of memory"), False),
    ],
)
def test_what_counts_as_memory_is_what_the_engine_measured(outcome: Outcome, counted: bool) -> None:
    run = Job("PyTorchJob", {"worker": 2})
    run.end(worker_0=outcome)
    run.restart_master()
    run.end(master_0=143)
    assert run.gang.outcome
    assert run.gang.outcome.again
    assert run.gang.outcome.usage.get(OUT_OF_MEMORY, False) is counted


def test_a_worker_of_an_elastic_batch_is_started_again_alone() -> None:
    run = Job("ElasticBatchJob", {"worker": 3})
    run.end(worker_1=137)
    assert (run.running, run.told) == (["worker-0", "worker-2"], [])
    for number, wait in ((1, 1.0), (2, 2.0), (3, 4.0)):
        due = run.now + wait
        assert run.gang.next_deadline() == due
        run.tick(due - 0.1)
        assert len(run.running) == 2
        run.tick(due)
        assert run.running == ["worker-0", f"worker-1~{number}", "worker-2"]
        assert run.gang.next_deadline() is None
        run.end(worker_1=LOST)
    reason = "worker-1: the recorder was killed; the limit of 3 restarts is reached"
    assert run.says == ("failed", reason)
    run.end(worker_0=143, worker_2=143)
    usage = {"replicas": 3, "restarts": 3, "memory_restarts": 0}
    assert run.gang.outcome == Outcome("exited", None, reason, usage)


def test_the_wait_before_a_restart_is_a_minute_at_most() -> None:
    run = Job("ElasticBatchJob", {"worker": 1, "aimaster": 1}, restarts=20)
    waits = []
    for _ in range(9):
        run.end(worker_0=143)
        waits.append((run.gang.next_deadline() or 0) - run.now)
        run.tick(run.now + waits[-1])
    assert waits == [1, 2, 4, 8, 16, 32, 60, 60, 60]


def test_one_limit_for_the_replicas_of_a_job() -> None:
    run = Job("ElasticBatchJob", {"worker": 3}, restarts=2, used=Used(1))
    run.end(worker_0=at(1.0, 137), worker_1=at(2.0, 143))
    assert run.says == ("failed", "worker-1: exit code 143; the limit of 2 restarts is reached")
    memory = Job("ElasticBatchJob", {"worker": 3})
    memory.end(worker_0=MEMORY, worker_1=MEMORY)
    assert memory.says == ("failed", f"worker-1: {MEMORY.reason}, after 1 restart for memory")


@pytest.mark.parametrize("masters", [1, 2])
def test_a_restart_that_was_not_made_is_not_counted(masters: int) -> None:
    run = Job("ElasticBatchJob", {"worker": 2}, restarts=1)
    run.end(worker_0=MEMORY)
    run.end(worker_1=137)
    assert run.says == ("failed", "worker-1: exit code 137; the limit of 1 restart is reached")
    assert run.gang.outcome == Outcome("exited", 137, run.says[1], {"replicas": 2})
    run = Job("ElasticBatchJob", {"worker": 3})
    run.end(worker_0=137)
    run.tick(run.now + 1)
    run.end(worker_0=MEMORY)
    run.end(worker_1=1)
    if masters > 1:
        run.restart_master()
    run.end(worker_2=143)
    assert run.gang.outcome
    usage = {"replicas": 3, "restarts": 1, "memory_restarts": 0}
    assert run.gang.outcome.usage == usage


def test_a_gang_that_is_wanted_again_counts_what_its_replicas_had() -> None:
    run = Job("TFJob", SERVERS)
    run.end(worker_0=MEMORY)
    run.tick(run.now + 1)
    run.end(ps_0=137)
    assert run.says == ("again", "ps-0: exit code 137; restart 2 of 3")
    run.end(chief_0=143, worker_0=143, worker_1=143)
    usage = {"replicas": 4, "restarts": 1, "memory_restarts": 1}
    assert run.gang.outcome == Outcome("exited", 137, run.says[1], usage, again=True)
