"""How the replicas of a job find one another: their places, order, variables and files.

The rows of the reference pai-contract 1.2, one function a job type. By default it is what the
listings of seed 000, appendix 1, show; what Kubernetes operators and DLC do differently, or
beyond that, is an option (DESIGN decision 9).
"""

from __future__ import annotations

import json
from dataclasses import replace
from typing import TYPE_CHECKING, Any, TypeAlias

from millwork.base.errors import BadRequest
from millwork.base.records import dataclass, field
from millwork.plan import mpi

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from millwork.spec.model import Elastic, JobOptions

Place: TypeAlias = "tuple[str, int]"
Address: TypeAlias = "Callable[[str, int], str]"
AIMASTER_PORT, SSH_PORT = 23456, 22
_PORT, _TF_PORT = 9999, 2222
_ORDER = ("chief", "master", "launcher", "worker", "ps", "evaluator", "aimaster")
_FIRST = {"PyTorchJob": "master", "XGBoostJob": "master", "MPIJob": "launcher"}
_OUR_ADDRESS, _SHOWN = "127.0.0.1", 76 * 62_500


@dataclass(frozen=True)
class Member:
    """One replica of a job.

    `starts_after` are roles of which all replicas must be `running`, or `ready`, or ended, before.
    `files` are texts by absolute path, `port` the one it listens at. `argv`, if there is one,
    runs in place of the command; `prefix` are words before the command.
    """

    role: str
    index: int
    env: Mapping[str, str] = field(default_factory=dict)
    starts_after: Mapping[str, str] = field(default_factory=dict)
    files: Mapping[str, str] = field(default_factory=dict)
    port: int | None = None
    argv: tuple[str, ...] = ()
    prefix: tuple[str, ...] = ()


@dataclass(frozen=True)
class Hosts:
    """Where an engine lets replicas find one another: their addresses, and ports for them alone.

    Frameworks listen at all of a machine's addresses (TensorFlow's servers, torch's store), so
    where replicas share a machine the first of as many free ports as there are is `port`.
    """

    address: Address
    port: int | None = None


def at_ports(options: JobOptions, port: int | None) -> JobOptions:
    """The options with an engine's ports in place of those that nobody has asked for."""
    if port is None:
        return options
    return replace(
        options,
        master_port=options.master_port or port,
        worker_port=options.worker_port or port + 1,
        tf_port=options.tf_port or port,
        tf_port_step=options.tf_port_step or int(options.tf_port is None),
    )


def loopback(places: tuple[Place, ...], number: int = _SHOWN) -> Address:
    """Addresses on this machine: 127.0.0.1 for one replica, else one of its own for each.

    So fixed ports do not collide (DESIGN decision 11). They begin at `number` of the 250**3
    that lie between 127.1.0.1 and 127.250.249.250.
    """
    if len(places) == 1:
        return lambda _role, _index: _OUR_ADDRESS
    known = {place: _address((number + rank) % 250**3) for rank, place in enumerate(places)}
    return lambda role, index: known[role, index]


def _address(number: int) -> str:
    return f"127.{number // 62_500 + 1}.{number // 250 % 250}.{number % 250 + 1}"


def places(job_type: str, roles: Mapping[str, int], options: JobOptions) -> tuple[Place, ...]:
    """The role and index of every replica, by rank.

    Where a job needs a first one and none was asked for, the first worker is it (DLC: "the first
    Worker as Master"); an elastic job needs none.
    """
    counts = dict(roles)
    first = _FIRST.get(job_type)
    if first and first not in counts and not options.elastic:
        counts |= {first: 1, "worker": counts["worker"] - 1}
    return tuple((role, index) for role in _ORDER for index in range(counts.get(role, 0)))


def lay_out(
    job_type: str, roles: Mapping[str, int], options: JobOptions, address: Address
) -> tuple[Member, ...]:
    """The replicas of a job with so many of each role, by rank: chief, master or launcher first.

    `roles` are in lower case and keep the rules of `spec.roles`. Raises BadRequest for options
    that do not go with them.
    """
    _check(job_type, roles, options)
    found = places(job_type, roles, options)
    team = _Team(
        options=options,
        addresses={place: address(*place) for place in found},
        ranks={place: rank for rank, place in enumerate(found) if place[0] != "aimaster"},
        is_designated=_FIRST.get(job_type, "") not in roles,
    )
    return tuple(
        _member(job_type, team, place, _gates(job_type, place[0], team)) for place in found
    )


