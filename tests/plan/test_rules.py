"""What each job type is judged by: the pai-contract's tables 1.3 and 1.4, column Millwork."""

from __future__ import annotations

import json
from typing import Any

import pytest

from millwork.plan.codec import decode, decode_component, encode, encode_component
from millwork.plan.gang import Roster, roster, total
from millwork.plan.model import Step
from millwork.plan.rules import ROLES, Rules, by_shards
from millwork.spec.model import (
    Batch,
    Component,
    Elastic,
    JobOptions,
    ReplicaGroup,
    Resources,
    RunPolicy,
    Split,
)

pytestmark = pytest.mark.quick

ELASTIC = JobOptions(elastic=Elastic(1, 4))
DYNAMIC = JobOptions(dynamic_workers=True)


def step_of(
    job_type: str, roles: dict[str, int], options: JobOptions | None = None, **policy: Any
) -> Step:
    return Step(
        "train",
        Component("c", "1.0.0", "x", job_type=job_type),
        replicas={role: ReplicaGroup(count) for role, count in roles.items()},
        job=options,
        run_policy=RunPolicy(**policy) if policy else None,
    )


def job(
    job_type: str, roles: dict[str, int], options: JobOptions | None = None, **policy: Any
) -> Roster:
    return roster(step_of(job_type, roles, options, **policy))


def rules(
    job_type: str, roles: dict[str, int], options: JobOptions | None = None, **policy: Any
) -> Rules:
    return job(job_type, roles, options, **policy).rules


# --- 1.3: succeeded when ------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("job_type", "roles", "options", "policy", "success"),
    [
        ("TFJob", {"chief": 1, "worker": 2, "ps": 1}, None, "", [["chief-0"]]),
        ("TFJob", {"master": 1, "worker": 1}, None, "", [["master-0"]]),
        ("TFJob", {"chief": 1, "worker": 2, "ps": 1}, None, "all_workers",
         [["chief-0", "worker-0", "worker-1"]]),
        ("TFJob", {"worker": 2, "ps": 1}, None, "", [["worker-0"], ["worker-0", "worker-1"]]),
        ("TFJob", {"worker": 2, "ps": 1, "evaluator": 1}, None, "all_workers",
         [["worker-0", "worker-1"]]),
        ("PyTorchJob", {"master": 1, "worker": 2}, None, "", [["master-0"]]),
        ("PyTorchJob", {"worker": 3}, None, "", [["master-0"]]),
        ("PyTorchJob", {"master": 1, "worker": 2}, None, "all_workers",
         [["master-0", "worker-0", "worker-1"]]),
        ("PyTorchJob", {"worker": 2}, ELASTIC, "", [["worker-0"], ["worker-1"]]),
        ("PyTorchJob", {"master": 1, "worker": 1}, ELASTIC, "", [["master-0"]]),
        ("XGBoostJob", {"master": 1, "worker": 2}, None, "", [["master-0"]]),
        ("XGBoostJob", {"worker": 2}, None, "", [["master-0"]]),
        ("ElasticBatchJob", {"worker": 2, "aimaster": 1}, None, "",
         [["aimaster-0"], ["worker-0", "worker-1"]]),
        ("ElasticBatchJob", {"worker": 2}, None, "", [["worker-0", "worker-1"]]),
        ("MPIJob", {"launcher": 1, "worker": 2}, None, "", [["launcher-0"]]),
        ("MPIJob", {"worker": 2}, None, "", [["launcher-0"]]),
        ("Job", {"worker": 2}, None, "", [["worker-0", "worker-1"]]),
    ],
)  # fmt: skip
def test_who_must_succeed(
    job_type: str,
    roles: dict[str, int],
    options: JobOptions | None,
    policy: Any,
    success: list[list[str]],
) -> None:
    found = rules(job_type, roles, options, success=policy).success
    assert [sorted(names) for names in found] == success


