"""The old specification, every type and field of seed 002."""

from typing import Any

import pytest

from millwork.formats.azureml.kinds import is_azureml
from millwork.spec.document import parse
from millwork.spec.model import Code, Component, Environment, Input, Output, Parameter, Range
from tests.formats.azureml.probes import OLD
from tests.formats.azureml.reading import component_of, errors_of, files_of, read, warnings_of

pytestmark = pytest.mark.quick

HEAD = "name: company.x\nversion: 0.1\n"
PORTS = (
    "inputs:\n  a: {type: path}\n  n: {type: Integer, default: 2}\noutputs:\n  o: {type: path}\n"
)


def made(kind: str, rest: str) -> Component:
    text = f"type: {kind}\n{HEAD}{PORTS}{rest}"
    assert is_azureml(parse(text, "x.yaml"))
    return component_of(text)


def reasons(component: Component) -> list[str]:
    return [reason.split(": ", 2)[2] for reason in component.refusals]


def test_a_command_component() -> None:
    component, reading = read(OLD)
    assert reading.faults == []
    assert component == Component(
        "company.team.probe-one",
        "0.0.1",
        "python x.py --data {inputs.data} [--text {inputs.text}] --count {inputs.count} "
        "--rate {inputs.rate} --flag {inputs.flag} --choice {inputs.choice} --out {outputs.out}",
        flavour="azureml-old",
        syntax="braces",
        display_name="Probe",
        description="What it does",
        tags={"kind": "probe"},
        image="ubuntu:22.04",
        code=Code("."),
        environment=Environment("pandas", "3.10"),
        inputs={"data": Input("folder", True, (), "Rows", "AnyDirectory")},
        outputs={"out": Output("folder", native="AnyDirectory")},
        parameters={
            "text": Parameter("String", required=False),
            "count": Parameter("Int", 3, required=True, range=Range(1.0, 9.0)),
            "rate": Parameter("Float", 0.5, required=True),
            "flag": Parameter("Bool", False, required=True),
            "choice": Parameter("String", "a", required=True, enum=("a", "b")),
        },
    )
    assert component.source.text == OLD
    assert reading.places["inputs", "count", "default"].line > 0


@pytest.mark.parametrize(
    ("native", "expected"),
    [
        ("AnyFile", "file"), ("CsvFile", "file"), ("ZipFile", "file"), ("uri_file", "file"),
        ("AnyDirectory", "folder"), ("mltable", "folder"), ("uri_folder", "folder"),
        ("mlflow_model", "model"), ("custom_model", "model"), ("triton_model", "model"),
        ("path", "any"), ("DataFrameDirectory", "any"),
        ("ModelDirectory", "any"), ("CosmosStructuredStream", "any"), ("My Type", "any"),
        ("[AnyFile, ZipFile]", "file"), ("[AnyFile, AnyDirectory]", "any"),
    ],
)  # fmt: skip
def test_the_types_of_ports(native: str, expected: str) -> None:
    text = f"type: CommandComponent\n{HEAD}command: x\ninputs: {{a: {{type: {native}}}}}\n"
    port = component_of(text).inputs["a"]
    assert (port.type, port.native) == (expected, native.strip("[]"))


def test_a_dataset_is_a_value() -> None:
    text = f"type: CommandComponent\n{HEAD}command: x\ninputs: {{a: {{type: AzureMLDataset}}}}\n"
    assert component_of(text).parameters["a"].type == "String"


@pytest.mark.parametrize(
    ("native", "default", "expected"),
    [
        ("String", "1.10", ("String", "1.10")), ("string", "yes", ("String", "yes")),
        ("Integer", "7", ("Int", 7)), ("Int", "-3", ("Int", -3)), ("integer", "2.0", ("Int", 2)),
        ("Float", "1e-3", ("Float", 0.001)), ("Double", "1", ("Float", 1.0)),
        ("number", "1_000.5", ("Float", 1000.5)), ("Boolean", "True", ("Bool", True)),
        ("Boolean", "no", ("Bool", False)), ("Enum", "b", ("String", "b")),
        ("Integer", "0x10", ("Int", 16)),
    ],
)  # fmt: skip
def test_the_types_of_parameters(native: str, default: str, expected: tuple[str, object]) -> None:
    field = f"a: {{type: {native}, default: {default}}}"
    text = f"type: CommandComponent\n{HEAD}command: x\ninputs: {{{field}}}\n"
    parameter = component_of(text).parameters["a"]
    assert (parameter.type, parameter.default) == expected
    assert parameter.required


