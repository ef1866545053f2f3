"""`job` and `run_policy` in files: every field, each bound, and what is refused."""

from __future__ import annotations

import json
import re
from dataclasses import fields, replace
from typing import Any

import jsonschema
import pytest
import yaml
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from millwork.base.errors import InvalidFile
from millwork.base.sizes import write_duration
from millwork.spec.fields import PAUSE, Choice, Reading
from millwork.spec.jobs import ELASTIC, JOB, RUN_POLICY
from millwork.spec.model import Component, Elastic, JobOptions, Pipeline, RunPolicy
from millwork.spec.reader import read_text
from millwork.spec.schema import json_schema
from millwork.spec.tree import Tree
from millwork.spec.wiring import check_wiring
from millwork.spec.writer import to_document, to_text

pytestmark = pytest.mark.quick

HEAD = "apiVersion: millwork/v1\nkind: Component\nname: c\nversion: 1.0.0\ncommand: 'true'\n"
NODE = (
    "apiVersion: millwork/v1\nkind: Pipeline\nname: p\nversion: 1.0.0\n"
    "nodes:\n  train:\n    component: ./c.yaml\n    "
)
BY_CODE = (
    "name",
    "namespace",
    "master_is_localhost",
    "per_host",
    "mpi_folder",
    "mpi_agent",
    "tf_port_step",
)
"""What a file does not say: the job's name, what Azure ML's sections say, where our files lie."""
VALIDATOR = jsonschema.Draft202012Validator(json_schema())


def read(text: str) -> Component:
    definition, reading = read_text(HEAD + text, "component.yaml")
    assert isinstance(definition, Component)
    assert reading.faults == []
    return definition


def faults_of(text: str) -> list[str]:
    with pytest.raises(InvalidFile) as caught:
        read_text(HEAD + text, "component.yaml")
    return [f"{fault.path}: {fault.message}" for fault in caught.value.faults]


def policy(text: str) -> RunPolicy | None:
    return read(f"run_policy: {{{text}}}\n").run_policy


def test_nothing_said_is_nothing() -> None:
    assert (read("").job, read("").run_policy) == (None, None)
    assert (read("job: {}\n").job, policy("")) == (JobOptions(), RunPolicy())
    assert (read("job:\n").job, read("run_policy:\n").run_policy) == (None, None)


@pytest.mark.parametrize(
    ("job_type", "text", "options"),
    [
        (
            "PyTorchJob",
            (
                "processes: 2, master_port: 23456, elastic: "
                "{min: 1, max: 4, backend: etcd, id: x, conf: 'a=1,b=2', max_restarts: 0}"
            ),
            JobOptions(
                processes=2, master_port=23456, elastic=Elastic(1, 4, "etcd", "x", "a=1,b=2", 0)
            ),
        ),
        (
            "XGBoostJob",
            "master_port: 1, worker_port: 65535, dmlc: true",
            JobOptions(master_port=1, worker_port=65535, dmlc=True),
        ),
        (
            "TFJob",
            "tf_port: 3, tf_environment: cloud, evaluator_in_cluster: false, dynamic_workers: true",
            JobOptions(
                tf_port=3, tf_environment="cloud", evaluator_in_cluster=False, dynamic_workers=True
            ),
        ),
        (
            "MPIJob",
            "mpi: mpich, slots: 8, launcher_works: true, mpirun: true, waits_for_workers: false",
            JobOptions(
                mpi="mpich", slots=8, launcher_works=True, mpirun=True, waits_for_workers=False
            ),
        ),
    ],
)
def test_every_field_of_a_job(job_type: str, text: str, options: JobOptions) -> None:
    assert read(f"job_type: {job_type}\njob: {{{text}}}\n").job == options
    other = "MPIJob" if job_type != "MPIJob" else "TFJob"
    for name in re.findall(r"(?:^|, )(\w+):", re.sub(r"\{.*\}", "", text)):
        assert any(
            fault.startswith(f"job.{name}: a {other} has none; a ")
            for fault in faults_of(f"job_type: {other}\njob: {{{text}}}\n")
        )


def test_every_field_of_a_run_policy() -> None:
    assert policy(
        "restarts: 0, memory_restarts: 0, restart: replica, restart_policy: ExitCode, "
        "retry_codes: [1, '137', 128-255], success: all_workers, hang_timeout: 30m, "
        "pending_timeout: 10m, finish_grace: 1m30s, evaluator_grace: 2h"
    ) == RunPolicy(
        restarts=0, memory_restarts=0, restart="replica", restart_policy="ExitCode",
        retry_codes=("1", "137", "128-255"), success="all_workers", hang_timeout=1800.0,
        pending_timeout=600.0, finish_grace=90.0, evaluator_grace=7200.0,
    )  # fmt: skip


