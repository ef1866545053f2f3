"""Parallel components and jobs: what is leased to their replicas, in both flavours."""

from __future__ import annotations

from typing import Any

import pytest

from millwork.formats.azureml.pipeline import is_job
from millwork.plan.contract import Job, make_plan
from millwork.plan.gang import roster
from millwork.plan.model import Artifact, Step
from millwork.spec.document import parse
from millwork.spec.model import Batch, Component, Split
from tests.formats.azureml.reading import component_of, files_of, read
from tests.formats.azureml.wired import pipeline_of, settled, warnings_of

pytestmark = pytest.mark.quick

V2 = """\
type: parallel
name: score
inputs:
  images: {type: uri_folder}
  model: {type: uri_folder, mode: download}
  least: {type: number, default: 0.5}
outputs:
  scores: {type: uri_file}
input_data: ${{inputs.images}}
mini_batch_size: "5"
mini_batch_error_threshold: 5
max_concurrency_per_instance: 2
retry_settings: {max_retries: 4, timeout: 90}
resources: {instance_count: 2}
task:
  type: run_function
  code: ./src
  entry_script: digit_identification.py
  environment: azureml:e:1
  program_arguments: >-
    --model ${{inputs.model}}
    --least ${{inputs.least}}
  append_row_to: ${{outputs.scores}}
"""
OLD = """\
$schema: https://componentsdk.azureedge.net/jsonschema/ParallelComponent.json
type: ParallelComponent
name: score
version: 1.0.0
inputs:
  images: {type: AnyDirectory}
  model: {type: AnyDirectory}
outputs:
  scores: {type: AnyFile}
environment: {docker: {image: python}}
parallel:
  input_data: inputs.images
  output_data: outputs.scores
  entry: score.py
  args: --model {inputs.model}
"""
LEASED = Batch(
    "images", Split("files", 5), "scores", "scores", 4, -1, 5, 100.0, partial_is_failure=True
)
FILES = files_of(folders=["src"], check_code=False)


def made(text: str) -> Component:
    return component_of(text, FILES)


def changed(old: str, new: str, text: str = V2) -> Component:
    assert text.count(old) == 1
    return made(text.replace(old, new))


def said(old: str, new: str, text: str = V2) -> dict[str, str]:
    assert text.count(old) == 1
    _, reading = read(text.replace(old, new), FILES)
    assert all(fault.severity == "warning" and fault.line for fault in reading.faults)
    return {fault.path: fault.message for fault in reading.faults}


def batch(component: Component) -> Batch:
    assert component.refusals == ()
    assert component.job_type == "ElasticBatchJob"
    assert component.work == "parallel"
    assert component.batch
    return component.batch


def test_batch_inference_in_v2() -> None:
    assert batch(made(V2)) == LEASED


def test_batch_inference_in_the_old_flavour_with_its_defaults() -> None:
    assert batch(made(OLD)) == Batch(
        "images", Split("files", 1), "scores", "scores", 2, -1, -1, 100.0, partial_is_failure=True
    )


def test_what_the_old_flavour_says_as_parallel_run_config_does() -> None:
    fields = (
        "mini_batch_size: 10\n  error_threshold: 3\n  run_max_try: 5\n  entry: score.py\n"
        "  allowed_failed_percent: 20\n  run_invocation_timeout: 30\n"
    )
    found = batch(changed("entry: score.py\n", fields, OLD))
    assert found.split == Split("files", 10)
    assert (found.max_retries, found.error_threshold, found.allowed_failed_percent) == (4, 3, 20.0)


@pytest.mark.parametrize(
    ("kind", "fields", "split"),
    [
        ("uri_folder", "", Split("files", 1)),
        ("uri_file", "mini_batch_size: 10", Split("files", 10)),
        ("uri_folder", "mini_batch_size: 1mb", Split("bytes", 1 << 20)),
        ("mltable", "", Split("auto", 1 << 20)),
        ("mltable", "mini_batch_size: 10 KB", Split("auto", 10240)),
        ("mltable", "mini_batch_size: '5'", Split("files", 5)),
        ("mltable", "mini_batch_size: 1gb\npartition_keys: [a, b]", Split("keys", keys=("a", "b"))),
        ("uri_folder", "partition_keys: [a]", Split("keys", keys=("a",))),
    ],
)
def test_how_the_input_is_split(kind: str, fields: str, split: Split) -> None:
    text = V2.replace("images: {type: uri_folder}", f"images: {{type: {kind}}}")
    assert batch(changed('mini_batch_size: "5"', fields, text)).split == split


def test_without_append_row_to_nothing_is_appended_and_an_empty_return_is_no_failure() -> None:
    found = batch(changed("  append_row_to: ${{outputs.scores}}\n", ""))
    assert (found.output, found.append, found.partial_is_failure) == ("", "", False)
    assert not found.speculates  # its output is written in place


