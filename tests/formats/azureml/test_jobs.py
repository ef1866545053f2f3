"""Jobs that define themselves, within a pipeline and by themselves."""

import pytest

from millwork.formats.azureml.pipeline import is_job
from millwork.spec.document import parse
from millwork.spec.model import Input, LocalPath, Output, Parameter, Pipeline, Reference
from tests.formats.azureml.wired import errors_of, inline_of, pipeline_of, settled, warnings_of

pytestmark = pytest.mark.quick

IMAGE = "environment: {image: python}"
CHAIN = f"""\
type: pipeline
inputs:
  rounds: 20
  raw: {{type: uri_file, path: ./raw.csv, mode: download}}
jobs:
  prepare:
    command: prepare ${{{{inputs.raw}}}} ${{{{inputs.part}}}} ${{{{outputs.rows}}}}
    code: ./src
    {IMAGE}
    inputs:
      raw: ${{{{parent.inputs.raw}}}}
      part: 0.5
    outputs:
      rows: {{type: mltable, mode: upload}}
      log:
  train:
    type: command
    command: train ${{{{inputs.rows}}}} ${{{{inputs.rounds}}}} ${{{{inputs.word}}}}
    {IMAGE}
    environment_variables: {{THREADS: "2"}}
    limits: {{timeout: 60}}
    inputs:
      rows: ${{{{parent.jobs.prepare.outputs.rows}}}}
      log: ${{{{parent.jobs.prepare.outputs.log}}}}
      left: ${{{{parent.jobs.prepare.outputs.artifacts}}}}
      rounds: ${{{{parent.inputs.rounds}}}}
      word: "1"
      flag: true
"""


def test_a_job_of_its_own_becomes_a_component_in_the_pipelines_file() -> None:
    pipeline = pipeline_of(CHAIN)
    prepare, train = inline_of(pipeline, "prepare"), inline_of(pipeline, "train")
    assert [node.component for node in pipeline.nodes.values()] == ["", ""]
    assert (prepare.name, prepare.code.path, prepare.image) == ("prepare", "./src", "python")
    assert (prepare.syntax, prepare.flavour) == ("dollar", "azureml-v2")
    assert train.env == {"THREADS": "2"}
    assert train.timeout == 60


def test_its_inputs_are_declared_by_what_they_are_given() -> None:
    pipeline = pipeline_of(CHAIN)
    prepare, train = inline_of(pipeline, "prepare"), inline_of(pipeline, "train")
    assert prepare.inputs == {"raw": Input("file", native="uri_file")}
    assert prepare.parameters == {"part": Parameter("Float", required=True)}
    assert {name: port.native for name, port in train.inputs.items()} == {
        "rows": "mltable", "log": "uri_folder", "left": "uri_folder",
    }  # fmt: skip
    assert {name: one.type for name, one in train.parameters.items()} == {
        "rounds": "Int", "word": "String", "flag": "Bool",
    }  # fmt: skip


def test_its_outputs_are_folders_where_nothing_is_said() -> None:
    assert inline_of(pipeline_of(CHAIN), "prepare").outputs == {
        "rows": Output("folder", native="mltable", mode="upload"),
        "log": Output("folder", native="uri_folder"),
    }


def test_what_it_is_given_is_wired() -> None:
    nodes = pipeline_of(CHAIN).nodes
    assert nodes["prepare"].inputs == {"raw": Reference("inputs", "raw")}
    assert nodes["prepare"].parameters == {"part": "0.5"}
    assert nodes["train"].inputs == {
        "rows": Reference("prepare", "rows"),
        "log": Reference("prepare", "log"),
        "left": Reference("prepare", "artifacts"),
    }
    assert nodes["train"].parameters == {
        "rounds": Reference("parameters", "rounds"), "word": "1", "flag": "true",
    }  # fmt: skip


def test_what_need_not_be_given_to_the_pipeline_need_not_be_to_the_job() -> None:
    text = CHAIN.replace("rounds: 20", "rounds: {type: integer, optional: true}").replace(
        "${{inputs.rounds}}", "$[[${{inputs.rounds}}]]"
    )
    assert inline_of(pipeline_of(text), "train").parameters["rounds"] == Parameter("Int")