def test_a_node_has_both_too() -> None:
    text = f"{NODE}job: {{slots: 2}}\n    run_policy: {{restart: gang}}\n    replicas: 2\n"
    definition, _ = read_text(text, "p.yaml")
    assert isinstance(definition, Pipeline)
    node = definition.nodes["train"]
    assert (node.job, node.run_policy) == (JobOptions(slots=2), RunPolicy(restart="gang"))


@pytest.mark.parametrize(
    ("record", "model", "unsaid"),
    [(JOB, JobOptions, BY_CODE), (RUN_POLICY, RunPolicy, ()), (ELASTIC, Elastic, ())],
)
def test_the_table_has_a_row_for_each_attribute(record: Any, model: type, unsaid: Any) -> None:
    rows = {row.attribute or row.name for row in record.fields}
    assert rows | {*unsaid} == {field.name for field in fields(model)}


@pytest.mark.parametrize(("record", "model"), [(JOB, JobOptions()), (RUN_POLICY, RunPolicy())])
def test_the_defaults_in_the_table_are_the_models(record: Any, model: Any) -> None:
    """Those that are written as a value; others are explained in words."""
    for row in record.fields:
        default = getattr(model, row.attribute or row.name)
        said = yaml.safe_load(row.default) if row.default else None
        if row.type is PAUSE:
            assert said == write_duration(default)
        elif isinstance(said, list):
            assert tuple(map(str, said)) == default
        elif default in (None, ""):
            assert not row.default or " " in row.default
        else:
            assert said == default, row.name


@pytest.mark.parametrize("name", ["restart", "restart_policy", "success"])
def test_the_choices_are_the_rules(name: str) -> None:
    kind = RUN_POLICY.rows[name].type
    assert isinstance(kind, Choice)
    for option in kind.options:
        found = policy(f"{name}: {option}")
        assert getattr(found, name) == option


# --- what is refused ----------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("text", "fault"),
    [
        ("restarts: -1", "restarts: '-1' is not a whole number >= 0 and <= 1000"),
        ("restarts: 1001", "restarts: '1001' is not a whole number >= 0 and <= 1000"),
        ("restarts: many", "restarts: expected a whole number >= 0, found 'many'"),
        ("memory_restarts: -1", "memory_restarts: '-1' is not a whole number >= 0 and <= 1000"),
        ("restart: pod", "restart: 'pod' is not one of gang, replica"),
        ("restart_policy: never", ("restart_policy: 'never' is not one of Never, OnFailure, "
         "ExitCode, Always; did you mean 'Never'?")),
        ("success: some", "success: 'some' is not one of all_workers"),
        ("hang_timeout: 30", ("hang_timeout: '30' is not a duration: a duration is numbers with "
         "units: 90s, 30m, 2h, 1h30m, 1d")),
        ("hang_timeout: 0s", "hang_timeout: '0s' is no duration: leave it out"),
        ("pending_timeout: 0s", "pending_timeout: '0s' is no duration: leave it out"),
        ("evaluator_grace: -1s", ("evaluator_grace: '-1s' is not a duration: a duration is numbers "
         "with units: 90s, 30m, 2h, 1h30m, 1d")),
        ("backoff_limit: 3", ("backoff_limit: unknown field; a run policy has: restarts, "
         "memory_restarts, restart, restart_policy, retry_codes, success, hang_timeout, "
         "pending_timeout, finish_grace, evaluator_grace")),
        ("retry_codes: 137", "retry_codes: expected a list of text, found '137'"),
    ],
)  # fmt: skip
def test_a_run_policy_that_is_refused(text: str, fault: str) -> None:
    assert faults_of(f"run_policy: {{{text}}}\n") == [f"run_policy.{fault}"]


@pytest.mark.parametrize(
    "code", ["0", "256", "-1", "1-", "-", "255-128", "0-5", "1-256", "0x1", "1 - 2", "'1,2'", "''"]
)
def test_codes_that_are_none(code: str) -> None:
    (fault,) = faults_of(f"run_policy: {{retry_codes: [137, {code}]}}\n")
    assert fault.startswith("run_policy.retry_codes[1]: ")
    assert fault.endswith("is not accepted: an exit code, 1 to 255, or `128-255`")