def test_a_folder_gets_the_file_of_parallel_run_step() -> None:
    assert batch(changed("AnyFile", "AnyDirectory", OLD)).append == "parallel_run_step.txt"


def test_azure_mls_own_arguments_go_before_the_fields() -> None:
    own = (
        "program_arguments: >-\n    --error_threshold 7 --allowed_failed_percent 30\n"
        "    --mini_batch_error_threshold=-1 --task_overhead_timeout 9\n"
    )
    found = batch(changed("program_arguments: >-\n", own))
    assert found.error_threshold == 7
    assert found.mini_batch_error_threshold == -1
    assert found.allowed_failed_percent == 30.0
    assert said("program_arguments: >-\n", own) == {
        "task.program_arguments": "of AzureML's own arguments these are not used here: "
        "--task_overhead_timeout"
    }


@pytest.mark.parametrize(
    ("old", "new", "path", "reason"),
    [
        ('"5"', "many", "mini_batch_size", "expected a number of files, or a size such as 10kb"),
        ('"5"', '"0"', "mini_batch_size", "expected a number of files, or a size such as 10kb"),
        ("threshold: 5", "threshold: -2", "mini_batch_error_threshold", "a whole number from -1"),
        ("timeout: 90", "timeout: 0", "retry_settings.timeout", "a whole number from 1 on"),
        ("timeout: 90", "timeout: '${{inputs.least}}'", "retry_settings.timeout", "cannot be a"),
        ("_instance: 2", "_instance: 0", "max_concurrency_per_instance", "from 1 on, found '0'"),
        ("_count: 2", "_count: 0", "resources.instance_count", "from 1 on, found '0'"),
        ("input_data: ${{inputs.images}}\n", "", "input_data", "there is nothing to split"),
        ("inputs.images", "inputs.least", "input_data", "is a value, and only data is split"),
        ("identification.py", "identification.main", "task.entry_script", "is no Python file"),
        ("task:\n", "task:\n  model: azureml:m:1\n", "task.model", "a model is not run yet"),
        (
            "--least ${{inputs.least}}", "--error_threshold ${{inputs.least}}",
            "task.program_arguments", "--error_threshold: it cannot be a value of a run yet",
        ),
    ],
)  # fmt: skip
def test_what_cannot_be_run_is_refused(old: str, new: str, path: str, reason: str) -> None:
    component = changed(old, new)
    (refusal,) = component.refusals
    assert f": {path}: " in refusal
    assert reason in refusal
    assert component.batch is None
    assert component.job_type == "Job"


def test_several_inputs_or_outputs_are_refused_in_the_old_flavour() -> None:
    component = changed("inputs.images", "[inputs.images, inputs.model]", OLD)
    assert "one input is split, and these are 2: images, model" in component.refusals[0]
    text = OLD.replace("AnyFile}", "AnyFile}\n  more: {type: AnyFile}")
    component = changed("outputs.scores", "[outputs.scores, outputs.more]", text)
    assert "one output takes what run() returns, and these are 2" in component.refusals[0]


@pytest.mark.parametrize(
    ("old", "new", "path", "message"),
    [
        (
            'mini_batch_size: "5"', "mini_batch_size: 10kb", "mini_batch_size",
            "of a uri_folder as many whole files make a mini-batch as come to that size",
        ),
        (
            "max_retries: 4", "max_retries: 4, pause: 3", "retry_settings.pause",
            "this field is kept, and not used here",
        ),
        (
            'mini_batch_size: "5"', "logging_level: DEBUG", "logging_level",
            "kept, and not used here: a step's log has all that its script prints",
        ),
        (
            "  append_row_to: ${{outputs.scores}}\n", "output_data: ${{outputs.scores}}\n",
            "output_data",
            "nothing is written there; `task.append_row_to` names what run() returns",
        ),
    ],
)  # fmt: skip
def test_what_is_not_used_is_told(old: str, new: str, path: str, message: str) -> None:
    assert said(old, new) == {path: message}


def test_what_the_old_flavour_does_not_know_is_told() -> None:
    assert said("  entry: score.py\n", "  entry: score.py\n  node_count: 3\n", OLD) == {
        "parallel.node_count": "this field is kept, and not used here"
    }


def planned(component: Component, **fields: Any) -> Any:
    step = Step("score", component, **fields)
    data = {name: Artifact(f"/data/{name}") for name in component.inputs}
    parameters: dict[str, Any] = {"least": 0.5} if "least" in component.parameters else {}
    return step, make_plan(step, data, parameters, Job("run", "run-1"))


def test_each_replica_runs_the_entry_script() -> None:
    step, plan = planned(made(V2))
    assert [seat.name for seat in roster(step).seats] == ["worker-0", "worker-1"]
    assert [replica.argv for replica in plan.replicas] == 2 * [(
        "python", "-m", "millwork_worker.azureml", "--timeout", "90", "--processes", "2",
        "--append-row", "scores", "--output", "scores", "--", "digit_identification.py",
        "--model", "/ml/input/data/model", "--least", "0.5",
    )]  # fmt: skip
    assert {replica.env["PAI_OUTPUT_SCORES"] for replica in plan.replicas} == {"/ml/output/scores/"}


