"""How a file says what a job's replicas are told, and when the job is over: two field tables.

From the reference pai-contract: `job` from 1.2, `run_policy` from 1.3 and 1.4.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

from millwork.spec.fields import (
    DURATION,
    INVALID,
    PAUSE,
    Bool,
    Choice,
    Field,
    ListOf,
    Number,
    Record,
    Text,
    plain,
)
from millwork.spec.model import Elastic, JobOptions, RunPolicy

if TYPE_CHECKING:
    from millwork.spec.fields import Reading
    from millwork.spec.model import Path

_PORT = Number(1, 65_535)
_MANY = Number(1, 10_000)


def _is_codes(text: str) -> bool:
    """Whether it is an exit code, or a range of them: `137`, `128-255`."""
    found = re.fullmatch(r"(\d{1,3})(?:-(\d{1,3}))?", text)
    return found is not None and 1 <= int(found[1]) <= int(found[2] or found[1]) <= 255


def _elastic(given: dict[str, Any], path: Path, reading: Reading) -> Any:
    least, most = given["least"], given["most"]
    if not least or not most:
        return INVALID  # what is wrong with one of them is said already
    if least > most:
        return reading.fault(path, f"{least} to {most} is no range of replicas")
    return Elastic(**given)


ELASTIC = Record(
    "elastic",
    (
        Field("min", _MANY, "The fewest replicas it goes on with", True, attribute="least"),
        Field("max", _MANY, "The most", True, attribute="most"),
        Field("backend", Text(), "Of the rendezvous", default="c10d"),
        Field("id", Text(), "Of the rendezvous", default="the node's name"),
        Field("conf", Text(), "Of the rendezvous: `key=value,...`"),
        Field("max_restarts", Number(0, 10_000), "That torchrun makes by itself"),
    ),
    _elastic,
)

JOB = Record(
    "job",
    (
        Field("processes", _MANY, "Processes of a replica, told to torchrun",
              default="its GPUs, if it has any"),
        Field("elastic", ELASTIC, "PyTorchJob: torchrun may go on with fewer or more replicas"),
        Field("master_port", _PORT, "MASTER_PORT", default="free here; 9999"),
        Field("worker_port", _PORT, "XGBoostJob: WORKER_PORT", default="free here; 9999"),
        Field("dmlc", Bool(), "XGBoostJob: DMLC_* too", default="false"),
        Field("tf_port", _PORT, "TFJob: the port in TF_CONFIG", default="free here; 2222"),
        Field("tf_environment", Text(), "TFJob: `environment` in TF_CONFIG, as operators say"),
        Field("evaluator_in_cluster", Bool(), "TFJob: TF_CONFIG lists it", default="true"),
        Field("dynamic_workers", Bool(),
              "TFJob: a worker is told only of itself and the servers; one may fail",
              default="false"),
        Field("mpi", Choice(("openmpi", "intel", "mpich")), "MPIJob: whose hostfile",
              default="openmpi"),
        Field("slots", _MANY, "MPIJob: processes of a host", default="1"),
        Field("launcher_works", Bool(), "MPIJob: the launcher is in the hostfile",
              default="false"),
        Field("mpirun", Bool(), "MPIJob: start the command by mpirun", default="false"),
        Field("waits_for_workers", Bool(), "MPIJob: the launcher starts last", default="true"),
    ),
    plain(JobOptions),
)  # fmt: skip

RUN_POLICY = Record(
    "run policy",
    (
        Field("restarts", Number(0, 1000), "Of the job and its replicas together, at most",
              default="3; of a batch 10"),
        Field("memory_restarts", Number(0, 1000), "Of those, for want of memory", default="1"),
        Field("restart", Choice(("gang", "replica")),
              "What is started again: the whole job (AIMaster: Sync) or one replica (Async)",
              default="the job type's"),
        Field("restart_policy", Choice(("Never", "OnFailure", "ExitCode", "Always")),
              "After which ends of a replica", default="the job type's"),
        Field("retry_codes", ListOf(Text(_is_codes, "an exit code, 1 to 255, or `128-255`")),
              "The exit codes that ExitCode starts again after",
              default="[130, 137, 138, 143]"),
        Field("success", Choice(("all_workers",)), "Every worker must succeed too",
              default="the job type's"),
        Field("hang_timeout", DURATION, "Without output from any replica: it is started again"),
        Field("pending_timeout", DURATION, "Without room to start: it fails"),
        Field("finish_grace", PAUSE, "For workers that still run when the job has succeeded",
              default="10s"),
        Field("evaluator_grace", PAUSE, "The same for the evaluator", default="0s"),
    ),
    plain(RunPolicy),
)  # fmt: skip
