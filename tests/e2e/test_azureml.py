"""AzureML's files run as they are: components of both flavours, jobs, pipelines."""

from __future__ import annotations

import json
import os
from pathlib import Path
from shutil import which
from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from collections.abc import Callable

    from tests.conftest import Millwork

    Write = Callable[[str, str], Path]

V2 = """
$schema: https://azuremlschemas.azureedge.net/latest/commandComponent.schema.json
type: command
name: {name}
version: 1
environment: {{image: python}}
code: {code}
{fields}
"""
SHOW = """
import json, os, sys
words = sys.argv[1:]
given = dict(word.split("=", 1) for word in words if "=" in word)
print(json.dumps(words))
for name in ("out", "file"):
    if name in given:
        path = os.path.join(given[name], "x") if os.path.isdir(given[name]) else given[name]
        with open(path, "w") as file:
            file.write(" ".join(words))
"""


@pytest.fixture
def v2(write: Write) -> Callable[..., Path]:
    """Writes a v2 command component beside a script that shows its words."""

    def component(command: str, fields: str = "", name: str = "show", code: str = "./src") -> Path:
        write("src/show.py", SHOW)
        text = V2.format(name=name, code=code, fields=fields)
        return write(f"{name}.yml", f"{text}command: >-\n  {command}\n")

    return component


def words_of(millwork: Millwork, *arguments: str | Path) -> list[str]:
    result = millwork("run", *arguments)
    assert result.code == 0, result
    words: list[str] = json.loads(result.out.splitlines()[0])
    return words


# --- one component ----------------------------------------------------------------------------


def test_groups_defaults_and_values_of_a_v2_component(millwork: Millwork, v2: Any) -> None:
    fields = (
        "inputs:\n"
        "  rate: {type: number, default: 0.5}\n"
        "  rounds: {type: integer, optional: true}\n"
        "  is_quick: {type: boolean, default: true}\n"
        "  text: {type: string, optional: true, default: given}\n"
        "outputs: {out: {type: uri_folder}, file: {type: uri_file}}\n"
    )
    command = (
        "python show.py ${{inputs.rate}} $[[--rounds ${{inputs.rounds}}]] ${{inputs.is_quick}} "
        "$[[--text=${{inputs.text}}]] out=${{outputs.out}} file=${{outputs.file}}"
    )
    file = v2(command, fields)
    found = words_of(millwork, file)
    assert found[:3] == ["0.5", "True", "--text=given"]
    assert found[4].endswith("/output/file/file")
    found = words_of(millwork, file, "-p", "rounds=3", "-p", "text=a b'$(touch x)")
    assert found[:5] == ["0.5", "--rounds", "3", "True", "--text=a b'$(touch x)"]


def test_the_old_flavour_with_its_groups_and_files(millwork: Millwork, write: Write) -> None:
    write("show.py", SHOW)
    write("data/b.csv", "b")
    write("data/a.csv", "a")
    write("more/lib/x.py", "")
    write("old.additional_includes", "more/lib\n")
    file = write(
        "old.yaml",
        "$schema: https://componentsdk.azureedge.net/jsonschema/CommandComponent.json\n"
        "type: CommandComponent\nname: microsoft.old.one\nversion: 0.1\n"
        "inputs:\n"
        "  data: {type: AnyFile}\n"
        "  folder: {type: AnyDirectory, optional: true}\n"
        "  mode: {type: Enum, enum: [fast, slow], default: fast}\n"
        "  rounds: {type: Integer, optional: true, min: 1, max: 9}\n"
        "outputs: {out: {type: AnyDirectory}}\n"
        "command: >-\n"
        "  python show.py {inputs.data} [--folder {inputs.folder}] --mode {inputs.mode}\n"
        "  [--rounds {inputs.rounds}] out={outputs.out}\n"
        "environment: {os: Linux, conda: {conda_dependencies: {dependencies: [python=3.11]}}}\n",
    )
    found = words_of(millwork, file, "-i", f"data={file.parent / 'data'}", "-p", "rounds=3")
    assert Path(found[0]).name == "a.csv"
    assert found[1:5] == ["--mode", "fast", "--rounds", "3"]
    assert millwork("run", file, "-i", f"data={file.parent}", "-p", "rounds=10").code == 2
    listing = "command: ls lib\n"
    write("ls.additional_includes", "more/lib\n")
    head = "type: CommandComponent\nname: ls\nversion: 1\n"
    assert millwork("run", write("ls.yaml", head + listing)).out.splitlines()[0] == "x.py"


