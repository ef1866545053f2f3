"""Texts in other dialects: what a server converts, without a file or a run."""

from __future__ import annotations

import json
from contextlib import suppress
from dataclasses import replace
from typing import TYPE_CHECKING, Any, get_args, get_type_hints

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from millwork.access.verbs import VERBS
from millwork.actions.builtins import builtin_tree
from millwork.actions.convert import TARGETS, convert_text
from millwork.actions.dialects import read_text as read_any
from millwork.actions.dialects import split_reason
from millwork.actions.nouns import conversions
from millwork.base.errors import BadRequest
from millwork.catalogue.templates import NAMES as TEMPLATES
from millwork.catalogue.templates import template_file
from millwork.spec import values
from millwork.spec.document import PIPELINE_LIMITS
from millwork.spec.model import Component, Definition, Pipeline, PipelineNode, Reference, Source
from millwork.spec.reader import read_text
from millwork.spec.writer import to_document, to_text
from tests.conftest import EXAMPLES
from tests.formats.drafts import draft, node
from tests.formats.graphs import graphs
from tests.spec.definitions import components, pipelines

if TYPE_CHECKING:
    from pathlib import Path

    from tests.conftest import Millwork

pytestmark = [pytest.mark.quick, pytest.mark.long]

lawful = settings(
    max_examples=40,
    derandomize=True,
    deadline=None,
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large],
)
PIPELINE = """\
apiVersion: millwork/v1
kind: Pipeline
name: flow
version: 1.0.0
inputs: {rows: {type: table}}
nodes:
  cut:
    component: builtin:split_rows
    inputs: {table: {from: inputs.rows}}
    parameters: {fraction: 0.7}
  mine: {component: ../../etc/hosts, inputs: {rows: {from: cut.first}}}
layout: {cut: [0, 0], mine: [0, 120]}
"""
AZURE = """\
$schema: https://azuremlschemas.azureedge.net/latest/commandComponent.schema.json
type: command
name: train
version: 1
inputs: {x: {type: string}}
code: ./nowhere
command: echo ${{inputs.x}}
environment: {image: "python:3.11"}
"""
AZURE_JOB = """\
type: pipeline
inputs: {rows: {type: uri_folder}}
jobs:
  a: {type: command, component: ./nowhere.yml, inputs: {rows: "${{parent.inputs.rows}}"}}
"""
MANIFEST = """\
apiVersion: core/v1
metadata: {identifier: flow, provider: pai}
spec:
  pipelines:
  - metadata: {identifier: split, name: cut, provider: pai}
    spec: {arguments: {parameters: [{name: fraction, value: "0.5"}]}}
"""
PAI = json.dumps({"AlgorithmName": "a", "AlgorithmSpec": {"Command": ["echo"], "JobType": "TFJob"}})
LINES = "--odps\nPAI -name split -DinputTableName=t -Doutput1TableName=u -Dfraction=0.5;"
FUNCTION = "def f(a: int = 1) -> int:\n    return a\n"
TEXTS = {
    "millwork": PIPELINE, "azureml-v2": AZURE_JOB, "pai": PAI, "pai-lines": LINES,
    "pai-designer": json.dumps(draft([node("cut", "split")], [])), "paiflow": MANIFEST,
    "dataworks": json.dumps({"name": "n", "paiflowPipeline": MANIFEST}), "python": FUNCTION,
}  # fmt: skip


def ask(text: str, to: Any, name: str = "") -> Any:
    call: Any = None
    return conversions.create(call, text, to, name)


def of(text: str) -> Definition:
    return replace(read_text(text, "x.yaml")[0], source=Source())


def pipeline_of(text: str) -> Pipeline:
    read = of(text)
    assert isinstance(read, Pipeline)
    return read


def component_of(text: str) -> Component:
    read = of(text)
    assert isinstance(read, Component)
    return read


# --- what it is -----------------------------------------------------------------------------------


@pytest.mark.parametrize("dialect", TEXTS)
def test_a_dialect_is_known_by_its_text(dialect: str) -> None:
    made = ask(TEXTS[dialect], "millwork")
    assert made["from"] == dialect
    assert of(made["text"])