def _check(job_type: str, roles: Mapping[str, int], options: JobOptions) -> None:
    if options.dynamic_workers and job_type == "TFJob" and not {*roles} <= {"worker", "ps"}:
        raise BadRequest("a TFJob with dynamic workers has the roles worker and ps only")
    elastic = options.elastic
    if elastic and not 1 <= elastic.least <= elastic.most:
        raise BadRequest(f"elastic: {elastic.least}:{elastic.most} is no range of replicas")


@dataclass(frozen=True)
class _Team:
    """All that a replica can be told of the others."""

    options: JobOptions
    addresses: Mapping[Place, str]
    ranks: Mapping[Place, int]
    is_designated: bool

    @property
    def size(self) -> int:
        """How many replicas count: all but the AIMaster."""
        return len(self.ranks)

    @property
    def first(self) -> Place:
        """The replica of rank 0."""
        return next(iter(self.ranks))

    def of(self, role: str) -> list[str]:
        """The addresses of a role."""
        return [address for place, address in self.addresses.items() if place[0] == role]


def _member(job_type: str, team: _Team, place: Place, gates: Mapping[str, str]) -> Member:
    role, index = place
    if role == "aimaster":
        return Member(role, index, _aimaster(job_type, team), gates, port=AIMASTER_PORT)
    if job_type == "MPIJob":
        return _mpi(team, place, gates)
    env, port = _VARIABLES[job_type](team, place)
    return Member(role, index, env, gates, port=port)


def _gates(job_type: str, role: str, team: _Team) -> dict[str, str]:
    """What a role starts after; roles that the job does not have hold nobody up."""
    order = {
        "TFJob": {name: {"ps": "running"} for name in ("chief", "master", "worker")},
        "PyTorchJob": {"master": {"aimaster": "running"}, "worker": {"master": "running"}},
        "XGBoostJob": {"worker": {"master": "running"}},
        "ElasticBatchJob": {"worker": {"aimaster": "ready"}},
        "MPIJob": {"launcher": {"worker": "running"}} if team.options.waits_for_workers else {},
    }
    present = {place[0] for place in team.addresses}
    gates = order.get(job_type, {}).get(role, {})
    if job_type == "PyTorchJob" and role == "worker" and "master" not in present:
        gates = {"aimaster": "running"}
    return {other: phase for other, phase in gates.items() if other in present}


def _aimaster(job_type: str, team: _Team) -> dict[str, str]:
    return {
        "JOB_NAME": team.options.name,
        "NAMESPACE": team.options.namespace,
        "JOB_TYPE": job_type.removesuffix("Job").upper(),
    }


def _plain(_team: _Team, _place: Place) -> tuple[dict[str, str], int | None]:
    return {}, None


def _tensorflow(team: _Team, place: Place) -> tuple[dict[str, str], int | None]:
    """TF_CONFIG; none for one replica, which is what code asks to tell one from many."""
    options = team.options
    if team.size == 1:
        return {}, None
    role, index = place
    config: dict[str, Any] = {
        "cluster": _sparse(team, place) if options.dynamic_workers else _cluster(team),
        "task": {"type": role, "index": index},
    }
    if options.tf_environment and not options.dynamic_workers:
        config["environment"] = options.tf_environment
    return {"TF_CONFIG": json.dumps(config)}, _tf_port(team, place)


def _cluster(team: _Team) -> dict[str, list[str]]:
    roles = sorted({role for role, _ in team.ranks})
    if not team.options.evaluator_in_cluster:
        roles = [role for role in roles if role != "evaluator"]
    return {
        role: [_with_port(team, place) for place in team.ranks if place[0] == role]
        for role in roles
    }


def _sparse(team: _Team, place: Place) -> dict[str, Any]:
    own = _with_port(team, place)
    if place[0] == "ps":
        return {"worker": {}, "ps": [own]}
    servers = [_with_port(team, found) for found in team.ranks if found[0] == "ps"]
    return {"worker": {str(place[1]): own}, "ps": servers}


def _with_port(team: _Team, place: Place) -> str:
    return f"{team.addresses[place]}:{_tf_port(team, place)}"


def _tf_port(team: _Team, place: Place) -> int:
    return (team.options.tf_port or _TF_PORT) + team.ranks[place] * team.options.tf_port_step