def test_the_old_flavours_entry_script_is_run_by_one_replica_with_its_defaults() -> None:
    _, plan = planned(made(OLD))
    (replica,) = plan.replicas
    assert replica.argv == (
        "python", "-m", "millwork_worker.azureml", "--timeout", "60", "--processes", "1",
        "--append-row", "scores", "--output", "scores", "--", "score.py",
        "--model", "/ml/input/data/model",
    )  # fmt: skip


JOB = """\
type: pipeline
jobs:
  rows: {component: ./rows.yaml}
  score:
    type: parallel
    inputs:
      table: {type: mltable, path: ./table, mode: direct}
    outputs:
      scores: {type: uri_file, path: azureml://datastores/d/paths/aggregated_returns.csv}
    input_data: ${{inputs.table}}
    mini_batch_size: 10kb
    resources: {instance_count: 3}
    error_threshold: 5
    task:
      type: run_function
      code: ./script
      entry_script: iris_prediction.py
      environment: azureml:e:1
      append_row_to: ${{outputs.scores}}
"""
ROWS = """\
type: command
name: rows
command: make ${{outputs.table}}
environment: azureml:e:1
outputs: {table: {type: mltable}}
"""
NAMED = """\
type: pipeline
inputs: {images: {type: uri_folder, path: ./images}, model: {type: uri_folder, path: ./model}}
jobs:
  score:
    type: parallel
    component: ./score.yaml
    inputs: {images: "${{parent.inputs.images}}", model: "${{parent.inputs.model}}"}
"""
PARTS = {"./rows.yaml": ROWS, "./score.yaml": V2}


def job(text: str, files: dict[str, str] = PARTS) -> tuple[Component, dict[str, str]]:
    assert is_job(parse(text, "pipeline.yaml"))
    tree, faults = settled(text, files)
    component = tree.children["score"].definition
    assert isinstance(component, Component)
    return component, faults


def test_a_job_of_a_pipeline_appends_to_the_file_that_its_output_names() -> None:
    component, _ = job(JOB)
    assert batch(component) == Batch(
        "table", Split("auto", 10240), "scores", "aggregated_returns.csv", 2, 5, -1, 100.0,
        partial_is_failure=True,
    )  # fmt: skip
    _, plan = planned(component, file_names={"scores": "aggregated_returns.csv"})
    assert len(plan.replicas) == 3
    assert plan.replicas[0].argv[3:] == (
        "--timeout", "60", "--processes", "1", "--append-row", "aggregated_returns.csv",
        "--output", "scores", "--tabular", "--", "iris_prediction.py",
    )  # fmt: skip


def test_a_table_of_another_job_is_split_as_one() -> None:
    wire = "table: ${{parent.jobs.rows.outputs.table}}"
    text = JOB.replace("table: {type: mltable, path: ./table, mode: direct}", wire)
    component, _ = job(text.replace("    mini_batch_size: 10kb\n", ""))
    assert component.inputs["table"].native == "mltable"
    assert batch(component).split == Split("auto", 1 << 20)


def test_a_job_has_what_its_component_says() -> None:
    component, faults = job(NAMED)
    assert faults == {}
    assert batch(component) == LEASED


def test_a_job_may_set_fields_of_its_component() -> None:
    own = (
        "    mini_batch_size: 20\n    error_threshold: 9\n    mini_batch_error_threshold: 1\n"
        "    retry_settings: {timeout: 30}\n    max_concurrency_per_instance: 4\n"
        "    resources: {instance_count: 1}\n"
    )
    component, faults = job(NAMED + own)
    assert faults == {}
    found = batch(component)
    assert found.split == Split("files", 20)
    assert (found.error_threshold, found.mini_batch_error_threshold) == (9, 1)
    assert found.max_retries == 4
    _, plan = planned(component)
    (replica,) = plan.replicas
    assert replica.argv[3:7] == ("--timeout", "30", "--processes", "4")


def test_what_a_job_sets_wrongly_is_refused_or_told() -> None:
    own = "    mini_batch_size: ${{parent.inputs.images}}\n    logging_level: INFO\n"
    (refusal,) = pipeline_of(NAMED + own).refusals
    assert refusal.endswith(
        ": jobs.score.mini_batch_size: it cannot be a value of a run yet; give the size"
    )
    assert list(warnings_of(NAMED + own)) == [
        "jobs.score.mini_batch_size",
        "jobs.score.logging_level",
    ]


def test_a_component_that_is_not_parallel_has_no_use_for_a_parallel_jobs_fields() -> None:
    text = NAMED.replace("./score.yaml", "./rows.yaml") + "    mini_batch_size: 5\n"
    faults = job(text)[1]
    assert faults["jobs.score.mini_batch_size"] == (
        "warning: its component is no parallel one, and has no use for it"
    )