def test_lines_are_told_from_fields() -> None:
    text = '-- author: me\n-- about: it\nPAI -name split -DinputTableName="a: b";\n'
    assert ask(text, "millwork")["from"] == "pai-lines"
    quoted = PIPELINE + "description: |\n  PAI -name split -DinputTableName=t;\n"
    assert ask(quoted, "millwork")["from"] == "millwork"


def test_the_old_flavour_is_told_apart() -> None:
    old = "$schema: x/CommandComponent.json\ntype: CommandComponent\nname: a\nversion: 1.0.0\n"
    old += "command: echo\nenvironment: {docker: {image: x}}\n"
    assert (ask(old, "millwork")["from"], ask(AZURE, "millwork")["from"]) == (
        "azureml-old", "azureml-v2",
    )  # fmt: skip


@pytest.mark.parametrize(
    ("text", "to", "said"),
    [
        ("", "json", "text:1:1: error: the file is empty"),
        ("- a", "json", "expected a mapping of fields"),
        ("a: 1", "json", "it is none of: a component or pipeline of Millwork or Azure ML, PAI's"),
        ("{", "json", "not YAML"),
        ('{"name": "p", "nodes": {}}', "json", "it is none of: "),
        ("a: \0", "json", "UTF-8 text"),
        (PIPELINE, "component", "only a Python function becomes a component, and this is millwork"),
        (PIPELINE, "pai", "'flow' is a pipeline; PAI's AlgorithmSpec is one component"),
        (PIPELINE, "docx", "there is no flavour 'docx'"),
        (AZURE, "pai-designer", "'train' is a component; a draft of PAI's Designer is a pipeline"),
        (LINES.replace("split", "nothing"), "json", "no built-in component is PAI's 'nothing'"),
        ("apiVersion: core/v1", "json", "metadata: missing"),
        ("apiVersion: core/v2", "json", "apiVersion"),
        (PIPELINE + "name: again\n", "json", "the key 'name' stands twice"),
        ("x" * (PIPELINE_LIMITS.size + 1), "json", "at most 8 MB"),
    ],
)
def test_what_cannot_be_converted_is_refused(text: str, to: str, said: str) -> None:
    with pytest.raises(BadRequest) as caught:
        ask(text, to)
    assert said in str(caught.value)


def test_a_pipeline_with_faults_is_converted_too() -> None:
    text = PIPELINE.replace("split_rows", "nothing").replace("cut.first", "cut.third")
    for to in ("json", "pai-designer", "python", "azureml-v2"):
        assert "nothing" in ask(text, to)["text"]
    text = PIPELINE.replace("0.7", "much")
    for to in ("json", "pai-designer", "python", "azureml-v2"):
        assert "much" in ask(text, to)["text"]


def test_faults_name_the_file() -> None:
    with pytest.raises(BadRequest, match=r"flow\.json:1:1"):
        ask("{}", "json", "flow.json")


# --- nothing is run, and no file read -------------------------------------------------------------


def test_paths_stay_as_they_are_and_are_not_followed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "nowhere.yml").write_text("spoilt: [")
    (tmp_path / "nowhere").mkdir()
    written = pipeline_of(ask(PIPELINE, "json")["text"])
    assert written.nodes["mine"].component == "../../etc/hosts"
    made = ask(AZURE_JOB, "millwork")
    assert pipeline_of(made["text"]).nodes["a"].component == "./nowhere.yml"
    assert component_of(ask(AZURE, "millwork")["text"]).code.path == "./nowhere"


def test_the_verb_is_anybodys_who_is_known() -> None:
    verb = VERBS["conversions.create"]
    assert (verb.method, verb.path, verb.needs) == ("POST", "/conversions", "person")
    words = get_args(get_type_hints(conversions.create)["to"])
    assert set(words) == {*TARGETS, "component"}


def test_a_function_becomes_a_component_with_its_code() -> None:
    made = ask(FUNCTION, "component", "twice.py")
    assert made["losses"] == []
    assert sorted(made["files"]) == [
        "millwork_step.json", "millwork_step.py", "requirements.txt", "twice.py",
    ]  # fmt: skip
    assert made["files"]["twice.py"] == FUNCTION
    assert component_of(made["text"]).command == "python millwork_step.py twice:f"