@pytest.mark.parametrize("job_type", ["Job", "TFJob", "PyTorchJob", "XGBoostJob", "MPIJob"])
def test_one_replica_decides_whatever_it_is_told_it_is(job_type: str) -> None:
    found = job(job_type, {"worker": 1})
    assert [seat.name for seat in found.seats] == ["worker-0"]
    assert all(names == ("worker-0",) for names in found.rules.success)


@pytest.mark.parametrize(
    ("job_type", "roles", "success"),
    [
        ("TFJob", {"worker": 2, "aimaster": 1}, [("worker-0",), ("worker-0", "worker-1")]),
        ("TFJob", {"chief": 1, "worker": 1, "aimaster": 1}, [("chief-0",)]),
        ("ElasticBatchJob", {"worker": 1, "aimaster": 1}, [("aimaster-0",), ("worker-0",)]),
        ("PyTorchJob", {"master": 1, "worker": 1, "aimaster": 1}, [("master-0",)]),
    ],
)
def test_an_aimaster_decides_elastic_batch_only(
    job_type: str, roles: dict[str, int], success: list[tuple[str, ...]]
) -> None:
    assert [*rules(job_type, roles).success] == success


def test_an_aimaster_must_succeed_with_all_workers_of_its_elastic_batch_only() -> None:
    roles = {"worker": 1, "aimaster": 1}
    found = rules("ElasticBatchJob", roles, success="all_workers").success
    assert found == (("aimaster-0", "worker-0"),)
    assert rules("TFJob", roles, success="all_workers").success == (("worker-0",),)


def test_the_order_of_roles_is_the_training_operators() -> None:
    order = [role for role in ROLES if role in ("chief", "master", "evaluator", "ps", "worker")]
    assert order == ["chief", "master", "evaluator", "ps", "worker"]


# --- 1.4: what is started again -----------------------------------------------------------------

ALL_ROLES = {
    "TFJob": {"chief": 1, "worker": 2, "ps": 1, "evaluator": 1},
    "PyTorchJob": {"master": 1, "worker": 1},
    "XGBoostJob": {"master": 1, "worker": 1},
    "MPIJob": {"launcher": 1, "worker": 1},
    "ElasticBatchJob": {"aimaster": 1, "worker": 1},
    "Job": {"worker": 2},
}


@pytest.mark.parametrize(
    ("job_type", "after"),
    [
        ("TFJob", dict.fromkeys(("chief", "worker", "ps", "evaluator"), "ExitCode")),
        ("PyTorchJob", {"master": "ExitCode", "worker": "OnFailure"}),
        ("XGBoostJob", {"master": "Never", "worker": "Never"}),
        ("MPIJob", {"launcher": "Never", "worker": "Never"}),
        ("ElasticBatchJob", {"aimaster": "Never", "worker": "ExitCode"}),
        ("Job", {"worker": "Never"}),
    ],
)
def test_the_default_restart_policies_are_kubedls_and_xgboosts_never(
    job_type: str, after: dict[str, str]
) -> None:
    assert rules(job_type, ALL_ROLES[job_type]).after == after
    given = rules(job_type, ALL_ROLES[job_type], restart_policy="OnFailure").after
    assert given == dict.fromkeys(after, "OnFailure")


@pytest.mark.parametrize(
    ("job_type", "roles", "replicas"),
    [
        ("PyTorchJob", {"master": 1, "worker": 2}, set()),
        ("MPIJob", {"launcher": 1, "worker": 2}, set()),
        ("XGBoostJob", {"master": 1, "worker": 2}, set()),
        ("Job", {"worker": 2}, set()),
        ("ElasticBatchJob", {"worker": 2}, {"worker"}),
        ("TFJob", {"chief": 1, "worker": 2, "ps": 1}, {"worker"}),
        ("TFJob", {"chief": 1, "worker": 2}, set()),
        ("TFJob", {"worker": 2, "evaluator": 1}, set()),
    ],
)
def test_the_unit_of_restart(job_type: str, roles: dict[str, int], replicas: set[str]) -> None:
    found = rules(job_type, roles).unit
    assert {role for role, unit in found.items() if unit == "replica"} == replicas
    for unit in ("gang", "replica"):
        assert {*rules(job_type, roles, restart=unit).unit.values()} == {unit}


