"""What a plan says of data that is elsewhere: when it is mounted, and who brings outputs away."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from millwork.plan import transfers
from millwork.plan.model import Finish, GivenUri, Route, Step
from millwork.spec.model import Batch, Component, Input, Output, ReplicaGroup

if TYPE_CHECKING:
    from millwork.spec.model import Flavour

pytestmark = pytest.mark.quick

S3, WEB = "s3://bucket/in", "http://host/in"


def step(mode: str = "", flavour: Flavour = "millwork", **fields: Any) -> Step:
    replicas = fields.pop("replicas", {})
    component = Component(
        name="c", version="1.0.0", command="true", flavour=flavour, outputs={"out": Output()},
        inputs={"data": Input(mode=mode)}, **fields,
    )  # fmt: skip
    return Step("c", component, {"data": GivenUri(S3)}, replicas=replicas)


@pytest.mark.parametrize(("mode", "flavour", "uri", "wish"), [
    ("", "millwork", S3, ""), ("download", "millwork", S3, ""), ("mount", "millwork", S3, "needed"),
    ("mount_or_download", "millwork", S3, "wanted"), ("mount_or_download", "millwork", WEB, ""),
    ("mount", "azureml-old", S3, "wanted"), ("ro_mount", "azureml-v2", S3, "wanted"),
    ("rw_mount", "azureml-v2", S3, ""), ("direct", "azureml-v2", S3, ""),
    ("mount_or_download", "millwork", "oss://bucket/in", "wanted"),
])  # fmt: skip
def test_what_is_mounted(mode: str, flavour: Flavour, uri: str, wish: str) -> None:
    assert transfers.mount_of(step(mode, flavour), "data", uri) == wish


@pytest.mark.parametrize(("fields", "is_shared"), [
    ({}, False), ({"job_type": "PyTorchJob"}, False), ({"work": "sweep"}, True),
    ({"batch": Batch(input="data")}, True),
    ({"job_type": "PyTorchJob", "replicas": {"worker": ReplicaGroup(2)}}, True),
])  # fmt: skip
def test_what_several_processes_read_is_downloaded(fields: dict[str, Any], is_shared: bool) -> None:
    given = step("mount_or_download", **fields)
    assert transfers.is_shared(given) is is_shared
    assert transfers.mount_of(given, "data", S3) == ("" if is_shared else "wanted")


def finish(**fields: Any) -> Finish:
    found: Finish = transfers.of(step(**fields), {}, {}, {"out": Route(S3)})["finish"]
    return found


def test_who_brings_outputs_away() -> None:
    assert finish() == Finish()
    assert finish(any_exit_code=True) == Finish(any_exit_code=True)
    two = {"master": ReplicaGroup(1), "worker": ReplicaGroup(1)}
    job = finish(job_type="PyTorchJob", replicas=two)
    assert job.success == (("master-0",),)
    assert job.grace == {"master-0": 10.0, "worker-0": 10.0}
    servers = {"ps": ReplicaGroup(1), "worker": ReplicaGroup(2)}
    job = finish(job_type="TFJob", replicas=servers)
    assert job.success == (("worker-0",), ("worker-0", "worker-1"))
    assert "ps-0" not in job.grace, "it never ends by itself"
    assert transfers.of(step(), {}, {}, {})["finish"] == Finish()