@pytest.mark.parametrize("code", ["1", "255", "128-255", "137-137"])
def test_codes_at_their_bounds(code: str) -> None:
    found = policy(f"retry_codes: [{code}]")
    assert found
    assert found.retry_codes == (code,)


@pytest.mark.parametrize(
    ("text", "fault"),
    [
        ("processes: 0", "processes: '0' is not a whole number >= 1 and <= 10000"),
        ("slots: 10001", "slots: '10001' is not a whole number >= 1 and <= 10000"),
        ("master_port: 0", "master_port: '0' is not a whole number >= 1 and <= 65535"),
        ("worker_port: 65536", "worker_port: '65536' is not a whole number >= 1 and <= 65535"),
        ("dmlc: yes", "dmlc: expected true or false, found 'yes'"),
        ("mpi: OpenMPI", "mpi: 'OpenMPI' is not one of openmpi, intel, mpich"),
        ("per_host: 2", "per_host: unknown field; a job has: "),
        ("mpi_folder: /", "mpi_folder: unknown field; a job has: "),
        ("elastic: {min: 3, max: 2}", "elastic: 3 to 2 is no range of replicas"),
        ("elastic: {max: 2}", "elastic.min: missing: the fewest replicas it goes on with"),
        ("elastic: {min: 0, max: 2}", "elastic.min: '0' is not a whole number >= 1 and <= 10000"),
        ("elastic: {min: 1, max: 2, max_restarts: -1}",
         "elastic.max_restarts: '-1' is not a whole number >= 0 and <= 10000"),
        ("elastic: 1:2", ("elastic: expected fields (min, max, backend, id, conf, max_restarts), "
         "found '1:2'")),
    ],
)  # fmt: skip
def test_a_job_that_is_refused(text: str, fault: str) -> None:
    (found,) = faults_of(f"job_type: PyTorchJob\njob:\n  {text}\n")
    assert found.startswith(f"job.{fault}")


@pytest.mark.parametrize(
    ("text", "fault"),
    [
        ("{min: 2}", "job.elastic.max: missing: the most"),
        ("{min: 2, max: x}", "job.elastic.max: expected a whole number >= 1, found 'x'"),
        ("{max: 2}", "job.elastic.min: missing: the fewest replicas it goes on with"),
        ("{min: 0, max: 2}", "job.elastic.min: '0' is not a whole number >= 1 and <= 10000"),
    ],
)
def test_a_bound_that_could_not_be_read_has_one_fault(text: str, fault: str) -> None:
    (found,) = faults_of(f"job_type: PyTorchJob\njob: {{elastic: {text}}}\n")
    assert found == fault


def test_no_time_to_finish_can_be_asked_for() -> None:
    found = policy("finish_grace: 0s, evaluator_grace: 0s")
    assert found == RunPolicy(finish_grace=0.0, evaluator_grace=0.0)
    assert "finish_grace: 0s" in to_text(replace(read(""), run_policy=found))


@pytest.mark.parametrize(
    ("given", "fault"),
    [
        ("finish_grace: -1s", "'-1s' is not a duration: "),
        ("finish_grace: 0", "'0' is not a duration: "),
        ("evaluator_grace: ''", "'' is not a duration: "),
    ],
)
def test_a_grace_that_is_no_time(given: str, fault: str) -> None:
    (found,) = faults_of(f"run_policy: {{{given}}}\n")
    assert found.startswith(f"run_policy.{given.partition(':')[0]}: {fault}")


ALL_WORKERS = "the workers of an MPIJob end only with it"


def test_the_workers_of_an_mpi_job_do_not_end_by_themselves() -> None:
    said = "run_policy: {success: all_workers}\n"
    assert faults_of(f"job_type: MPIJob\n{said}") == [f"run_policy.success: {ALL_WORKERS}"]
    for other in ("Job", "TFJob", "PyTorchJob", "XGBoostJob", "ElasticBatchJob"):
        assert read(f"job_type: {other}\n{said}").run_policy == RunPolicy(success="all_workers")
    assert read("job_type: MPIJob\nrun_policy: {restarts: 1}\n").run_policy