def test_the_fields_of_ports() -> None:
    text = f"""\
type: CommandComponent
{HEAD}
inputs:
  a: {{type: AnyFile, optional: true, datastore_mode: download, is_resource: true}}
outputs:
  b: {{type: AnyFile, datastore_mode: mount}}
  c: {{type: AnyDirectory, is_link_mode: true, datastore_mode: mount}}
  d: {{type: Integer}}
command: x [{{inputs.a}}]
successful_return_code: ZeroOrGreater
is_deterministic: false
environment_variables: {{A: b, N: 1, E: }}
"""
    component = component_of(text)
    assert component.inputs["a"] == Input("file", False, native="AnyFile", mode="download")
    assert component.outputs == {
        "b": Output("file", native="AnyFile", mode="mount"),
        "c": Output("folder", native="AnyDirectory", mode="link"),
        "d": Output("value", native="Integer"),
    }
    assert component.any_exit_code
    assert not component.is_deterministic
    assert component.env == {"A": "b", "N": "1", "E": ""}


def test_a_legacy_component_keeps_its_label_and_has_one_good_exit_code() -> None:
    component = made(
        "CommandComponent@1-legacy", "command: x\nsuccessful_return_code: ZeroOrGreater"
    )
    assert component.body == {"label": "1-legacy"}
    assert not component.any_exit_code


@pytest.mark.parametrize("name", ["azureml://Select Columns in Dataset", "ns://x"])
def test_a_legacy_name_is_loaded_and_refused(name: str) -> None:
    component = component_of(f"type: CommandComponent\nname: {name}\ncommand: x\n")
    assert reasons(component) == ["the legacy name of a module in a workspace"]
    assert component.refusals[0].startswith("component.yaml:2: name: ")
    assert "/" not in component.name


def test_a_component_without_a_name_is_called_after_its_file() -> None:
    text = "type: CommandComponent\ncommand: x\n"
    assert read(text, file="over/there/my step.yaml")[0].name == "my-step"


def test_a_distributed_component() -> None:
    component = made(
        "DistributedComponent@1-legacy",
        "launcher:\n  type: torch.distributed\n  additional_arguments: python t.py {inputs.a}\n",
    )
    assert (component.work, component.command) == ("distributed", "python t.py {inputs.a}")
    assert component.body["launcher"]["type"] == "torch.distributed"
    assert component.refusals == ()


def test_a_launcher_has_to_be_known_and_to_have_arguments() -> None:
    component = made("DistributedComponent", "command: python x.py\n")
    assert reasons(component)[:2] == [
        "'' is no launcher; there are: mpi, torch.distributed",
        "there is no command to run",
    ]


@pytest.mark.parametrize("data", ["a", "inputs.a", "['{inputs.a}']", "${{inputs.a}}"])
def test_a_parallel_component(data: str) -> None:
    component = made(
        "ParallelComponent",
        f"parallel:\n  input_data: {data}\n  output_data: outputs.o\n  entry: score.py\n"
        "  args: --n {inputs.n}\n",
    )
    assert component.work == "parallel"
    assert component.body == {
        "input_data": ("a",), "output_data": "o", "entry": "score.py", "args": "--n {inputs.n}",
    }  # fmt: skip
    assert reasons(component) == []


def test_a_parallel_component_that_names_what_there_is_not() -> None:
    component = made("ParallelComponent", "parallel: {input_data: x, output_data: y}\n")
    assert reasons(component)[:3] == [
        "a parallel component needs entry",
        "the component has no input 'x'",
        "the component has no output 'y'",
    ]