def test_the_artifacts_that_every_job_leaves_are_not_an_output_that_it_declares() -> None:
    text = CHAIN.replace("      log:\n  train", "      artifacts:\n  train").replace(
        "outputs.log}}", "outputs.rows}}"
    )
    assert list(inline_of(pipeline_of(text), "prepare").outputs) == ["rows"]


def test_faults_of_its_own_fields_stand_at_the_job() -> None:
    text = CHAIN.replace("${{inputs.word}}", "${{inputs.wrod}}")
    ((path, message),) = errors_of(text).items()
    assert path == "jobs.train.command"
    assert "did you mean 'word'?" in message


def test_its_own_refusals_are_its_components() -> None:
    text = CHAIN.replace("limits: {timeout: 60}", "distribution: {type: ray}")
    (refusal,) = inline_of(pipeline_of(text), "train").refusals
    place, message = refusal.rsplit(": ", 1)
    assert place == "pipeline.yaml:21: jobs.train.distribution"
    assert message == "a cluster of Ray's is not run yet"


def test_a_port_takes_its_type_from_the_component_upstream() -> None:
    text = f"""\
type: pipeline
jobs:
  first: {{component: ./first.yaml}}
  second:
    command: show ${{{{inputs.table}}}} ${{{{inputs.score}}}}
    {IMAGE}
    inputs:
      table: ${{{{parent.jobs.first.outputs.table}}}}
      score: ${{{{parent.jobs.first.outputs.score}}}}
"""
    first = f"""\
type: command
name: first
command: echo
{IMAGE}
outputs: {{table: {{type: uri_file}}, score: {{type: integer}}}}
"""
    assert inline_of(pipeline_of(text), "second").inputs["table"].type == "any"
    tree, said = settled(text, {"./first.yaml": first})
    second = tree.children["second"].definition
    assert said == {}
    assert second.inputs["table"].type == "file"
    assert second.parameters["score"].type == "String"
    assert isinstance(tree.definition, Pipeline)
    assert tree.definition.definitions["second"] == second
    assert tree.definition.nodes["second"].parameters == {"score": Reference("first", "score")}


SWEEP = f"""\
type: pipeline
jobs:
  tune:
    type: sweep
    trial:
      command: fit ${{{{inputs.data}}}} ${{{{search_space.depth}}}} ${{{{outputs.model}}}}
      code: ./src
      {IMAGE}
    inputs:
      data: {{type: uri_folder, path: ./data}}
    outputs: {{model: }}
    sampling_algorithm: random
    search_space: {{depth: {{type: choice, values: [1, 2]}}}}
    objective: {{goal: minimize, primary_metric: loss}}
    limits: {{max_total_trials: 2, timeout: 100}}
"""


def test_a_sweep_keeps_what_it_tries() -> None:
    pipeline = pipeline_of(SWEEP)
    tune = inline_of(pipeline, "tune")
    assert tune.work == "sweep"
    assert tune.body["limits"] == {"max_total_trials": "2", "timeout": "100"}
    assert tune.inputs["data"].type == "folder"
    assert list(tune.outputs) == ["model"]
    assert pipeline.nodes["tune"].inputs == {"data": LocalPath("./data")}
    assert pipeline.nodes["tune"].timeout is None


SPARK = """\
type: spark
    code: ./src
    entry: {file: main.py}
    args: --data ${{inputs.data}}
    inputs: {data: {type: uri_file, path: ./data.csv, mode: direct}}
    conf: {spark.driver.cores: 1, spark.driver.memory: 1g, spark.executor.cores: 1,
           spark.executor.memory: 1g, spark.executor.instances: 1}
"""
PARALLEL = """\
type: parallel
    input_data: ${{inputs.data}}
    mini_batch_size: "5"
    inputs: {data: {type: uri_folder, path: ./data}}
    outputs: {out: {type: uri_file}}
    task: {type: run_function, code: ./src, entry_script: run.py, environment: {image: python},
           append_row_to: "${{outputs.out}}"}
"""
AUTOML = """\
type: automl
    task: classification
    primary_metric: accuracy
    target_column_name: y
    training_data: ${{parent.inputs.data}}
    limits: {max_trials: 1}
"""


