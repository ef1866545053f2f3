"""Components of v2, every type and its fields."""

from dataclasses import replace

import pytest

from millwork.formats.azureml.component import read_component
from millwork.spec.document import Mapping, Node, parse
from millwork.spec.fields import INVALID, Reading
from millwork.spec.model import Code, Component, Environment, Input, Output, Parameter, Range
from tests.formats.azureml.probes import FILES, FOLDERS, V2
from tests.formats.azureml.reading import component_of, errors_of, files_of, read, warnings_of

pytestmark = pytest.mark.quick

HEAD = "name: x\n"
PORTS = """\
inputs:
  a: {type: uri_folder}
  n: {type: integer, default: 2}
outputs:
  o: {type: uri_folder}
"""
COMMAND = f"type: command\n{HEAD}{PORTS}command: x\nenvironment: azureml:e:1\n"


def made(kind: str, rest: str) -> Component:
    return component_of(f"type: {kind}\n{HEAD}{PORTS}{rest}", files_of(FILES, FOLDERS))


def reasons(component: Component) -> list[str]:
    return [reason.split(": ", 2)[2] for reason in component.refusals]


def test_a_command() -> None:
    component, reading = read(V2, files_of(FILES, FOLDERS))
    assert reading.faults == []
    assert component == Component(
        "probe_one",
        "0.0.1",
        "python x.py --data ${{inputs.data}} $[[--text ${{inputs.text}}]] --count "
        "${{inputs.count}} --rate ${{inputs.rate}} --flag ${{inputs.flag}} --choice "
        "${{inputs.choice}} --out ${{outputs.out}}",
        flavour="azureml-v2",
        syntax="dollar",
        display_name="Probe",
        description="What it does",
        tags={"kind": "probe"},
        image="ubuntu:22.04",
        code=Code("./src"),
        environment=Environment("pandas", "3.10"),
        inputs={"data": Input("folder", True, (), "Rows", "uri_folder")},
        outputs={"out": Output("folder", native="uri_folder")},
        parameters={
            "text": Parameter("String", required=False),
            "count": Parameter("Int", 3, required=True, range=Range(1.0, 9.0)),
            "rate": Parameter("Float", 0.5, required=True),
            "flag": Parameter("Bool", False, required=True),
            "choice": Parameter("String", "a", required=True, enum=("a", "b")),
        },
    )
    assert component.source.text == V2


def test_text_stays_as_it_is_written() -> None:
    component = component_of(
        "type: command\nname: x\nversion: 1.10\ninputs: {a: {type: string, default: 1.10}}\n"
        "command: x\nenvironment: azureml:e:1\n"
    )
    assert component.version == "1.10"
    assert component.parameters["a"].default == "1.10"


def test_optional_with_a_default_is_the_default() -> None:
    text = COMMAND.replace("default: 2", "default: 2, optional: true").replace(
        "command: x\n", "command: 'x ${{inputs.n}}'\n"
    )
    assert warnings_of(text) == {}
    assert component_of(text).parameters["n"] == Parameter("Int", 2, required=False)


def test_no_code_is_none_at_all() -> None:
    assert component_of(COMMAND).code == Code("")


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("git+https://e.org/a.git", Code("", "https://e.org/a.git")),
        ("git+https://e.org/a.git#main", Code("", "https://e.org/a.git", "main")),
        ("git+ssh://git@e.org/a#v1:sub/dir", Code("sub/dir", "ssh://git@e.org/a", "v1")),
        ("conda.yaml", Code("", includes=("conda.yaml",))),
        ("../other/.", Code("../other/.")),
    ],
)
def test_where_code_is(text: str, expected: Code) -> None:
    files = files_of(FILES, ["../other"])
    assert component_of(f"{COMMAND}code: {text}\n", files).code == expected


def test_code_need_not_be_there_when_that_is_not_checked() -> None:
    text = f"{COMMAND}code: ./nowhere\nadditional_includes: [./neither]\n"
    assert set(errors_of(text)) == {"code", "additional_includes[0]"}
    component = component_of(text, files_of(check_code=False))
    assert component.code == Code("./nowhere", includes=("./neither",))