def test_a_spark_component() -> None:
    text = f"""\
$schema: https://componentsdk.azureedge.net/jsonschema/SparkComponent.json
type: spark
{HEAD}{PORTS}
code: ./src
entry: {{file: main.py}}
jars: one.jar
pyFiles: [a.py, b.zip]
files: [c.txt]
archives: [d.zip]
args: --in {{inputs.a}} --n {{inputs.n}} --out {{outputs.o}}
conf: {{spark.ui.enabled: false, driver_cores: 1}}
driver_memory: 2g
executor_cores: 2
executor_memory: 4g
number_executors: 3
identity: {{type: managed}}
"""
    component = component_of(text, files_of(folders=["src"]))
    assert component.work == "spark"
    assert component.body == {
        "entry": {"file": "main.py"},
        "py_files": ("a.py", "b.zip"),
        "jars": ("one.jar",),
        "files": ("c.txt",),
        "archives": ("d.zip",),
        "conf": {
            "spark.ui.enabled": "false", "spark.driver.cores": "1", "spark.driver.memory": "2g",
            "spark.executor.cores": "2", "spark.executor.memory": "4g",
            "spark.executor.instances": "3",
        },
        "args": "--in {inputs.a} --n {inputs.n} --out {outputs.o}",
    }  # fmt: skip
    assert component.code == Code("./src")
    assert component.refusals == ()
    assert warnings_of(text, files_of(folders=["src"])) == {
        "identity": "kept, and not used here: identity"
    }


def test_an_hdinsight_component() -> None:
    component = made(
        "HDInsightComponent",
        "hdinsight:\n  file: main.py\n  class_name: A\n  py_files: [p.py]\n  jars: j.jar\n"
        "  args: --in {inputs.a}\n  queue: q\n  name: session\n  driver_memory: 1g\n"
        "  conf: {spark.x: y}\n",
    )
    assert component.work == "hdinsight"
    assert component.body == {
        "entry": {"file": "main.py", "class_name": "A"},
        "py_files": ("p.py",),
        "jars": ("j.jar",),
        "conf": {"spark.x": "y", "spark.driver.memory": "1g"},
        "args": "--in {inputs.a}",
        "queue": "q",
        "name": "session",
    }
    assert component.refusals == ()
    assert reasons(made("HDInsightComponent", "")) == ["there is no file to run"]


SCOPE = """\
scope:
  script: convert.script
  args: RAW {inputs.a} OUT {outputs.o}
  adla_account_name: acc
  scope_param: -tokens 50
  custom_job_name_suffix: s
"""
EXTERNAL: dict[str, tuple[str, dict[str, Any], str]] = {
    "ScopeComponent": (
        SCOPE,
        {
            "script": "convert.script", "args": "RAW {inputs.a} OUT {outputs.o}",
            "adla_account_name": "acc", "scope_param": "-tokens 50", "custom_job_name_suffix": "s",
        },
        "",
    ),
    "HemeraComponent": ("hemera: {ref_id: 1-2}\n", {"ref_id": "1-2"}, ""),
    "StarliteComponent": (
        "command: run {inputs.a}\nstarlite: {ref_id: 1-2}\n", {"ref_id": "1-2"}, "run {inputs.a}",
    ),
    "AE365ExePoolComponent": (
        "command: cax.exe {inputs.a}\nae365exepool: {ref_id: 1-2}\n", {"ref_id": "1-2"},
        "cax.exe {inputs.a}",
    ),
    "AetherBridgeComponent": (
        "command: mock {inputs.a}\naether: {module_type: ScrapingCloud, ref_id: 1-2}\n",
        {"module_type": "ScrapingCloud", "ref_id": "1-2"}, "mock {inputs.a}",
    ),
    "DataTransferComponent": (
        "datatransfer: {cloud_type: aether, allow_overwrite: true}\n",
        {"cloud_type": "aether", "allow_overwrite": "true"}, "",
    ),
    "IntellectualPropertyProtectedComponent": (
        "command: x {inputs.a}\nprotection: {level: all}\n", {"protection": {"level": "all"}},
        "x {inputs.a}",
    ),
    "hemera": ("hemera: {ref_id: 1-2}\n", {"ref_id": "1-2"}, ""),
}  # fmt: skip


@pytest.mark.parametrize("kind", EXTERNAL)
def test_a_component_of_another_system_is_kept_whole(kind: str) -> None:
    rest, body, command = EXTERNAL[kind]
    component = made(kind, rest)
    assert component.work == "external"
    assert component.body == {"type": kind, **body}
    assert component.command == command
    assert component.refusals == ()
    assert set(component.inputs) == {"a"}
    assert set(component.parameters) == {"n"}