def test_losses_have_a_path_and_a_reason() -> None:
    losses = {loss["path"]: loss["reason"] for loss in ask(PIPELINE, "pai-designer")["losses"]}
    assert losses == {"nodes.mine.component": "PAI has no component like ../../etc/hosts"}
    lost = {loss["path"] for loss in ask(PIPELINE, "azureml-v2")["losses"]}
    assert lost == {"inputs.rows.type", "nodes.cut.component", "layout"}
    assert ask(LINES + "\nselect 1;", "millwork")["losses"][-1]["path"] == "line 3"


def test_reasons_are_taken_apart() -> None:
    assert split_reason("a.b[0].c: why: so") == ("a.b[0].c", "why: so")
    assert split_reason("line 3: it is left out") == ("line 3", "it is left out")
    assert split_reason("nothing of it: all") == ("", "nothing of it: all")


# --- there and back -------------------------------------------------------------------------------


@given(components() | pipelines())
@lawful
def test_yaml_and_json_are_the_same_document(definition: Definition) -> None:
    text = to_text(definition)
    made = ask(text, "json")
    assert (made["losses"], made["from"]) == ([], "millwork")
    assert json.loads(made["text"]) == json.loads(json.dumps(to_document(definition)))
    assert ask(made["text"], "millwork")["text"] == text
    assert (ask(text, "millwork")["text"], ask(made["text"], "json")["text"]) == (
        text, made["text"],
    )  # fmt: skip


@pytest.mark.parametrize("name", TEMPLATES)
def test_templates_come_back_from_azure_ml(name: str) -> None:
    with open(template_file(name), encoding="utf-8") as file:
        text = file.read()
    there = ask(text, "azureml-v2")
    back = of(ask(there["text"], "millwork")["text"])
    lost = {loss["path"] for loss in there["losses"]}
    assert _bare(back, {}) == _bare(of(text), _renamed(of(text), back))
    assert lost >= {"layout"}


@given(graphs())
@lawful
def test_any_graph_of_built_ins_comes_back_from_azure_ml(pipeline: Pipeline) -> None:
    there = ask(to_text(pipeline), "azureml-v2")
    back = of(ask(there["text"], "millwork")["text"])
    assert _bare(back, {}) == _bare(pipeline, {})
    (port,) = pipeline.inputs
    nodes = {f"nodes.{name}.component" for name in pipeline.nodes}
    lost = {loss["path"] for loss in there["losses"]}
    assert lost == {f"inputs.{port}.type", "layout", *nodes}


@given(graphs())
@lawful
def test_any_graph_of_built_ins_comes_back_from_a_draft(pipeline: Pipeline) -> None:
    there = ask(to_text(pipeline), "pai-designer")
    back = of(ask(there["text"], "millwork")["text"])
    assert isinstance(back, Pipeline)
    bare = replace(pipeline, outputs={})
    assert (_bare(back, {}), back.inputs, back.layout) == (
        _bare(bare, {}), pipeline.inputs, pipeline.layout,
    )  # fmt: skip
    lost = {loss["path"] for loss in there["losses"]}
    own = {f"nodes.{name}.parameters.{word}" for name, node in pipeline.nodes.items()
           for word in node.parameters if word in ("method", "column")}  # fmt: skip
    other = {f"nodes.{name}.component" for name, node in pipeline.nodes.items()
             if node.component != "builtin:split_rows"}  # fmt: skip
    assert lost == own | other | ({"outputs"} if pipeline.outputs else set())


def _renamed(pipeline: Definition, back: Definition) -> dict[str, str]:
    assert isinstance(pipeline, Pipeline)
    assert isinstance(back, Pipeline)
    return dict(zip(pipeline.nodes, back.nodes, strict=True))


def _bare(definition: Definition, names: dict[str, str]) -> Any:
    """The graph, with nodes by their new names and values of their types."""
    assert isinstance(definition, Pipeline)
    nodes: dict[str, PipelineNode] = {}
    for name, each in definition.nodes.items():
        known = builtin_tree(each.component).parameters
        nodes[names.get(name, name)] = replace(
            each,
            inputs={port: _wire(wire, names) for port, wire in each.inputs.items()},
            parameters={
                word: _wire(value, names)
                if isinstance(value, Reference)
                else values.convert(known[word], value)
                for word, value in each.parameters.items()
            },
        )
    outputs = {name: _wire(wire, names) for name, wire in definition.outputs.items()}
    return nodes, outputs, definition.parameters, definition.description, definition.tags


