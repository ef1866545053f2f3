"""What a component asks of the plan of jobs, in whose words it may be: PAI's or Azure ML's.

Azure ML's `launcher` (old flavour) and `distribution` (v2) start one process after another by
themselves, so there each process is a replica; of MPI it is mpirun that does so.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from millwork.base.errors import BadRequest
from millwork.base.records import dataclass

if TYPE_CHECKING:
    from collections.abc import Mapping

    from millwork.spec.model import Component, JobOptions

_TORCH = ("pytorch", "torch.distributed")


@dataclass(frozen=True)
class Wish:
    """A job type, how many replicas of each role, and what of it is not the same everywhere."""

    job_type: str
    roles: Mapping[str, int]
    options: JobOptions


def wish_of(component: Component, counts: Mapping[str, int], given: JobOptions) -> Wish:
    """The job that a component asks for, with `counts` of replicas by role, if any were given.

    Azure ML's sections say more than the `given` options. Raises BadRequest where a distribution
    has no such plan.
    """
    body = component.body
    section = body.get("distribution") or body.get("launcher") or {}
    roles = counts or {"worker": int(body.get("instance_count", "1"))}
    kind = section.get("type", "").lower()
    processes = int(section.get("process_count_per_instance", "1"))
    hosts = sum(roles.values())
    if not kind:
        return Wish(component.job_type, roles, given)
    if kind in _TORCH:
        options = replace(given, per_host=max(1, processes))
        return Wish("PyTorchJob", {"worker": hosts * max(1, processes)}, options)
    if kind == "mpi":
        options = replace(given, slots=max(1, processes), mpirun=True)
        return Wish("MPIJob", {"worker": hosts}, options)
    if kind == "tensorflow":
        options = replace(given, tf_environment="cloud")
        return Wish("TFJob", _tensorflow(section, hosts), options)
    raise BadRequest(f"a distribution of the type '{kind[:60]}' has no plan yet")


def _tensorflow(section: Mapping[str, str], hosts: int) -> dict[str, int]:
    """Workers and servers stand on instances of their own; one instance is no number given."""
    servers = int(section.get("parameter_server_count", "0"))
    workers = int(section.get("worker_count", "0")) or max(1, hosts - servers)
    if hosts not in (1, workers, workers + servers):
        raise BadRequest(
            f"the distribution has {workers} workers and {servers} parameter servers; "
            f"{hosts} instances do not go with it"
        )
    return {"worker": workers, **({"ps": servers} if servers else {})}