@pytest.mark.parametrize(
    ("job", "work"), [(SPARK, "spark"), (PARALLEL, "parallel"), (AUTOML, "external")]
)
def test_other_work_is_read_as_its_own(job: str, work: str) -> None:
    text = "type: pipeline\ninputs: {data: {type: mltable, path: ./t}}\njobs:\n  only:\n    " + job
    pipeline = pipeline_of(text)
    assert inline_of(pipeline, "only").work == work
    assert len(pipeline.nodes["only"].inputs) == 1


NESTED = f"""\
type: pipeline
inputs: {{data: {{type: uri_folder, path: ./data}}, n: 3}}
outputs: {{model: {{type: mlflow_model}}}}
jobs:
  inner:
    type: pipeline
    inputs: {{rows: "${{{{parent.inputs.data}}}}", times: "${{{{parent.inputs.n}}}}"}}
    outputs: {{best: "${{{{parent.outputs.model}}}}"}}
    jobs:
      fit:
        command: fit ${{{{inputs.rows}}}} ${{{{inputs.times}}}} ${{{{outputs.model}}}}
        {IMAGE}
        inputs:
          rows: ${{{{parent.inputs.rows}}}}
          times: ${{{{parent.inputs.times}}}}
        outputs: {{model: "${{{{parent.outputs.best}}}}"}}
"""


def test_a_pipeline_may_stand_within_a_pipeline() -> None:
    outer = pipeline_of(NESTED)
    inner = outer.definitions["inner"]
    assert isinstance(inner, Pipeline)
    assert outer.outputs == {"model": Reference("inner", "best")}
    assert inner.outputs == {"best": Reference("fit", "model")}
    assert inner.inputs == {"rows": Input("folder", native="uri_folder")}
    assert inner.parameters == {"times": Parameter("Int", required=True)}
    assert inline_of(inner, "fit").outputs["model"].native == "mlflow_model"
    assert settled(NESTED, {})[1] == {}


def test_faults_of_a_pipeline_within_stand_where_it_does() -> None:
    text = NESTED.replace("${{parent.inputs.times}}", "${{parent.inputs.tiems}}")
    ((path, message),) = errors_of(text).items()
    assert path == "jobs.inner.jobs.fit.inputs.times"
    assert message == "the pipeline has no input 'tiems'; did you mean 'times'?"


def test_faults_of_its_wires_stand_there_too() -> None:
    text = NESTED.replace("    type: pipeline", "    type: pipeline", 1).replace(
        "      fit:\n",
        "      late: {component: ./late.yaml, inputs: {n: '${{parent.jobs.fit.outputs.modle}}'}}\n"
        "      fit:\n",
    )
    late = f"type: command\nname: late\ncommand: e\n{IMAGE}\ninputs: {{n: {{type: uri_folder}}}}"
    _, said = settled(text, {"./late.yaml": late})
    assert list(said) == ["jobs.inner.jobs.late.inputs.n"]


COMMAND = """\
$schema: https://azuremlschemas.azureedge.net/latest/commandJob.schema.json
command: train ${{inputs.data}} ${{inputs.rate}} ${{outputs.model}}
code: src
environment: azureml:sklearn@latest
inputs:
  data: {type: uri_file, path: https://host/iris.csv}
  rate: 0.1
outputs:
  model: {type: uri_file, path: azureml://datastores/store/paths/run/model.bin}
compute: azureml:cpu-cluster
services: {ide: {type: vs_code}}
display_name: Iris Training
experiment_name: iris
description: Trains.
tags: {who: me}
limits: {timeout: 900}
"""


def test_a_job_by_itself_is_a_pipeline_of_one_node() -> None:
    pipeline = pipeline_of(COMMAND)
    assert (pipeline.name, pipeline.version, pipeline.display_name) == (
        "Iris-Training", "1.0.0", "Iris Training",
    )  # fmt: skip
    assert (pipeline.experiment, pipeline.description) == ("iris", "Trains.")
    assert pipeline.tags == {"who": "me"}
    assert list(pipeline.nodes) == ["iris_training"]
    job = inline_of(pipeline, "iris_training")
    assert (job.name, job.timeout, job.code.path) == ("iris_training", 900, "src")
    assert job.body["environment"] == "azureml:sklearn@latest"


def test_its_node_has_a_name_by_the_rule_for_jobs() -> None:
    text = COMMAND.replace("display_name: Iris Training", "name: 1a of two")
    pipeline = pipeline_of(text)
    assert (pipeline.name, *pipeline.nodes) == ("1a-of-two", "job_1a_of_two")