@pytest.mark.parametrize(
    ("fields", "work", "refused"),
    [
        ("distribution: {type: mpi}\n", "command", False),
        ("distribution: {type: PyTorch, process_count_per_instance: 1}\n", "command", False),
        ("distribution: {type: tensorflow, worker_count: 1}\n", "command", False),
        ("distribution: {type: tensorflow, worker_count: 2}\n", "distributed", False),
        ("distribution: {type: tensorflow, parameter_server_count: 1}\n", "distributed", False),
        ("distribution: {type: mpi, process_count_per_instance: 4}\n", "distributed", False),
        ("distribution: {type: ray}\n", "distributed", True),
        ("resources: {instance_count: 2}\n", "distributed", False),
        ("distribution: {type: mpi}\nresources: {instance_count: 2}\n", "distributed", False),
        ("resources: {instance_count: 1, shm_size: 2g, bogus: 1}\n", "command", False),
    ],
)
def test_one_process_is_a_command_and_more_are_distributed(
    fields: str, work: str, refused: bool
) -> None:
    component = component_of(COMMAND + fields)
    assert component.work == work
    assert bool(component.refusals) is refused
    assert all(reason == "a cluster of Ray's is not run yet" for reason in reasons(component))


def test_the_longest_time_of_a_command() -> None:
    assert component_of(f"{COMMAND}limits: {{timeout: 90}}\n").timeout == 90
    assert errors_of(f"{COMMAND}limits: {{timeout: soon}}\n") == {
        "limits.timeout": "expected a number of seconds"
    }


def test_variables() -> None:
    text = f"{COMMAND}environment_variables: {{A: 1, a-b: c, D: [e]}}\n"
    component = component_of(text)
    assert component.env == {"A": "1"}
    assert len(component.refusals) == 2


def test_what_a_job_has_and_is_not_used_here_is_named_once() -> None:
    text = f"{COMMAND}compute: azureml:c\nidentity: {{type: managed}}\nservices: {{}}\n"
    assert warnings_of(text) == {"compute": "kept, and not used here: compute, identity, services"}


PARALLEL = """\
input_data: ${{inputs.a}}
mini_batch_size: 10kb
mini_batch_error_threshold: 5
error_threshold: -1
max_concurrency_per_instance: 2
retry_settings: {max_retries: 2, timeout: 60}
logging_level: DEBUG
partition_keys: [k]
resources: {instance_count: 3}
task:
  type: run_function
  code: ./src
  entry_script: score.py
  program_arguments: --n ${{inputs.n}}
  append_row_to: ${{outputs.o}}
  environment: {image: ubuntu, conda_file: conda.yaml}
"""


def test_a_parallel_component() -> None:
    component = made("parallel", PARALLEL)
    assert component.work == "parallel"
    assert component.body == {
        "input_data": ("a",), "output_data": "o", "entry": "score.py",
        "args": "--n ${{inputs.n}}", "mini_batch_size": "10kb", "partition_keys": ("k",),
        "retry_settings": {"max_retries": "2", "timeout": "60"},
        "max_concurrency_per_instance": "2", "error_threshold": "-1",
        "mini_batch_error_threshold": "5", "logging_level": "DEBUG", "instance_count": "3",
    }  # fmt: skip
    assert component.code == Code("./src")
    assert (component.image, component.environment) == ("ubuntu", Environment("pandas", "3.10"))
    assert reasons(component) == []


@pytest.mark.parametrize(
    ("old", "new", "path"),
    [
        ("run_function", "bogus", "task.type"),
        ("DEBUG", "bogus", "logging_level"),
        ("error_threshold: -1", "error_threshold: many", "error_threshold"),
        ("  environment: {image: ubuntu, conda_file: conda.yaml}\n", "", "task.environment"),
        ("--n ${{inputs.n}}", "--n ${{inputs.m}}", "task.program_arguments"),
    ],
)
def test_what_is_wrong_in_a_parallel_component(old: str, new: str, path: str) -> None:
    text = f"type: parallel\n{HEAD}{PORTS}{PARALLEL.replace(old, new)}"
    assert set(errors_of(text, files_of(FILES, FOLDERS))) == {path}


@pytest.mark.parametrize(
    ("old", "new", "reason"),
    [
        ("${{inputs.a}}", "${{inputs.b}}", "the component has no input 'b'"),
        ("${{outputs.o}}", "${{outputs.p}}", "the component has no output 'p'"),
        ("  entry_script: score.py\n", "", "there is no script to run"),
    ],
)
def test_what_of_a_parallel_component_cannot_run(old: str, new: str, reason: str) -> None:
    assert reason in reasons(made("parallel", PARALLEL.replace(old, new)))


