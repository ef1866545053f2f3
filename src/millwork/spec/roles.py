"""The roles of each job type's replicas, and how many there may be of each.

From the reference pai-contract 1.2 (roles, evaluator, `master`), 1.3, and seed 000 (constraints).
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from millwork.spec.model import JobOptions

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from millwork.spec.model import Component, Path, ReplicaGroup, RunPolicy

ROLES: Mapping[str, tuple[str, ...]] = {
    "Job": ("worker",),
    "TFJob": ("chief", "master", "worker", "ps", "evaluator", "aimaster"),
    "PyTorchJob": ("master", "worker", "aimaster"),
    "XGBoostJob": ("master", "worker"),
    "MPIJob": ("launcher", "worker"),
    "ElasticBatchJob": ("worker", "aimaster"),
}
_MANY = ("worker", "ps")
_TOLD = {
    "PyTorchJob": ("processes", "elastic", "master_port"),
    "XGBoostJob": ("master_port", "worker_port", "dmlc"),
    "TFJob": ("tf_port", "tf_environment", "evaluator_in_cluster", "dynamic_workers"),
    "MPIJob": ("mpi", "slots", "launcher_works", "mpirun", "waits_for_workers"),
}
"""What of a job's options each type has (pai-contract 1.2)."""
_WORKING = ("chief", "master", "launcher", "worker")
_WORKS = ("command", "distributed")
_AIMASTER = "aimaster"


def by_role(groups: Mapping[str, ReplicaGroup]) -> dict[str, ReplicaGroup]:
    """The groups under the names that roles have here: lower case, and `worker` for none.

    PAI writes `Worker` and `PS`; a bare number of replicas has no role.
    """
    return {(role or "worker").lower(): group for role, group in groups.items()}


def allowed(component: Component) -> dict[str, tuple[int, int | None]]:
    """How many replicas of each role a component may have, least and most; None is any number.

    What several roles make together, as a job without any worker, is what `faults` tells.
    """
    limits = component.constraints
    is_alone = bool(limits and not limits.multiple_instances)
    if is_alone or (component.work not in _WORKS and not component.batch):
        return {"worker": (1, 1)}
    known = [role for role in ROLES[component.job_type] if role != _AIMASTER or not component.batch]
    working = [role for role in known if role in _WORKING]
    return {role: (int(working == [role]), None if role in _MANY else 1) for role in known}


def faults(component: Component, groups: Mapping[str, ReplicaGroup]) -> Iterator[tuple[Path, str]]:
    """Why a component cannot have these replicas: each reason, and the role that it is about.

    The path is empty for what is about all of them.
    """
    if not groups:
        return
    count = sum(group.count for group in groups.values())
    limits = component.constraints
    if limits and not limits.multiple_instances and count > 1:
        yield (), "the component's constraints allow one instance"
    if component.work not in _WORKS and not component.batch and count > 1:
        yield (), f"only a command has more than one replica, and this is: {component.work}"
    for written in groups if component.batch else ():
        if written.lower() == _AIMASTER:
            yield (written,), "a batch has none: Millwork leases the shards itself"
    yield from _faults_of_roles(component.job_type, groups)


def _faults_of_roles(
    job_type: str, groups: Mapping[str, ReplicaGroup]
) -> Iterator[tuple[Path, str]]:
    known, seen = ROLES[job_type], set[str]()
    for written, group in groups.items():
        (role,) = by_role({written: group})
        if role not in known:
            yield (written,), f"'{written}' is no role of a {job_type}; roles: {', '.join(known)}"
        elif role in seen:
            yield (written,), f"the role '{role}' stands there twice"
        elif role not in _MANY and group.count > 1:
            yield (written,), f"a {job_type} has one {role} at most"
        seen.add(role)
    if {"chief", "master"} <= seen:
        yield (), "a job has a chief or a master, not both"
    if not seen.intersection(_WORKING) and seen <= {*known}:
        yield (), "there is no worker"


def misplaced(component: Component, options: JobOptions) -> Iterator[tuple[str, str]]:
    """Options that the component's job type does not have: each name, and who has it."""
    plain = JobOptions()
    own = _TOLD.get(component.job_type, ())
    for name in dict.fromkeys(name for told in _TOLD.values() for name in told):
        if name not in own and getattr(options, name) != getattr(plain, name):
            owners = " or ".join(kind for kind, told in _TOLD.items() if name in told)
            yield name, f"a {component.job_type} has none; a {owners} has"


def faults_of_policy(component: Component, policy: RunPolicy) -> Iterator[tuple[str, str]]:
    """What a policy asks for that cannot come about: the field, and why."""
    if component.job_type == "MPIJob" and policy.success:
        yield "success", "the workers of an MPIJob end only with it"


def warnings(component: Component, groups: Mapping[str, ReplicaGroup]) -> Iterator[str]:
    """What is run as it stands, and is likely to fail in the user's code."""
    if component.job_type == "TFJob" and "master" in by_role(groups):
        yield "TensorFlow 2 refuses a cluster with the role 'master'; it calls that role 'chief'"