def _wire(wire: Any, names: dict[str, str]) -> Any:
    return Reference(names.get(wire.owner, wire.owner), wire.name)


@pytest.mark.parametrize("to", TARGETS)
@pytest.mark.parametrize("name", [*TEMPLATES, "flights"])
def test_every_pipeline_goes_everywhere_or_is_refused_in_words(name: str, to: str) -> None:
    path = EXAMPLES / "flights/pipeline.yaml" if name == "flights" else template_file(name)
    with open(path, encoding="utf-8") as file:
        text = file.read()
    if to in ("pai", "azureml-old"):
        with pytest.raises(BadRequest, match="is a pipeline"):
            ask(text, to)
        return
    made = ask(text, to)
    assert made["text"]
    assert all(loss["reason"] for loss in made["losses"])
    if to != "python":
        assert read_any(made["text"], "x").tree.definition.name.replace("_", "-") == (of(text).name)


# --- bad input ------------------------------------------------------------------------------------

BAD = st.sampled_from(
    ["", "{", "}", "[", ":", " ", "\n", "\t", "'", '"', "0", "null", "${{", "{{", "&a ", "*a", "<<",
     "\0", "\ud800", "pai:", "builtin:x", "nodes", "jobs", "\n- ", "PAI -name"]
)  # fmt: skip


@given(st.sampled_from([*TEXTS.values(), AZURE]), st.sampled_from(TARGETS), st.data())
@settings(lawful, max_examples=600)
def test_spoilt_texts_are_converted_or_refused(text: str, to: str, data: st.DataObject) -> None:
    for _ in range(data.draw(st.integers(1, 3))):
        start = data.draw(st.integers(0, len(text)))
        text = text[:start] + data.draw(BAD) + text[start + data.draw(st.integers(0, 9)) :]
    with suppress(BadRequest):
        made, _ = convert_text(text, to, "x")
        assert made.text


@given(pipelines(), st.sampled_from(TARGETS))
@lawful
def test_any_pipeline_is_converted_or_refused(pipeline: Pipeline, to: str) -> None:
    with suppress(BadRequest):
        convert_text(to_text(pipeline), to, "x.yaml")


@given(components(), st.sampled_from(TARGETS))
@lawful
def test_any_component_is_converted_or_refused(component: Component, to: str) -> None:
    with suppress(BadRequest):
        convert_text(to_text(component), to, "x.yaml")


def test_a_text_that_is_too_deep_or_too_large_is_refused() -> None:
    for text in ("[" * 10_000, '{"nodes": ' + "[" * 1000, "a: " + "{a: " * 100):
        with pytest.raises(BadRequest):
            ask(text, "json")
    with pytest.raises(BadRequest, match="too many nodes"):
        ask(json.dumps({"nodes": [0] * 600_000}), "json")


# --- the command ----------------------------------------------------------------------------------


def test_the_command_writes_every_file(millwork: Millwork, tmp_path: Path) -> None:
    (tmp_path / "f.py").write_text(FUNCTION)
    (tmp_path / "code").mkdir()
    assert millwork("convert", "f.py", "-o", "code/component.yaml").code == 0
    assert sorted(path.name for path in (tmp_path / "code").iterdir()) == [
        "component.yaml", "f.py", "millwork_step.json", "millwork_step.py", "requirements.txt",
    ]  # fmt: skip
    assert millwork("validate", "code/component.yaml").code == 0
    again = millwork("convert", "f.py", "-o", "code/component.yaml")
    assert (again.code, "is there already" in again.err) == (2, True)
    (tmp_path / "code/f.py").write_text("mine")
    refused = millwork("convert", "f.py", "-o", "code/other.yaml")
    assert (refused.code, "f.py is there already" in refused.err) == (2, True)
    assert (tmp_path / "code/f.py").read_text() == "mine"


def test_the_command_reads_drafts(millwork: Millwork, tmp_path: Path) -> None:
    (tmp_path / "d.json").write_text(TEXTS["pai-designer"])
    done = millwork("convert", "d.json")
    assert done.code == 0
    assert "component: builtin:split_rows" in done.out
    assert "millwork: not carried over: nodes.cut.inputs.table: " in done.err