SPARK = """\
code: ./src
entry: {file: main.py}
py_files: [a.zip]
args: --n ${{inputs.n}}
conf: {spark.driver.cores: 1, executor_memory: 2g}
driver_memory: 1g
resources: {instance_type: standard_e4s_v3, runtime_version: '3.4'}
environment: {conda_file: conda.yaml}
additional_includes: [./other]
"""


def test_a_spark_component() -> None:
    component = made("spark", SPARK)
    assert component.work == "spark"
    assert component.body == {
        "entry": {"file": "main.py"},
        "py_files": ("a.zip",),
        "conf": {
            "spark.driver.cores": "1", "spark.executor.memory": "2g", "spark.driver.memory": "1g",
        },
        "args": "--n ${{inputs.n}}",
    }  # fmt: skip
    assert component.code == Code("./src", includes=("./other",))
    assert component.refusals == ()
    assert made("spark", "entry: {class_name: A}\njars: a.jar\n").body == {
        "entry": {"class_name": "A"}, "jars": ("a.jar",),
    }  # fmt: skip


@pytest.mark.parametrize(
    ("entry", "path"),
    [("{file: a, class_name: b}", "entry"), ("{}", "entry"), ("a.py", "entry")],
)
def test_the_entry_of_spark(entry: str, path: str) -> None:
    assert path in errors_of(f"type: spark\n{HEAD}entry: {entry}\n")


def test_automl_is_refused_by_name_and_kept_whole() -> None:
    component = made(
        "automl",
        "task: classification\ntarget_column_name: y\ntraining: {enable_stack_ensemble: false}\n",
    )
    assert component.work == "external"
    assert component.body == {
        "type": "automl", "task": "classification", "target_column_name": "y",
        "training": {"enable_stack_ensemble": "false"},
    }  # fmt: skip
    assert reasons(component) == ["automl is a service of Azure's, and has no counterpart here"]
    assert set(errors_of(f"type: automl\n{HEAD}task: bogus\n")) == {"task"}
    assert set(errors_of(f"type: automl\n{HEAD}")) == {"task"}


def test_an_import() -> None:
    component = component_of(
        f"type: import\n{HEAD}source: {{type: {{type: string}}, query: {{type: string}}}}\n"
        "output: {type: mltable}\n"
    )
    assert component.work == "external"
    assert component.body == {"type": "import"}
    assert component.outputs == {"output": Output("folder", native="mltable")}
    assert set(component.parameters) == {"type", "query"}
    assert set(errors_of(f"type: import\n{HEAD}")) == {"source", "output"}


def test_a_data_transfer() -> None:
    component = made("data_transfer", "task: copy_data\ndata_copy_mode: fail_if_conflict\n")
    assert component.work == "external"
    assert component.body == {
        "type": "data_transfer", "task": "copy_data", "data_copy_mode": "fail_if_conflict",
    }  # fmt: skip
    assert set(errors_of(f"type: data_transfer\n{HEAD}task: bogus\n")) == {"task"}


def test_a_component_within_a_file_has_its_paths_and_needs_no_name() -> None:
    text = "jobs:\n  train:\n    component:\n      type: command\n      command: x ${{inputs.a}}\n"
    node: Node = parse(text, "p.yaml")
    for name in ("jobs", "train", "component"):
        assert isinstance(node, Mapping)
        node = node.entries[name][1]
    assert isinstance(node, Mapping)
    reading = Reading("p.yaml")
    component = read_component(node, ("jobs", "train", "component"), reading, files_of(), "train")
    assert component.name == "train"
    assert [(fault.path, fault.line) for fault in reading.faults] == [
        ("jobs.train.component.environment", 4),
        ("jobs.train.component.command", 5),
    ]


def test_an_unknown_type_within_a_file_is_invalid() -> None:
    reading = Reading("p.yaml")
    root = parse("type: bogus\n", "p.yaml")
    assert read_component(root, ("jobs", "x"), reading, files_of(), "x") is INVALID
    assert [fault.path for fault in reading.faults] == ["jobs.x.type"]
    assert "there are: command, parallel" in reading.faults[0].message


def test_two_readings_of_one_text_are_equal_whatever_its_file() -> None:
    one, _ = read(COMMAND, file="a.yaml")
    other, _ = read(COMMAND, file="b.yaml")
    assert one == other
    assert one != replace(other, command="y")