def test_the_limits_and_codes_by_default_and_as_given() -> None:
    found = rules("PyTorchJob", {"worker": 2})
    assert (found.restarts, found.memory_restarts, found.hang_timeout) == (3, 1, None)
    assert found.codes == ((130, 130), (137, 137), (138, 138), (143, 143))
    found = rules(
        "PyTorchJob", {"worker": 2}, restarts=0, memory_restarts=5, retry_codes=("3", "128-255"),
        hang_timeout=60.0,
    )  # fmt: skip
    assert (found.restarts, found.memory_restarts, found.hang_timeout) == (0, 5, 60.0)
    assert found.codes == ((3, 3), (128, 255))


def test_only_dynamic_workers_may_fail() -> None:
    roles = {"worker": 2, "ps": 1}
    assert rules("TFJob", roles, DYNAMIC).tolerates == ("worker",)
    assert rules("TFJob", roles).tolerates == ()
    assert rules("PyTorchJob", {"worker": 2}, DYNAMIC).tolerates == ()


@pytest.mark.parametrize(
    ("job_type", "grace"),
    [
        ("TFJob", {"chief": 7.0, "worker": 7.0, "evaluator": 60.0}),
        ("PyTorchJob", {"master": 7.0, "worker": 7.0}),
        ("XGBoostJob", {"master": 7.0, "worker": 7.0}),
        ("MPIJob", {"launcher": 7.0}),
        ("ElasticBatchJob", {"aimaster": 7.0}),
    ],
)
def test_how_long_each_role_may_go_on_after_a_success(
    job_type: str, grace: dict[str, float]
) -> None:
    """Servers, sshd, and workers whose AIMaster is done never end by themselves."""
    roles = ALL_ROLES[job_type]
    found = rules(job_type, roles, finish_grace=7.0, evaluator_grace=60.0).grace
    assert {role: found[role] for role in roles if found.get(role)} == grace
    assert rules(job_type, roles).grace["evaluator"] == 0.0, "the seed's evaluator has no time"
    none = rules(job_type, roles, finish_grace=0.0, evaluator_grace=0.0).grace
    assert not any(none.values())


def test_a_component_may_let_any_exit_code_pass() -> None:
    replicas = {"worker": ReplicaGroup(2)}
    component = Component("c", "1.0.0", "x", any_exit_code=True)
    assert roster(Step("s", component, replicas=replicas)).rules.any_exit_code
    assert not rules("Job", {"worker": 2}).any_exit_code


# --- the roster ---------------------------------------------------------------------------------


def test_the_nodes_policy_stands_in_for_the_components() -> None:
    component = Component(
        "c", "1.0.0", "x", job_type="XGBoostJob", run_policy=RunPolicy(restarts=7),
        job=JobOptions(dmlc=True),
    )  # fmt: skip
    replicas = {"worker": ReplicaGroup(2)}
    assert roster(Step("s", component, replicas=replicas)).rules.restarts == 7
    own = Step("s", component, replicas=replicas, run_policy=RunPolicy(memory_restarts=2))
    assert (roster(own).rules.restarts, roster(own).rules.memory_restarts) == (3, 2)


@pytest.mark.parametrize(
    ("job_type", "roles", "gates"),
    [
        ("TFJob", {"chief": 1, "ps": 1, "worker": 1, "evaluator": 1},
         {"chief-0": ["ps"], "worker-0": ["ps"], "ps-0": [], "evaluator-0": []}),
        ("PyTorchJob", {"worker": 2, "aimaster": 1},
         {"master-0": ["aimaster"], "worker-0": ["master"], "aimaster-0": []}),
        ("XGBoostJob", {"worker": 2}, {"master-0": [], "worker-0": ["master"]}),
        ("MPIJob", {"worker": 2}, {"launcher-0": ["worker"], "worker-0": []}),
        ("ElasticBatchJob", {"worker": 1, "aimaster": 1},
         {"worker-0": ["aimaster"], "aimaster-0": []}),
        ("ElasticBatchJob", {"worker": 2}, {"worker-0": [], "worker-1": []}),
    ],
)  # fmt: skip
def test_seats_are_by_rank_and_know_what_they_start_after(
    job_type: str, roles: dict[str, int], gates: dict[str, list[str]]
) -> None:
    seats = job(job_type, roles).seats
    assert {seat.name: [*seat.starts_after] for seat in seats} == gates
    assert seats[0].role in ("chief", "master", "launcher", "worker")