def test_aetherbridge_may_be_called_by_its_other_name() -> None:
    rest = "command: x\naetherbridge: {module_type: M, ref_id: 1}\n"
    body = made("AetherBridgeComponent", rest).body
    assert body == {"type": "AetherBridgeComponent", "module_type": "M", "ref_id": "1"}


@pytest.mark.parametrize(
    ("kind", "missing"),
    [
        ("ScopeComponent", ["script", "args"]),
        ("HemeraComponent", ["ref_id"]),
        ("StarliteComponent", ["ref_id", "a command"]),
        ("AE365ExePoolComponent", ["ref_id"]),
        ("AetherBridgeComponent", ["module_type", "ref_id", "a command"]),
    ],
)
def test_what_another_system_needs_is_told(kind: str, missing: list[str]) -> None:
    assert reasons(made(kind, "")) == [f"a {kind} needs {name}" for name in missing]


def test_scope_takes_nothing_before_or_after_a_placeholder() -> None:
    scope = "scope: {script: s, args: 'A {inputs.a}.tsv B x{outputs.o} C {outputs.o}'}\n"
    assert reasons(made("ScopeComponent", scope)) == [
        "'{inputs.a}.tsv': Scope takes no text before or after a placeholder",
        "'x{outputs.o}': Scope takes no text before or after a placeholder",
    ]


def test_a_placeholder_in_any_section_has_to_be_declared() -> None:
    text = f"type: ScopeComponent\n{HEAD}{PORTS}scope: {{script: s, args: 'A {{inputs.b}}'}}\n"
    assert errors_of(text) == {"scope.args": "inputs.b is not declared; inputs: a, n"}


def test_the_list_of_includes_beside_the_file() -> None:
    files = files_of(
        {"spec.additional_includes": "../common/\n\n../data.zip\n", "../common/env.yml": ""},
        ["../common", "../data"],
    )
    text = (
        f"type: CommandComponent\n{HEAD}command: x\nenvironment:\n"
        "  conda: {conda_dependencies_file: common/env.yml}\n"
    )
    component, reading = read(text, files, "spec.yaml")
    assert component.code == Code(".", includes=("../common/", "../data.zip"))
    assert [fault.path for fault in reading.faults] == ["environment.conda.conda_dependencies_file"]


def test_the_list_of_includes_may_be_yaml() -> None:
    files = files_of(
        {"component.additional_includes": "additional_includes:\n- ../a\n- {type: artifact}\n"},
        ["../a"],
    )
    component = component_of(f"type: CommandComponent\n{HEAD}command: x\n", files)
    assert component.code.includes == ("../a",)
    assert reasons(component) == ["only files and folders are included here, no artifacts"]


@pytest.mark.parametrize(
    ("listed", "message"),
    [
        ("../nowhere\n", "there is no ../nowhere to include"),
        ("../own\n", "the code has its own own, which ../own would replace"),
    ],
)
def test_what_is_included_has_to_be_there_and_not_in_the_way(listed: str, message: str) -> None:
    files = files_of({"component.additional_includes": listed}, ["../own", "own"])
    text = f"type: CommandComponent\n{HEAD}command: x\n"
    assert errors_of(text, files) == {"additional_includes[0]": message}


def test_a_key_that_stands_twice_is_told_and_the_last_counts() -> None:
    text = f"type: CommandComponent\n{HEAD}command: x\ncommand: y\n"
    component, reading = read(text)
    assert component.command == "y"
    assert [(fault.severity, fault.line, fault.message) for fault in reading.faults] == [
        ("warning", 5, "the key 'command' stands twice (first on line 4); this one counts")
    ]


def test_all_faults_are_told_at_once() -> None:
    text = """\
type: CommandComponent
name: x
version: 1
is_deterministic: perhaps
inputs:
  a-b: {type: AnyFile}
  c: {type: AnyFile, default: x, bogus: 1}
code: ./nowhere
environment: {os: solaris, conda: {conda_dependencies_file: no.yml}}
command: x {inputs.d}
"""
    assert set(errors_of(text)) == {
        "is_deterministic", "inputs.a-b", "inputs.c.default", "inputs.c.bogus", "code",
        "environment.os", "environment.conda.conda_dependencies_file", "command",
    }  # fmt: skip