def test_a_dataset_is_handed_over_as_its_id(millwork: Millwork, write: Write) -> None:
    text = (
        "type: CommandComponent\nname: c\nversion: 1\n"
        "inputs: {data: {type: AzureMLDataset}}\ncommand: echo id={inputs.data}\n"
    )
    result = millwork("run", write("c.yaml", text), "-p", "data=azureml:taxi:3")
    assert result.out.splitlines()[0] == "id=azureml:taxi:3"


def test_a_key_that_stands_twice_counts_the_last_time(millwork: Millwork, write: Write) -> None:
    text = "type: CommandComponent\nname: c\nversion: 1\ncommand: echo 1\ncommand: echo 2\n"
    result = millwork("run", write("c.yaml", text))
    assert (result.code, result.out.splitlines()[0]) == (0, "2")
    assert "stands twice (first on line 4); this one counts" in result.err


def test_a_folder_that_is_there_is_linked_as_the_output(millwork: Millwork, write: Write) -> None:
    data = write("data/x.csv", "x").parent
    head = "type: CommandComponent\nname: c\nversion: 1\n"
    head += "outputs: {out: {type: AnyDirectory, is_link_mode: true, datastore_mode: link}}\n"
    file = write("c.yaml", f"{head}command: bash -c 'echo {data} > {{outputs.out}}'\n")
    result = millwork("run", file, "--json")
    assert result.code == 0, result
    assert result.json["outputs"]["out"] == str(data.resolve())
    assert millwork("run", file, "--json").json["steps"][0]["attempts"] == 0
    (data / "x.csv").write_text("y")
    assert millwork("run", file, "--json").json["steps"][0]["attempts"] == 1
    for text, fault in (
        ("true", "wrote no path"),
        ("bash -c 'echo /gone > {outputs.out}'", "/gone"),
    ):
        failed = millwork("run", write("d.yaml", f"{head}command: {text}\n"))
        assert (failed.code, fault in failed.err) == (1, True)


def test_what_is_left_in_outputs_is_the_output_artifacts(millwork: Millwork, v2: Any) -> None:
    result = millwork("run", v2("touch outputs/a logs/b"), "--json")
    left = Path(result.json["outputs"]["artifacts"])
    files = sorted(str(path.relative_to(left)) for path in left.rglob("*") if path.is_file())
    assert files == ["logs/b", "outputs/a"]


def test_any_exit_code_may_be_a_success_and_a_signal_never_is(
    millwork: Millwork, write: Write
) -> None:
    head = "type: CommandComponent\nname: c\nversion: 1\n"
    any_code = head + "successful_return_code: ZeroOrGreater\n"
    assert millwork("run", write("a.yaml", any_code + "command: bash -c 'exit 3'\n")).code == 0
    killed = any_code + "command: bash -c 'kill -9 $$'\n"
    assert millwork("run", write("b.yaml", killed)).code == 1
    assert millwork("run", write("c.yaml", head + "command: bash -c 'exit 3'\n")).code == 1


def test_metrics_that_a_script_logs_are_the_steps(millwork: Millwork, write: Write) -> None:
    text = "from azureml.core import Run\nRun.get_context().log('auc', 0.75)\n"
    write("log.py", text)
    head = "type: CommandComponent\nname: c\nversion: 1\n"
    result = millwork("run", write("c.yaml", head + "command: python log.py\n"), "--json")
    assert result.json["steps"][0]["metrics"] == {"auc": 0.75}


def test_data_that_is_downloaded_may_be_changed_and_mounted_data_not(
    millwork: Millwork, v2: Any, write: Write
) -> None:
    data = write("data/x.csv", "x").parent
    for mode, code in (("download", 0), ("ro_mount", 1)):
        fields = f"inputs: {{data: {{type: uri_folder, mode: {mode}}}}}\n"
        file = v2("touch ${{inputs.data}}/new", fields, name=mode)
        result = millwork("run", file, "-i", f"data={data}")
        if "no /ml of their own" not in result.err:
            assert result.code == code, result
    assert [path.name for path in data.iterdir()] == ["x.csv"]


