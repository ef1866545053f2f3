"""Golden plans: the seed's listings by default, and every row of pai-contract 1.2 by its option."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest

from millwork.base.errors import BadRequest
from millwork.plan.jobs import AIMASTER_PORT, at_ports, lay_out, loopback, places
from millwork.spec.model import Elastic, JobOptions

if TYPE_CHECKING:
    from collections.abc import Mapping

    from millwork.plan.jobs import Member

pytestmark = pytest.mark.quick


def job(
    job_type: str, roles: Mapping[str, int], host: str = "{}-{}", **options: Any
) -> dict[str, Member]:
    found = lay_out(job_type, roles, JobOptions(**options), host.format)
    return {f"{member.role}-{member.index}": member for member in found}


def tf_config(member: Member) -> Any:
    return json.loads(member.env["TF_CONFIG"])


# --- the four listings of seed 000, appendix 1 ------------------------------------------------

TF = """
{
  "cluster": {
    "chief": [
      "dlc17****iui3e94-chief-0.t104140334615****.svc:2222"
    ],
    "evaluator": [
      "dlc17****iui3e94-evaluator-0.t104140334615****.svc:2222"
    ],
    "ps": [
      "dlc17****iui3e94-ps-0.t104140334615****.svc:2222"
    ],
    "worker": [
      "dlc17****iui3e94-worker-0.t104140334615****.svc:2222",
      "dlc17****iui3e94-worker-1.t104140334615****.svc:2222",
      "dlc17****iui3e94-worker-2.t104140334615****.svc:2222",
      "dlc17****iui3e94-worker-3.t104140334615****.svc:2222"
    ]
  },
  "task": {
    "type": "chief",
    "index": 0
  }
}
"""
PYTORCH = """
RANK=0
WORLD_SIZE=2
MASTER_ADDR=train1pt84cj****-master-0
MASTER_PORT=9999
"""
XGBOOST_OF_SIX = """
WORLD_SIZE=6
RANK=0
MASTER_ADDR=train1pt84cj****-master-0
MASTER_PORT=9999
WORKER_ADDRS=train1pt84cj****-worker-0,train1pt84cj****-worker-1,train1pt84cj****-worker-2,\
train1pt84cj****-worker-3,train1pt84cj****-worker-4
WORKER_PORT=9999
"""
XGBOOST_OF_ONE = """
WORLD_SIZE=1
RANK=0
MASTER_ADDR=train1pt84cj****-master-0
MASTER_PORT=9999
"""
ELASTIC_BATCH = """
{
  "task": {
    "type": "worker",
    "index": 0
  },
  "environment": "cloud"
}
"""
TRAIN = "train1pt84cj****-{}-{}"


def test_the_seeds_tensorflow_job() -> None:
    roles = {"chief": 1, "ps": 1, "worker": 4, "evaluator": 1}
    members = job("TFJob", roles, "dlc17****iui3e94-{}-{}.t104140334615****.svc")
    assert [*members] == [
        "chief-0", "worker-0", "worker-1", "worker-2", "worker-3", "ps-0", "evaluator-0",
    ]  # fmt: skip
    assert [*members["chief-0"].env] == ["TF_CONFIG"]
    assert json.dumps(tf_config(members["chief-0"]), indent=2) == TF.strip()
    listed = json.loads(TF)
    for member in members.values():
        task = {"type": member.role, "index": member.index}
        assert tf_config(member) == {**listed, "task": task}


@pytest.mark.parametrize(
    ("job_type", "count", "listing"),
    [
        ("PyTorchJob", 2, PYTORCH),
        ("XGBoostJob", 6, XGBOOST_OF_SIX),
        ("XGBoostJob", 1, XGBOOST_OF_ONE),
    ],
)
def test_the_seeds_variables(job_type: str, count: int, listing: str) -> None:
    members = job(job_type, {"worker": count}, TRAIN)
    ours = {f"{name}={value}" for name, value in members["master-0"].env.items()}
    assert ours == {*listing.split()}
    for rank, member in enumerate(members.values()):
        assert member.env == {**members["master-0"].env, "RANK": str(rank)}


def test_the_seeds_elastic_batch_job() -> None:
    members = job("ElasticBatchJob", {"worker": 2})
    listed = json.loads(ELASTIC_BATCH)
    (name,) = members["worker-0"].env
    assert name == "ELASTICBATCH_CONFIG"
    assert json.dumps(json.loads(members["worker-0"].env[name]), indent=2) == ELASTIC_BATCH.strip()
    listed["task"]["index"] = 1
    assert json.loads(members["worker-1"].env[name]) == listed


# --- TFJob ------------------------------------------------------------------------------------


@pytest.mark.parametrize("role", ["chief", "worker"])
def test_a_tfjob_of_one_has_no_tf_config(role: str) -> None:
    (member,) = job("TFJob", {role: 1}).values()
    assert (member.env, member.port, member.starts_after) == ({}, None, {})


def test_an_aimaster_does_not_count() -> None:
    members = job("TFJob", {"worker": 1, "aimaster": 1})
    assert members["worker-0"].env == {}
    members = job("PyTorchJob", {"master": 1, "worker": 2, "aimaster": 1})
    assert members["worker-1"].env["WORLD_SIZE"] == "3"


def test_parameter_servers_run_before_chief_master_and_workers() -> None:
    for first in ("chief", "master"):
        members = job("TFJob", {first: 1, "worker": 1, "ps": 2, "evaluator": 1})
        assert {name: member.starts_after for name, member in members.items()} == {
            f"{first}-0": {"ps": "running"},
            "worker-0": {"ps": "running"},
            "ps-0": {},
            "ps-1": {},
            "evaluator-0": {},
        }
        assert {member.port for member in members.values()} == {2222}
    assert job("TFJob", {"chief": 1, "worker": 1})["worker-0"].starts_after == {}


def test_a_chief_and_servers_need_no_worker() -> None:
    members = job("TFJob", {"chief": 1, "ps": 1})
    assert tf_config(members["ps-0"])["cluster"] == {"chief": ["chief-0:2222"], "ps": ["ps-0:2222"]}


def test_the_evaluator_may_be_left_out_of_the_cluster() -> None:
    members = job("TFJob", {"chief": 1, "worker": 1, "evaluator": 1}, evaluator_in_cluster=False)
    for member in members.values():
        assert [*tf_config(member)["cluster"]] == ["chief", "worker"]
    assert tf_config(members["evaluator-0"])["task"] == {"type": "evaluator", "index": 0}


def test_the_environment_and_port_of_operators() -> None:
    members = job("TFJob", {"worker": 2}, tf_environment="cloud", tf_port=2300)
    assert members["worker-1"].env["TF_CONFIG"] == (
        '{"cluster": {"worker": ["worker-0:2300", "worker-1:2300"]}, '
        '"task": {"type": "worker", "index": 1}, "environment": "cloud"}'
    )


def test_dynamic_workers_see_themselves_and_the_servers() -> None:
    members = job(
        "TFJob", {"worker": 3, "ps": 2}, dynamic_workers=True, tf_environment="cloud"
    )  # fmt: skip
    servers = ["ps-0:2222", "ps-1:2222"]
    assert tf_config(members["worker-2"]) == {
        "cluster": {"worker": {"2": "worker-2:2222"}, "ps": servers},
        "task": {"type": "worker", "index": 2},
    }
    assert tf_config(members["ps-1"])["cluster"] == {"worker": {}, "ps": ["ps-1:2222"]}
    with pytest.raises(BadRequest, match="worker and ps only"):
        job("TFJob", {"chief": 1, "worker": 3}, dynamic_workers=True)


# --- PyTorchJob -------------------------------------------------------------------------------


def test_ranks_count_replicas_and_the_master_is_first() -> None:
    members = job("PyTorchJob", {"worker": 2, "master": 1, "aimaster": 1})
    assert [*members] == ["master-0", "worker-0", "worker-1", "aimaster-0"]
    assert {name: member.env.get("RANK") for name, member in members.items()} == {
        "master-0": "0", "worker-0": "1", "worker-1": "2", "aimaster-0": None,
    }  # fmt: skip
    assert [member.port for member in members.values()] == [9999, None, None, AIMASTER_PORT]


def test_an_aimaster_then_the_master_then_the_workers() -> None:
    members = job("PyTorchJob", {"master": 1, "worker": 1, "aimaster": 1})
    assert [member.starts_after for member in members.values()] == [
        {"aimaster": "running"}, {"master": "running"}, {},
    ]  # fmt: skip


def test_the_first_worker_is_the_master_if_there_is_none() -> None:
    for job_type in ("PyTorchJob", "XGBoostJob"):
        assert job(job_type, {"worker": 3}) == job(job_type, {"master": 1, "worker": 2})
    assert [*job("PyTorchJob", {"worker": 1})] == ["master-0"]


def test_the_port_of_dlc_and_the_address_of_kubedls_master() -> None:
    members = job("PyTorchJob", {"worker": 2}, master_port=23456, master_is_localhost=True)
    assert members["master-0"].env["MASTER_ADDR"] == "localhost"
    assert members["worker-0"].env["MASTER_ADDR"] == "master-0"
    assert {member.env["MASTER_PORT"] for member in members.values()} == {"23456"}


def test_torchrun_is_told_if_asked() -> None:
    members = job("PyTorchJob", {"worker": 2}, processes=4)
    assert members["worker-0"].env == {
        "RANK": "1",
        "WORLD_SIZE": "2",
        "MASTER_ADDR": "master-0",
        "MASTER_PORT": "9999",
        "NPROC_PER_NODE": "4",
        "PET_MASTER_ADDR": "master-0",
        "PET_MASTER_PORT": "9999",
        "PET_NODE_RANK": "1",
        "PET_NNODES": "2",
        "PET_NPROC_PER_NODE": "4",
    }


def test_an_elastic_job_meets_at_its_first_worker() -> None:
    bounds = Elastic(2, 4, conf="timeout=60", max_restarts=3)
    members = job("PyTorchJob", {"worker": 3}, elastic=bounds, name="job-1", master_port=23456)
    assert [*members] == ["worker-0", "worker-1", "worker-2"]
    assert [member.env["RANK"] for member in members.values()] == ["0", "1", "2"]
    env = members["worker-2"].env
    assert {name: text for name, text in env.items() if name.startswith("PET_R")} == {
        "PET_RDZV_BACKEND": "c10d",
        "PET_RDZV_ENDPOINT": "worker-0:23456",
        "PET_RDZV_ID": "job-1",
        "PET_RDZV_CONF": "timeout=60",
    }
    assert (env["PET_NNODES"], env["PET_MAX_RESTARTS"]) == ("2:4", "3")
    assert env["PET_NPROC_PER_NODE"] == "1"
    least = job("PyTorchJob", {"worker": 1}, elastic=Elastic(1, 1))["worker-0"].env
    assert not {"PET_RDZV_ID", "PET_RDZV_CONF", "PET_MAX_RESTARTS"} & {*least}
    with pytest.raises(BadRequest, match="3:2 is no range"):
        job("PyTorchJob", {"worker": 3}, elastic=Elastic(3, 2))


def test_nobody_injects_a_local_rank_but_azure_ml() -> None:
    assert "LOCAL_RANK" not in job("PyTorchJob", {"worker": 2}, processes=2)["worker-0"].env
    members = job("PyTorchJob", {"worker": 4}, per_host=2)
    told = ("RANK", "NODE_RANK", "LOCAL_RANK", "LOCAL_WORLD_SIZE", "WORLD_SIZE")
    assert [[member.env[name] for name in told] for member in members.values()] == [
        ["0", "0", "0", "2", "4"],
        ["1", "0", "1", "2", "4"],
        ["2", "1", "0", "2", "4"],
        ["3", "1", "1", "2", "4"],
    ]


# --- XGBoostJob and ElasticBatchJob -----------------------------------------------------------


def test_xgboost_workers_follow_the_master_and_have_a_port() -> None:
    members = job("XGBoostJob", {"master": 1, "worker": 2}, worker_port=9000)
    assert members["worker-1"].starts_after == {"master": "running"}
    assert members["worker-1"].env["WORKER_ADDRS"] == "worker-0,worker-1"
    assert members["worker-1"].env["WORKER_PORT"] == "9000"
    assert [member.port for member in members.values()] == [9999, 9000, 9000]


def test_xgboosts_tracker_if_asked() -> None:
    env = job("XGBoostJob", {"worker": 3}, dmlc=True)["worker-1"].env
    assert {name: text for name, text in env.items() if name.startswith("DMLC")} == {
        "DMLC_TRACKER_URI": "master-0",
        "DMLC_TRACKER_PORT": "9999",
        "DMLC_TASK_ID": "2",
        "DMLC_NUM_WORKER": "3",
    }


def test_batch_workers_wait_for_an_aimaster_that_is_ready() -> None:
    members = job("ElasticBatchJob", {"worker": 2, "aimaster": 1}, name="score", namespace="n")
    assert members["worker-1"].starts_after == {"aimaster": "ready"}
    assert members["aimaster-0"].env == {
        "JOB_NAME": "score", "NAMESPACE": "n", "JOB_TYPE": "ELASTICBATCH",
    }  # fmt: skip
    assert members["aimaster-0"].port == 23456
    assert job("ElasticBatchJob", {"worker": 2})["worker-0"].starts_after == {}


# --- MPIJob -----------------------------------------------------------------------------------


def test_an_mpi_launcher_gets_the_hosts_and_workers_let_it_in() -> None:
    members = job("MPIJob", {"launcher": 1, "worker": 2}, slots=4)
    launcher, worker = members["launcher-0"], members["worker-1"]
    assert launcher.files == {
        "/etc/mpi/hostfile": "worker-0 slots=4\nworker-1 slots=4\n",
        "/etc/mpi/discover_hosts.sh": "#!/bin/sh\necho worker-0:4\necho worker-1:4\n",
    }
    assert launcher.env == {
        "K_MPI_JOB_ROLE": "launcher",
        "OMPI_MCA_orte_default_hostfile": "/etc/mpi/hostfile",
        "PRTE_MCA_prte_default_hostfile": "/etc/mpi/hostfile",
        "OMPI_MCA_orte_keep_fqdn_hostnames": "true",
        "OMPI_MCA_plm_rsh_args": "-o ConnectionAttempts=10",
        "OMPI_MCA_orte_set_default_slots": "4",
    }
    assert (launcher.starts_after, launcher.argv) == ({"worker": "running"}, ())
    assert (worker.env, worker.files) == ({"K_MPI_JOB_ROLE": "worker"}, {})
    assert (worker.argv, worker.port) == (("/usr/sbin/sshd", "-De"), 22)


@pytest.mark.parametrize(
    ("mpi", "told"),
    [
        ("intel", {"I_MPI_HYDRA_HOST_FILE": "/etc/mpi/hostfile", "I_MPI_PERHOST": "2"}),
        ("mpich", {"HYDRA_HOST_FILE": "/etc/mpi/hostfile"}),
    ],
)
def test_the_hostfiles_of_intel_and_mpich(mpi: str, told: dict[str, str]) -> None:
    launcher = job("MPIJob", {"launcher": 1, "worker": 2}, mpi=mpi, slots=2)["launcher-0"]
    assert launcher.files["/etc/mpi/hostfile"] == "worker-0:2\nworker-1:2\n"
    assert launcher.env == {"K_MPI_JOB_ROLE": "launcher", **told}


def test_an_mpi_launcher_may_start_at_once_elsewhere_and_work_too() -> None:
    options: dict[str, Any] = {
        "waits_for_workers": False,
        "launcher_works": True,
        "mpi_folder": "/m",
    }
    launcher = job("MPIJob", {"launcher": 1, "worker": 1}, **options)["launcher-0"]
    assert launcher.starts_after == {}
    assert launcher.files["/m/hostfile"] == "launcher-0 slots=1\nworker-0 slots=1\n"


def test_the_first_worker_launches_and_works_if_there_is_no_launcher() -> None:
    members = job("MPIJob", {"worker": 3}, slots=2, mpirun=True)
    assert [*members] == ["launcher-0", "worker-0", "worker-1"]
    assert members["launcher-0"].prefix == ("mpirun", "-n", "6")
    hostfile = members["launcher-0"].files["/etc/mpi/hostfile"]
    assert hostfile.split()[::2] == ["launcher-0", "worker-0", "worker-1"]


def test_mpi_in_one_replica_is_told_nothing() -> None:
    (member,) = job("MPIJob", {"worker": 1}).values()
    assert (member.env, member.files, member.prefix) == ({}, {}, ())
    (member,) = job("MPIJob", {"worker": 1}, slots=2, mpirun=True).values()
    assert member.prefix == ("mpirun", "-n", "2")


# --- any job, and addresses -------------------------------------------------------------------


def test_a_plain_job_is_told_nothing() -> None:
    members = job("Job", {"worker": 3})
    assert [*members] == ["worker-0", "worker-1", "worker-2"]
    assert all(member.env == {} for member in members.values())


def test_every_replica_has_an_address_of_its_own() -> None:
    found = places("TFJob", {"worker": 600, "ps": 1}, JobOptions())
    address = loopback(found, 8 * 250 * 250)
    known = [address(*place) for place in found]
    assert len({*known}) == 601
    assert (known[0], known[249], known[250]) == ("127.9.0.1", "127.9.0.250", "127.9.1.1")
    assert all(0 < int(text.rsplit(".")[-1]) < 255 for text in known)
    assert loopback(found[:1])("worker", 0) == "127.0.0.1"


# --- an engine's own ports --------------------------------------------------------------------


def at_engine(job_type: str, roles: dict[str, int], **options: Any) -> dict[str, Member]:
    told = at_ports(JobOptions(**options), 21_000)
    found = places(job_type, roles, told)
    members = lay_out(job_type, roles, told, loopback(found))
    return {f"{member.role}-{member.index}": member for member in members}


def test_servers_of_tensorflow_on_one_machine_have_a_port_each() -> None:
    members = at_engine("TFJob", {"chief": 1, "worker": 1, "ps": 1})
    cluster = json.loads(members["ps-0"].env["TF_CONFIG"])["cluster"]
    ports = [address.rpartition(":")[2] for group in cluster.values() for address in group]
    assert sorted(ports) == ["21000", "21001", "21002"]
    assert sorted(str(member.port) for member in members.values()) == sorted(ports)


def test_the_first_of_a_job_listens_at_a_port_of_the_jobs_own() -> None:
    torch = at_engine("PyTorchJob", {"worker": 2})
    assert {member.env["MASTER_PORT"] for member in torch.values()} == {"21000"}
    boost = at_engine("XGBoostJob", {"worker": 3})["worker-0"].env
    assert (boost["MASTER_PORT"], boost["WORKER_PORT"]) == ("21000", "21001")


def test_a_port_that_somebody_asks_for_is_that_port() -> None:
    torch = at_engine("PyTorchJob", {"worker": 2}, master_port=23456)
    assert {member.env["MASTER_PORT"] for member in torch.values()} == {"23456"}
    members = at_engine("TFJob", {"worker": 2}, tf_port=2300)
    assert {member.port for member in members.values()} == {2300}
    assert at_ports(JobOptions(), None) == JobOptions()