def test_a_job_is_started_as_a_whole_or_not_at_all() -> None:
    own = ReplicaGroup(2, Resources(gpu=1, memory=4))
    step = Step(
        "s", Component("c", "1.0.0", "x", job_type="TFJob"), resources=Resources(cpu=2.0),
        replicas={"ps": ReplicaGroup(1), "worker": own},
    )  # fmt: skip
    assert total(step) == Resources(cpu=6.0, memory=8, gpu=2)


# --- batches ------------------------------------------------------------------------------------


BATCH = Batch("images", Split(), "scores")


def batch_of(workers: int, wish: Resources | None = None, cpu: float = 0, memory: int = 0) -> Rules:
    component = Component("c", "1.0.0", "x", job_type="ElasticBatchJob", batch=BATCH)
    groups = {"worker": ReplicaGroup(workers)}
    step = Step("s", component, replicas=groups, resources=wish or Resources())
    return roster(step, cpu, memory).rules


def test_of_a_batch_s_workers_none_is_needed() -> None:
    found = batch_of(3)
    assert (found.by_shards, found.success, found.tolerates) == (True, (), ("worker",))
    assert (found.unit, found.after) == ({"worker": "replica"}, {"worker": "OnFailure"})
    assert found.grace == {"worker": 10.0}
    assert not rules("ElasticBatchJob", {"worker": 3}).by_shards


def test_what_a_batch_s_policy_says_counts() -> None:
    policy = RunPolicy(restarts=7, restart_policy="Never", finish_grace=1.0, restart="gang")
    found = by_shards(rules("ElasticBatchJob", {"worker": 3}, restarts=7), policy, 2)
    assert (found.after, found.restarts, found.at_once) == ({"worker": "Never"}, 7, 2)
    assert found.grace == {"worker": 1.0}
    assert found.unit == {"worker": "replica"}, "the others are never ended with it"


@pytest.mark.parametrize(
    ("wish", "cpu", "memory", "at_once"),
    [
        (Resources(), 8, 100, None),
        (Resources(cpu=2.0), 0, 0, None),
        (Resources(cpu=2.0), 8, 0, 4),
        (Resources(cpu=3.0), 8, 0, 2),
        (Resources(cpu=0.5), 2, 0, 4),
        (Resources(memory=30), 0, 100, 3),
        (Resources(cpu=2.0, memory=30), 8, 100, 3),
        (Resources(cpu=2.0, memory=60), 8, 100, 1),
        (Resources(cpu=16.0), 8, 0, 1),
        (Resources(memory=101), 8, 100, 1),
    ],
)
def test_as_many_at_once_as_there_is_room_for(
    wish: Resources, cpu: float, memory: int, at_once: int | None
) -> None:
    """A worker that wants more than there is runs alone, as a step does."""
    assert batch_of(9, wish, cpu, memory).at_once == at_once


def test_rows_keep_what_is_said_of_a_job() -> None:
    options = JobOptions(elastic=Elastic(1, 2, max_restarts=0), mpi="intel", dmlc=True)
    step = step_of(
        "PyTorchJob", {"worker": 2}, options, retry_codes=(), restart="replica", finish_grace=0.0
    )
    digest, document = encode_component(step.component)
    kept = json.loads(json.dumps(encode(step, digest)))
    assert decode(kept, decode_component(document)) == step
    component = Component("c", "1.0.0", "x", job=options, run_policy=RunPolicy(restarts=0))
    assert decode_component(encode_component(component)[1]) == component
