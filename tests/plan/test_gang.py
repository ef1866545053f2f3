"""Several replicas on their way from a file to a plan, as `plan` shows it."""

from __future__ import annotations

import json
from typing import Any

import pytest

from millwork.actions.preview import preview
from millwork.base.errors import BadRequest
from millwork.plan.codec import decode, decode_component, encode, encode_component
from millwork.plan.contract import Job, make_plan
from millwork.plan.gang import total
from millwork.plan.graph import Arguments
from millwork.plan.identity import component_identity, identity_of, key_of
from millwork.plan.launchers import wish_of
from millwork.plan.model import Step
from millwork.spec.model import (
    Component,
    Constraints,
    JobOptions,
    Pipeline,
    PipelineNode,
    ReplicaGroup,
    Resources,
    Secret,
)
from millwork.spec.tree import Tree

pytestmark = pytest.mark.quick

REFUSAL = "c.yaml:3: task: a parallel component is not run yet"


def shown(component: Component, replicas: int | None) -> list[dict[str, Any]]:
    counts = {} if replicas is None else {"worker": replicas}
    (step,) = preview(Tree(component), Arguments(replicas=counts))
    replicas_shown: list[dict[str, Any]] = step["replicas"]
    return replicas_shown


def in_pipeline(component: Component, replicas: dict[str, ReplicaGroup], **more: Any) -> Tree:
    node = PipelineNode("c.yaml", replicas=replicas, **more)
    return Tree(Pipeline("p", "1.0.0", {"train": node}), {"train": Tree(component)})


def names(replicas: list[dict[str, Any]]) -> list[str]:
    return [f"{replica['role']}-{replica['index']}" for replica in replicas]


def test_a_component_with_so_many_replicas_is_shown() -> None:
    component = Component("c", "1.0.0", "x", job_type="PyTorchJob", env={"A": "b"})
    replicas = shown(component, 3)
    assert names(replicas) == ["master-0", "worker-0", "worker-1"]
    assert [replica["env"]["RANK"] for replica in replicas] == ["0", "1", "2"]
    assert {replica["env"]["MASTER_ADDR"] for replica in replicas} == {"127.77.0.1"}
    assert {replica["env"]["A"] for replica in replicas} == {"b"}
    assert replicas[2]["starts_after"] == {"master": "running"}
    assert shown(component, 1) == shown(component, None)


def test_what_the_component_sets_itself_wins() -> None:
    env: dict[str, str | Secret] = {"RANK": "7", "MASTER_ADDR": Secret("where")}
    replicas = shown(Component("c", "1.0.0", "x", job_type="PyTorchJob", env=env), 2)
    assert [replica["env"]["RANK"] for replica in replicas] == ["7", "7"]
    assert replicas[1]["env"]["MASTER_ADDR"] == {"secret": "where"}


def test_mpi_shows_its_files_below_the_steps_root() -> None:
    launcher, worker = shown(Component("c", "1.0.0", "mpirun x", job_type="MPIJob"), 2)
    hostfile = "input/config/mpi/hostfile"
    assert launcher["env"]["OMPI_MCA_orte_default_hostfile"] == f"/ml/{hostfile}"
    assert launcher["files"][hostfile] == "127.77.0.1 slots=1\n127.77.0.2 slots=1\n"
    assert worker["argv"][2].endswith('mpi.py" serve "$1/$2.sock"'), "in place of an sshd"
    assert worker["argv"][3:] == ["serve", "/ml/mpi", "127.77.0.2"]
    assert launcher["argv"][3:] == ["127.77.0.1", "sh", "-c", "mpirun x", "sh"]
    assert launcher["env"]["OMPI_MCA_plm_rsh_agent"] == "/ml/input/config/mpi/ssh"
    assert 'mpi.py" rsh "/ml/mpi" "$@"' in launcher["files"]["input/config/mpi/ssh"]


def test_a_nodes_roles_and_what_each_asks_for() -> None:
    component = Component("c", "1.0.0", "x", job_type="TFJob")
    groups = {"PS": ReplicaGroup(1), "Worker": ReplicaGroup(2, Resources(gpu=1))}
    (step,) = preview(
        in_pipeline(component, groups, resources=Resources(cpu=2.0, gpu=0)), Arguments()
    )
    assert names(step["replicas"]) == ["worker-0", "worker-1", "ps-0"]
    wishes = [replica["resources"] for replica in step["replicas"]]
    assert [(wish["cpu"], wish["gpu"]) for wish in wishes] == [(2.0, 1), (2.0, 1), (2.0, 0)]


def test_a_master_of_the_first_worker_gets_what_a_worker_gets() -> None:
    component = Component("c", "1.0.0", "x", job_type="XGBoostJob")
    groups = {"": ReplicaGroup(2, Resources(memory=5))}
    (step,) = preview(in_pipeline(component, groups), Arguments())
    assert names(step["replicas"]) == ["master-0", "worker-0"]
    assert [replica["resources"]["memory"] for replica in step["replicas"]] == [5, 5]


def test_a_pipeline_as_a_whole_has_no_replicas() -> None:
    component = Component("c", "1.0.0", "x", job_type="TFJob")
    with pytest.raises(BadRequest, match="a pipeline has no replicas; its nodes have"):
        preview(in_pipeline(component, {}), Arguments(replicas={"worker": 2}))


def test_the_constraints_of_a_component_hold() -> None:
    one = Component("c", "1.0.0", "x", constraints=Constraints(multiple_instances=False))
    assert names(shown(one, 1)) == ["worker-0"]
    with pytest.raises(
        BadRequest, match="--replicas worker=2: the component's constraints allow one"
    ):
        shown(one, 2)
    with pytest.raises(BadRequest, match="only a command has more than one replica"):
        shown(Component("c", "1.0.0", "", work="sweep"), 2)