def test_environment_variables_and_the_cache(millwork: Millwork, v2: Any) -> None:
    file = v2("echo $WORD", "environment_variables: {WORD: hello}\n")
    assert "hello" in millwork("run", file).out
    second = millwork("run", file, "--json")
    assert second.json["steps"][0]["attempts"] == 0
    never = v2("echo $WORD", "is_deterministic: false\n", name="never")
    assert millwork("run", never).code == 0
    assert millwork("run", never, "--json").json["steps"][0]["attempts"] == 1


# --- pipelines and jobs -----------------------------------------------------------------------

PIPELINE = """
$schema: https://azuremlschemas.azureedge.net/latest/pipelineJob.schema.json
type: pipeline
display_name: A pipeline
experiment_name: tries
tags: {owner: me}
compute: azureml:cpu-cluster
settings: {default_compute: azureml:cpu}
inputs:
  data: {type: uri_folder, path: ./data}
  rate: 0.25
outputs:
  last: {type: uri_folder}
jobs:
  one:
    type: command
    component: ./one.yml
    inputs: {data: '${{parent.inputs.data}}', rate: '${{parent.inputs.rate}}'}
    outputs:
      file: {type: uri_file, path: 'azureml://datastores/store/paths/models/model.bin'}
  two:
    command: >-
      ls ${{inputs.all}} && cp ${{inputs.model}} ${{outputs.copy}}/copied
    environment: azureml://registries/azureml/environments/minimal-ubuntu20.04-py38/versions/1
    inputs:
      all: {type: uri_folder, path: '${{parent.jobs.one.outputs.out}}'}
      model: {type: uri_file, path: '${{parent.jobs.one.outputs.file}}'}
    outputs: {copy: '${{parent.outputs.last}}'}
"""


def test_a_pipeline_job_with_a_file_and_an_inline_component(
    millwork: Millwork, v2: Any, write: Write
) -> None:
    fields = (
        "inputs: {data: {type: uri_folder}, rate: {type: number}}\n"
        "outputs: {out: {type: uri_folder}, file: {type: uri_file}}\n"
    )
    v2("python show.py ${{inputs.rate}} out=${{outputs.out}} file=${{outputs.file}}", fields, "one")
    write("data/x.csv", "x")
    pipeline = PIPELINE.replace(
        "azureml://registries/azureml/environments/minimal-ubuntu20.04-py38/versions/1",
        "{image: python}",
    )
    result = millwork("run", write("pipeline.yml", pipeline), "--json")
    assert result.code == 0, result
    assert "compute" in result.err
    last = Path(result.json["outputs"]["last"])
    assert (last / "copied").read_text().endswith("/output/file/model.bin")
    shown = millwork("runs", "show", "last", "--json").json
    assert (shown["name"], shown["tags"]) == ("A pipeline", {"owner": "me"})


def test_everything_that_is_missing_is_told_at_once(millwork: Millwork, write: Write) -> None:
    text = (
        "type: pipeline\n"
        "inputs: {data: {type: uri_folder, path: 'azureml:taxi:1'}}\n"
        "jobs:\n"
        "  one: {component: 'azureml:train:2', inputs: {data: '${{parent.inputs.data}}'}}\n"
        "  two: {command: 'true', environment: 'azureml:mine@latest'}\n"
    )
    result = millwork("run", write("p.yml", text))
    assert result.code == 2
    for part in ("azureml:taxi:1", "azureml:train:2", "azureml:mine@latest", "settings.yaml"):
        assert part in result.err
    assert millwork("runs", "list", "--json").json == []