@pytest.mark.parametrize(
    ("job_type", "said", "faults"),
    [
        ("MPIJob", "run_policy: {success: all_workers}",
         [f"nodes.train.run_policy.success: {ALL_WORKERS}"]),
        ("MPIJob", "job: {tf_port: 1}",
         ["nodes.train.job.tf_port: a MPIJob has none; a TFJob has"]),
        ("TFJob", "run_policy: {success: all_workers}", []),
    ],
)  # fmt: skip
def test_a_node_is_refused_what_its_component_does_not_have(
    job_type: str, said: str, faults: list[str]
) -> None:
    pipeline, _ = read_text(f"{NODE}{said}\n    replicas: 2\n", "p.yaml")
    assert isinstance(pipeline, Pipeline)
    tree = Tree(pipeline, {"train": Tree(read(f"job_type: {job_type}\n"))})
    reading = Reading("p.yaml")
    check_wiring(tree, reading)
    assert [f"{fault.path}: {fault.message}" for fault in reading.faults] == faults


def test_all_faults_are_told_at_once() -> None:
    text = "job: {slots: 0, mpi: x}\nrun_policy: {restarts: x, retry_codes: [0, 1, 300]}\n"
    assert [fault.partition(":")[0] for fault in faults_of(text)] == [
        "job.slots", "job.mpi", "run_policy.restarts", "run_policy.retry_codes[0]",
        "run_policy.retry_codes[2]",
    ]  # fmt: skip


# --- written, and offered to editors ------------------------------------------------------------

DURATIONS = st.integers(1, 10**10).map(lambda micros: micros / 10**6)
TEXT = st.sampled_from(["", "cloud", "a=1,b=2", "null", "1:20", " x", "'"])
PORTS, MANY = st.integers(1, 65_535), st.integers(1, 10_000)
CODES = st.integers(1, 255).flatmap(
    lambda low: st.integers(low, 255).map(lambda high: f"{low}-{high}") | st.just(str(low))
)


@st.composite
def elastics(draw: st.DrawFn) -> Elastic:
    least = draw(MANY)
    most = draw(st.integers(least, 10_000))
    restarts = draw(st.none() | st.integers(0, 9))
    return Elastic(least, most, draw(TEXT), draw(TEXT), draw(TEXT), restarts)


JOBS: st.SearchStrategy[tuple[str, JobOptions | None]] = st.one_of(
    st.tuples(st.sampled_from(["Job", "ElasticBatchJob"]), st.just(JobOptions()) | st.none()),
    st.tuples(
        st.just("PyTorchJob"),
        st.builds(
            JobOptions,
            processes=st.none() | MANY,
            elastic=st.none() | elastics(),
            master_port=PORTS,
        ),
    ),
    st.tuples(
        st.just("XGBoostJob"),
        st.builds(JobOptions, master_port=PORTS, worker_port=PORTS, dmlc=st.booleans()),
    ),
    st.tuples(
        st.just("TFJob"),
        st.builds(
            JobOptions,
            tf_port=PORTS,
            tf_environment=TEXT,
            evaluator_in_cluster=st.booleans(),
            dynamic_workers=st.booleans(),
        ),
    ),
    st.tuples(
        st.just("MPIJob"),
        st.builds(
            JobOptions,
            mpi=st.sampled_from(["openmpi", "intel", "mpich"]),
            slots=MANY,
            launcher_works=st.booleans(),
            mpirun=st.booleans(),
            waits_for_workers=st.booleans(),
        ),
    ),
)
POLICIES = st.builds(
    RunPolicy,
    restarts=st.integers(0, 1000),
    memory_restarts=st.integers(0, 1000),
    restart=st.sampled_from(["", "gang", "replica"]),
    restart_policy=st.sampled_from(["", "Never", "OnFailure", "ExitCode", "Always"]),
    retry_codes=st.lists(CODES, max_size=3).map(tuple),
    success=st.sampled_from(["", "all_workers"]),
    hang_timeout=st.none() | DURATIONS,
    pending_timeout=st.none() | DURATIONS,
    finish_grace=st.just(0.0) | DURATIONS,
    evaluator_grace=st.just(0.0) | DURATIONS,
)


@given(JOBS, st.none() | POLICIES)
@settings(
    max_examples=60, derandomize=True, deadline=None, suppress_health_check=[HealthCheck.too_slow]
)
def test_what_is_written_is_read_again(job: tuple[str, Any], policy: Any) -> None:
    if policy and job[0] == "MPIJob":
        policy = replace(policy, success="")  # which it is refused
    component = replace(read(""), job_type=job[0], job=job[1], run_policy=policy)
    document = json.loads(json.dumps(to_document(component)))
    assert [error.message for error in VALIDATOR.iter_errors(document)] == []
    for text in (to_text(component), json.dumps(document)):
        again, reading = read_text(text, "x.yaml")
        assert again == component
        assert reading.faults == []
