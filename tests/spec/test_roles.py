"""Which replicas a component of each job type can have (pai-contract 1.2; seed 000)."""

from __future__ import annotations

from typing import Any

import pytest

from millwork.spec.model import JOB_TYPES, Batch, Component, Constraints, ReplicaGroup
from millwork.spec.roles import ROLES, allowed, by_role, faults, warnings

pytestmark = pytest.mark.quick


def reasons(job_type: str, **roles: int) -> list[str]:
    groups = {role: ReplicaGroup(count) for role, count in roles.items()}
    return [message for _, message in faults(Component("c", "1", "x", job_type=job_type), groups)]


def test_every_job_type_has_roles() -> None:
    assert tuple(ROLES) == JOB_TYPES


@pytest.mark.parametrize("job_type", JOB_TYPES)
def test_any_number_of_replicas_without_a_role(job_type: str) -> None:
    groups = {"": ReplicaGroup(7)}
    assert not [*faults(Component("c", "1", "x", job_type=job_type), groups)]


@pytest.mark.parametrize(
    ("job_type", "roles", "reason"),
    [
        ("Job", {"chief": 1}, "'chief' is no role of a Job; roles: worker"),
        ("XGBoostJob", {"ps": 1}, "'ps' is no role of a XGBoostJob; roles: master, worker"),
        ("TFJob", {"Worker": 1, "worker": 1}, "the role 'worker' stands there twice"),
        ("TFJob", {"chief": 2}, "a TFJob has one chief at most"),
        ("TFJob", {"worker": 2, "evaluator": 2}, "a TFJob has one evaluator at most"),
        ("TFJob", {"chief": 1, "master": 1}, "a job has a chief or a master, not both"),
        ("TFJob", {"ps": 2}, "there is no worker"),
        ("PyTorchJob", {"master": 2}, "a PyTorchJob has one master at most"),
        ("ElasticBatchJob", {"aimaster": 1}, "there is no worker"),
    ],
)  # fmt: skip
def test_roles_that_a_job_cannot_have(job_type: str, roles: dict[str, int], reason: str) -> None:
    assert reasons(job_type, **roles) == [reason]


def test_roles_that_it_can_have() -> None:
    assert not reasons("TFJob", Chief=1, PS=2, Worker=4, Evaluator=1, AIMaster=1)
    assert not reasons("MPIJob", launcher=1)
    assert [*by_role({"PS": ReplicaGroup(1), "": ReplicaGroup(2)})] == ["ps", "worker"]


def test_tensorflows_master_is_warned_of() -> None:
    groups = {"Master": ReplicaGroup(1)}
    assert [*warnings(Component("c", "1", "x", job_type="TFJob"), groups)] == [
        "TensorFlow 2 refuses a cluster with the role 'master'; it calls that role 'chief'"
    ]
    assert not [*warnings(Component("c", "1", "x", job_type="PyTorchJob"), groups)]


def test_constraints_and_work() -> None:
    two = {"": ReplicaGroup(2)}
    one = Component("c", "1", "x", constraints=Constraints(multiple_instances=False))
    assert [*faults(one, two)] == [((), "the component's constraints allow one instance")]
    assert not [*faults(one, {"": ReplicaGroup(1)})]
    spark = Component("c", "1", "", work="spark")
    assert [*faults(spark, two)] == [
        ((), "only a command has more than one replica, and this is: spark")
    ]


def test_how_many_of_each_role_a_component_may_have() -> None:
    def of(**fields: Any) -> dict[str, tuple[int, int | None]]:
        return allowed(Component("c", "1.0.0", "true", **fields))

    assert of() == {"worker": (1, None)}
    assert of(constraints=Constraints(multiple_instances=False)) == {"worker": (1, 1)}
    assert of(work="sweep") == {"worker": (1, 1)}
    assert of(job_type="PyTorchJob") == {
        "master": (0, 1), "worker": (0, None), "aimaster": (0, 1),
    }  # fmt: skip
    batch = of(job_type="ElasticBatchJob", batch=Batch("rows"))
    assert batch == {"worker": (1, None)}