def test_the_reference_map_says_what_they_are(
    millwork: Millwork, write: Write, home: Path, v2: Any
) -> None:
    component = v2("cat ${{inputs.data}}/x", "inputs: {data: {type: uri_folder}}\n")
    data = write("data/x", "content of x\n").parent
    home.mkdir(exist_ok=True)
    (home / "settings.yaml").write_text(
        "references:\n"
        f"  components: {{'azureml:train:2': {component}}}\n"
        f"  data: {{'azureml:taxi:1': {data}}}\n"
    )
    text = (
        "type: pipeline\n"
        "inputs: {data: {type: uri_folder, path: 'azureml:taxi:1'}}\n"
        "jobs:\n"
        "  one: {component: 'azureml:train:2', inputs: {data: '${{parent.inputs.data}}'}}\n"
    )
    file = write("p.yml", text)
    assert millwork("run", file).code == 0
    assert "content of x" in millwork("runs", "logs", "last/one").out


def test_a_component_file_may_have_a_colon_in_its_name(millwork: Millwork, write: Write) -> None:
    write("a:b.yml", "type: CommandComponent\nname: c\nversion: 1\ncommand: echo hello\n")
    file = write("p.yml", "type: pipeline\njobs: {one: {component: './a:b.yml'}}\n")
    assert millwork("run", file).code == 0
    assert "hello" in millwork("runs", "logs", "last/one").out
    gone = write("q.yml", "type: pipeline\njobs: {one: {component: './c:d.yml'}}\n")
    result = millwork("run", gone)
    assert result.code == 2
    assert "c:d.yml" in result.err


def test_a_command_job_by_itself(millwork: Millwork, write: Write) -> None:
    text = (
        "$schema: https://azuremlschemas.azureedge.net/latest/commandJob.schema.json\n"
        "command: echo ${{inputs.word}} > ${{outputs.out}}/x\n"
        "environment: {image: python}\n"
        "inputs: {word: hello}\n"
        "outputs: {out: {type: uri_folder}}\n"
        "experiment_name: jobs\n"
    )
    result = millwork("run", write("job.yml", text), "--json")
    assert result.code == 0, result
    assert Path(result.json["outputs"]["out"], "x").read_text() == "hello\n"


def test_a_system_of_others_runs_through_a_bridge(
    millwork: Millwork, write: Write, home: Path
) -> None:
    text = (
        "$schema: https://componentsdk.azureedge.net/jsonschema/ScopeComponent.json\n"
        "type: ScopeComponent\nname: scope.one\nversion: 1\n"
        "inputs: {word: {type: String}}\noutputs: {out: {type: AnyDirectory}}\n"
        "scope: {script: x.script, args: 'Word {inputs.word} Out {outputs.out}'}\n"
    )
    write("x.script", "")
    file = write("scope.yaml", text)
    refused = millwork("run", file, "-p", "word=hi")
    assert refused.code == 2
    assert "no bridge is known" in refused.err
    assert millwork("validate", file).code == 0
    home.mkdir(exist_ok=True)
    bridge = "bridges: {ScopeComponent: {command: 'cp x.script {outputs.out}/{inputs.word}'}}\n"
    (home / "settings.yaml").write_text(bridge)
    result = millwork("run", file, "-p", "word=hi", "--json")
    assert result.code == 0, result
    assert Path(result.json["outputs"]["out"], "hi").is_file()


@pytest.mark.parametrize("kind", ["automl", "import", "data_transfer"])
def test_a_service_of_azures_is_refused_by_name(
    millwork: Millwork, write: Write, kind: str
) -> None:
    tasks = {"automl": "task: regression\n", "data_transfer": "task: copy_data\n"}
    file = write("c.yml", f"type: {kind}\nname: c\nversion: 1\n{tasks.get(kind, '')}")
    result = millwork("run", file)
    assert result.code == 2
    assert f"{kind} is a service of Azure's" in result.err


def test_code_that_is_not_there(millwork: Millwork, v2: Any) -> None:
    file = v2("true", code="./gone")
    result = millwork("validate", file)
    assert result.code == 2
    assert "gone" in result.out
    assert millwork("validate", "--no-code", file).code == 0
    assert millwork("run", file).code == 2