def _ranked(team: _Team, place: Place) -> dict[str, str]:
    """RANK and WORLD_SIZE count replicas, as PAI and most scripts have it, not processes."""
    is_local = team.options.master_is_localhost and place == team.first
    return {
        "RANK": str(team.ranks[place]),
        "WORLD_SIZE": str(team.size),
        "MASTER_ADDR": "localhost" if is_local else team.addresses[team.first],
        "MASTER_PORT": str(team.options.master_port or _PORT),
    }


def _pytorch(team: _Team, place: Place) -> tuple[dict[str, str], int | None]:
    env = _ranked(team, place)
    options = team.options
    if options.processes is not None or options.elastic:
        env |= _torchrun(env, options.processes or 1, options.elastic)
    if options.elastic:
        env |= _rendezvous(options.elastic, options.name, team)
    if options.per_host:
        host, local = divmod(team.ranks[place], options.per_host)
        env |= {
            "LOCAL_RANK": str(local),
            "LOCAL_WORLD_SIZE": str(options.per_host),
            "NODE_RANK": str(host),
        }
    return env, int(env["MASTER_PORT"]) if place == team.first else None


def _torchrun(env: Mapping[str, str], processes: int, elastic: Elastic | None) -> dict[str, str]:
    return {
        "NPROC_PER_NODE": str(processes),
        "PET_MASTER_ADDR": env["MASTER_ADDR"],
        "PET_MASTER_PORT": env["MASTER_PORT"],
        "PET_NODE_RANK": env["RANK"],
        "PET_NNODES": f"{elastic.least}:{elastic.most}" if elastic else env["WORLD_SIZE"],
        "PET_NPROC_PER_NODE": str(processes),
    }


def _rendezvous(elastic: Elastic, name: str, team: _Team) -> dict[str, str]:
    host = team.addresses.get(("worker", 0), team.addresses[team.first])
    wanted = {
        "PET_RDZV_BACKEND": elastic.backend,
        "PET_RDZV_ENDPOINT": f"{host}:{team.options.master_port or _PORT}",
        "PET_RDZV_ID": elastic.id or name,
        "PET_RDZV_CONF": elastic.conf,
        "PET_MAX_RESTARTS": "" if elastic.max_restarts is None else str(elastic.max_restarts),
    }
    return {variable: text for variable, text in wanted.items() if text}


def _xgboost(team: _Team, place: Place) -> tuple[dict[str, str], int | None]:
    env = _ranked(team, place)
    if team.size > 1:
        env["WORKER_ADDRS"] = ",".join(team.of("worker"))
        env["WORKER_PORT"] = str(team.options.worker_port or _PORT)
    if team.options.dmlc:
        env |= {
            "DMLC_TRACKER_URI": env["MASTER_ADDR"],
            "DMLC_TRACKER_PORT": env["MASTER_PORT"],
            "DMLC_TASK_ID": env["RANK"],
            "DMLC_NUM_WORKER": env["WORLD_SIZE"],
        }
    is_first = place == team.first
    return env, (team.options.master_port if is_first else team.options.worker_port) or _PORT


def _elastic_batch(_team: _Team, place: Place) -> tuple[dict[str, str], int | None]:
    task = {"task": {"type": place[0], "index": place[1]}, "environment": "cloud"}
    return {"ELASTICBATCH_CONFIG": json.dumps(task)}, None


_VARIABLES: Mapping[str, Callable[[_Team, Place], tuple[dict[str, str], int | None]]] = {
    "Job": _plain,
    "TFJob": _tensorflow,
    "PyTorchJob": _pytorch,
    "XGBoostJob": _xgboost,
    "ElasticBatchJob": _elastic_batch,
}


def _mpi(team: _Team, place: Place, gates: Mapping[str, str]) -> Member:
    """The launcher gets the list of hosts; a worker waits for it to log in.

    One replica is told nothing, and `mpirun` starts all of its processes where it is.
    """
    role, index = place
    options, own = team.options, team.addresses[place]
    if role == "worker":
        env = {"K_MPI_JOB_ROLE": "worker"}
        return Member(role, index, env, gates, port=SSH_PORT, argv=mpi.worker(options, own))
    works = options.launcher_works or team.is_designated
    hosts = [*(team.of("launcher") if works else ()), *team.of("worker")]
    count = max(1, len(hosts)) * options.slots
    prefix = ("mpirun", "-n", str(count)) if options.mpirun else ()
    if team.size == 1:
        return Member(role, index, prefix=prefix)
    prefix = (*(mpi.as_host(options, own) if works else ()), *prefix)
    files = mpi.files(hosts, options)
    return Member(role, index, mpi.variables(options), gates, files, prefix=prefix)