def test_what_it_takes_and_leaves_is_the_pipelines() -> None:
    pipeline = pipeline_of(COMMAND)
    node = pipeline.nodes["iris_training"]
    assert pipeline.inputs == {"data": Input("file", native="uri_file")}
    assert pipeline.data == {"data": LocalPath("https://host/iris.csv")}
    assert pipeline.parameters == {"rate": Parameter("Float", 0.1, required=True)}
    assert pipeline.outputs == {"model": Reference("iris_training", "model")}
    assert node.inputs == {"data": Reference("inputs", "data")}
    assert node.parameters == {"rate": Reference("parameters", "rate")}
    assert node.file_names == {"model": "model.bin"}
    assert settled(COMMAND, {})[1] == {}


def test_what_it_asks_of_a_workspace_is_named_once() -> None:
    assert warnings_of(COMMAND) == {
        "compute": "compute and services are kept, not used here",
        "outputs.model": "outputs are kept with the run; nothing is put at "
        "azureml://datastores/store/paths/run/model.bin",
    }


def test_its_faults_stand_at_the_top_of_the_file() -> None:
    text = COMMAND.replace("${{inputs.rate}}", "${{inputs.rat}}").replace("900", "soon")
    assert set(errors_of(text)) == {"command", "limits.timeout"}


def test_a_sweep_and_a_spark_job_by_themselves() -> None:
    head = "$schema: https://azuremlschemas.azureedge.net/latest/"
    sweep = pipeline_of(
        head
        + """sweepJob.schema.json
type: sweep
trial: {command: "fit ${{inputs.a}} ${{search_space.b}}", environment: {image: python}}
inputs: {a: 0.5}
sampling_algorithm: grid
search_space: {b: {type: choice, values: [x, y]}}
objective: {goal: maximize, primary_metric: score}
limits: {max_total_trials: 2}
"""
    )
    assert inline_of(sweep, "pipeline").work == "sweep"
    assert sweep.parameters == {"a": Parameter("Float", 0.5, required=True)}
    spark = pipeline_of(
        head
        + """sparkJob.schema.json
type: spark
code: ./src
entry: {file: main.py}
conf: {spark.driver.cores: 1, spark.driver.memory: 2g, spark.executor.cores: 2,
       spark.executor.memory: 2g, spark.executor.instances: 2}
args: --data ${{inputs.data}}
inputs: {data: {type: uri_file, path: ./data.csv, mode: direct}}
"""
    )
    assert inline_of(spark, "pipeline").work == "spark"
    assert spark.data == {"data": LocalPath("./data.csv")}


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("$schema: x/commandJob.schema.json\ncommand: e", True),
        ("$schema: x/commandComponent.schema.json\ntype: command\ncompute: c", False),
        ("$schema: x/commandJob.schema.json\nversion: 1\ncommand: e", False),
        ("type: command\ncommand: e\nexperiment_name: e", True),
        ("type: command\ncommand: e\ninputs: {a: 3}", True),
        ("type: command\ncommand: e\ninputs: {a: {type: uri_file, path: ./a}}", True),
        ("type: command\ncommand: e\ninputs: {a: {type: integer, default: 3}}", False),
        ("type: command\ncommand: e\nenvironment: x", False),
        ("type: sweep\ntrial: {command: e}", True),
        ("type: sweep\nname: s\ntrial: file:./t.yml", False),
        ("type: pipeline\nname: p\nversion: 1\njobs: {}", True),
        ("type: CommandComponent\ncommand: e\ninputs: {a: 3}", False),
        ("apiVersion: millwork/v1\nkind: Pipeline\ntype: pipeline", False),
    ],
)
def test_a_job_is_told_from_a_component(text: str, expected: bool) -> None:
    assert is_job(parse(text, "file.yaml")) is expected


def test_a_pipeline_job_may_name_a_component_in_place_of_jobs() -> None:
    text = "type: pipeline\ncomponent: ./whole.yaml\ninputs: {n: 3}\noutputs: {o: }"
    pipeline = pipeline_of(text)
    assert pipeline.nodes["pipeline"].component == "./whole.yaml"
    assert pipeline.nodes["pipeline"].parameters == {"n": Reference("parameters", "n")}
    assert pipeline.outputs == {"o": Reference("pipeline", "o")}