def test_the_job_says_how_many_instances_there_are() -> None:
    step = Step("s", Component("c", "1.0.0", "x"), replicas={"worker": ReplicaGroup(3)})
    plan = make_plan(step, {}, {}, Job("run", "run-1"))
    job = json.loads(plan.files["input/config/training_job.json"])
    assert job["ComputeResource"]["InstanceCount"] == 3


def test_rows_keep_replicas_and_one_replica_is_the_same_work_as_before() -> None:
    component = Component("c", "1.0.0", "x")
    groups = {"ps": ReplicaGroup(1), "worker": ReplicaGroup(2, Resources(gpu=1))}
    step = Step("s", component, replicas=groups)
    digest, document = encode_component(component)
    spec = json.loads(json.dumps(encode(step, digest)))
    assert decode(spec, decode_component(document)) == step
    assert "replicas" not in encode(Step("s", component), digest)

    def identity(given: Step) -> dict[str, Any]:
        return identity_of(given, component_identity(component), "", {}, {})

    assert "replicas" not in identity(Step("s", component))
    assert identity(step)["replicas"] == {"ps": 1, "worker": 2}
    assert key_of(identity(step)) != key_of(identity(Step("s", component)))


# --- Azure ML ---------------------------------------------------------------------------------


def azureml(**body: Any) -> Component:
    return Component("c", "1", "x", syntax="dollar", work="distributed", body=body)


def test_azure_mls_processes_of_pytorch_are_replicas() -> None:
    component = azureml(
        distribution={"type": "PyTorch", "process_count_per_instance": "2"}, instance_count="2"
    )
    replicas = shown(component, None)
    assert names(replicas) == ["master-0", "worker-0", "worker-1", "worker-2"]
    env = replicas[3]["env"]
    told = {name: env[name] for name in ("RANK", "WORLD_SIZE", "LOCAL_RANK", "NODE_RANK")}
    assert told == {"RANK": "3", "WORLD_SIZE": "4", "LOCAL_RANK": "1", "NODE_RANK": "1"}
    assert len(shown(component, 1)) == 2


@pytest.mark.parametrize("section", ["distribution", "launcher"])
def test_azure_ml_starts_mpirun_itself(section: str) -> None:
    kind = {"type": "mpi", "additional_arguments": "x"}
    launcher, worker = shown(azureml(**{section: kind}), 2)
    assert launcher["argv"][4:7] == ["mpirun", "-n", "2"]
    assert worker["role"] == "worker"


def test_azure_mls_old_torch_launcher() -> None:
    component = azureml(launcher={"type": "torch.distributed", "additional_arguments": "x"})
    assert [replica["env"]["RANK"] for replica in shown(component, 2)] == ["0", "1"]


def test_azure_mls_tensorflow_counts_roles() -> None:
    section = {"type": "tensorflow", "worker_count": "2", "parameter_server_count": "1"}
    replicas = shown(azureml(distribution=section, instance_count="3"), None)
    assert names(replicas) == ["worker-0", "worker-1", "ps-0"]
    config = json.loads(replicas[0]["env"]["TF_CONFIG"])
    assert [*config["cluster"]] == ["ps", "worker"]
    assert config["environment"] == "cloud"
    with pytest.raises(BadRequest, match="2 workers and 1 parameter servers; 5 instances do not"):
        wish_of(azureml(distribution=section), {"worker": 5}, JobOptions())
    with pytest.raises(BadRequest, match="'ray' has no plan yet"):
        wish_of(azureml(distribution={"type": "ray"}), {}, JobOptions())


def test_azure_mls_instances_that_are_told_nothing() -> None:
    assert names(shown(azureml(instance_count="2"), None)) == ["worker-0", "worker-1"]


def test_what_cannot_run_is_not_shown_either() -> None:
    for component in (
        Component("c", "1", "x", work="parallel", refusals=(REFUSAL,)),
        Component("c", "1", "x", work="distributed", refusals=("c.yaml:3: command: it is empty",)),
    ):
        with pytest.raises(BadRequest, match=r"c\.yaml:3"):
            preview(Tree(component), Arguments())


# --- GPUs: dealt out of a list of made-up ones, as there are none on the machines of the tests ----


def visible(groups: dict[str, ReplicaGroup], gpus: tuple[int, ...], **wish: Any) -> dict[str, str]:
    component = Component("c", "1.0.0", "x", job_type="TFJob")
    step = Step("s", component, replicas=groups, resources=Resources(**wish))
    assert total(step).gpu == len(gpus)
    plan = make_plan(step, {}, {}, Job("run", "run-1", gpus))
    return {each.name: each.env["NVIDIA_VISIBLE_DEVICES"] for each in plan.replicas}


def test_each_replica_sees_gpus_of_its_own() -> None:
    assert visible({"worker": ReplicaGroup(2)}, (2, 3, 5, 7), gpu=2) == {
        "worker-0": "2,3",
        "worker-1": "5,7",
    }


def test_a_role_without_gpus_sees_none() -> None:
    groups = {"worker": ReplicaGroup(2, Resources(gpu=1)), "ps": ReplicaGroup(1)}
    assert visible(groups, (0, 1)) == {"worker-0": "0", "worker-1": "1", "ps-0": ""}


def test_torchrun_starts_a_process_for_each_gpu() -> None:
    component = Component("c", "1.0.0", "x", job_type="PyTorchJob")
    groups = {"worker": ReplicaGroup(2)}
    step = Step("s", component, replicas=groups, resources=Resources(gpu=2))
    plan = make_plan(step, {}, {}, Job("run", "run-1", (0, 1, 2, 3)))
    assert {each.env["NPROC_PER_NODE"] for each in plan.replicas} == {"2"}