DUMPED = """
type: pipeline
display_name: p1
inputs: {data: {path: 'azureml:./data', type: uri_folder}}
jobs:
  n:
    type: command
    component:
      $schema: https://azuremlschemas.azureedge.net/latest/commandComponent.schema.json
      type: command
      name: component_a
      version: '1'
      code: CODE
      command: cp ${{inputs.a}}/x ${{outputs.b}}/x
      environment: {image: python, name: CliV2AnonymousEnvironment, version: 20b0}
      inputs: {a: {type: uri_folder}}
      outputs: {b: {type: uri_folder}}
      is_deterministic: true
    inputs: {a: {path: '${{parent.inputs.data}}'}}
    outputs: {b: '${{parent.outputs.o}}'}
outputs: {o: {type: uri_folder}}
"""


def test_what_the_sdk_of_azureml_writes_of_a_pipeline_in_python(
    millwork: Millwork, write: Write
) -> None:
    code = write("code/none.py", "").parent
    write("data/x", "content")
    result = millwork("run", write("p.yml", DUMPED.replace("CODE", str(code))), "--json")
    assert result.code == 0, result
    assert Path(result.json["outputs"]["o"], "x").read_text() == "content"


# --- spark ------------------------------------------------------------------------------------

SPARK = """
import sys
from pyspark.sql import SparkSession
rows = SparkSession.builder.getOrCreate().read.csv(sys.argv[1], header=True)
rows.write.parquet(sys.argv[2] + "/table")
print("ROWS", rows.count(), *sys.argv[3:])
"""
SPARK_V2 = """
type: spark
name: rows
version: 1
code: ./src
entry: {file: rows.py}
inputs: {data: {type: uri_file, mode: direct}, word: {type: string, optional: true}}
outputs: {out: {type: uri_folder, mode: direct}}
args: ${{inputs.data}} ${{outputs.out}} $[[${{inputs.word}}]]
conf: {spark.driver.cores: 1, spark.driver.memory: 1g, spark.executor.cores: 1,
       spark.executor.memory: 1g, spark.executor.instances: 1}
"""
HDINSIGHT = """
$schema: https://componentsdk.azureedge.net/jsonschema/HDInsightComponent.json
type: HDInsightComponent
name: rows
version: 1
code: ./src
inputs: {data: {type: AnyFile}, word: {type: String, optional: true}}
outputs: {out: {type: AnyDirectory}}
hdinsight:
  file: rows.py
  args: '{inputs.data} {outputs.out} [{inputs.word}]'
  driver_memory: 1g
"""


@pytest.mark.slow
@pytest.mark.skipif(not which("java"), reason="there is no java")
@pytest.mark.parametrize("text", [SPARK_V2, HDINSIGHT], ids=["spark", "hdinsight"])
def test_spark_runs_through_spark_submit(millwork: Millwork, write: Write, text: str) -> None:
    write("src/rows.py", SPARK)
    data = write("data/x.csv", "a,b\n1,2\n3,4\n")
    given = ("-i", f"data={data}", "-p", "word=a b")
    result = millwork("run", write("c.yml", text), *given, timeout=600)
    assert result.code == 0, result
    assert "ROWS 2 a b" in result.out


# --- files of others --------------------------------------------------------------------------

CHECKOUT = os.environ.get("AZUREML_EXAMPLES", "")
THEIRS = (
    "pipelines-with-components/basics/1a_e2e_local_components/pipeline.yml",
    "pipelines-with-components/basics/3b_pipeline_with_data/pipeline.yml",
    "pipelines-with-components/basics/5c_env_conda_file/pipeline.yml",
    "basics/hello-pipeline-customize-output-file.yml",
    "pipelines/nyc-taxi/pipeline.yml",
    "pipelines-with-components/nyc_taxi_data_regression/single-job-pipeline.yml",
    "pipelines-with-components/nyc_taxi_data_regression/pipeline.yml",
)


@pytest.mark.slow
@pytest.mark.skipif(not CHECKOUT, reason="AZUREML_EXAMPLES names no checkout of azureml-examples")
@pytest.mark.parametrize("file", THEIRS)
def test_pipelines_of_azureml_examples_run_unmodified(millwork: Millwork, file: str) -> None:
    result = millwork("run", Path(CHECKOUT, "cli/jobs", file), timeout=600)
    assert result.code == 0, result
