"""References replaced by what they stand for, bridges, and the one message on what is missing."""

from dataclasses import replace
from typing import Any

import pytest

from millwork.base.errors import BadRequest
from millwork.formats.azureml.component import read_azureml_component
from millwork.formats.azureml.findings import Files
from millwork.formats.azureml.references import Bridge, Bridges, References
from millwork.formats.azureml.resolve import resolve
from millwork.spec.document import Place, parse
from millwork.spec.model import (
    Code,
    Component,
    Definition,
    Environment,
    Input,
    LocalPath,
    Output,
    Parameter,
    Path,
    Pipeline,
    PipelineNode,
    Reference,
    Source,
)

pytestmark = pytest.mark.quick

SKLEARN = "azureml://registries/azureml/environments/sklearn-1.5/labels/latest"
REFERENCES = References(
    components={"azureml:train:1": "/c/train.yaml"},
    datasets={"azureml:taxi:1": "/d/taxi", "https://h/": "/d/web"},
    environments={"azureml:e:1": Environment("numpy\n", "3.10")},
)


def component(**fields: Any) -> Component:
    source = fields.pop("source", Source("train.yaml", "/at"))
    return Component("train", "1", "true", flavour="azureml-v2", source=source, **fields)


def pipeline(nodes: dict[str, PipelineNode], **fields: Any) -> Pipeline:
    return Pipeline("p", "1", nodes, flavour="azureml-v2", **fields)


def no_files(file: str) -> Definition:
    raise AssertionError(file)


def resolved(definition: Definition, **options: Any) -> Any:
    return resolve(definition, REFERENCES, Bridges(), no_files, **options)


def source(**lines: int) -> Source:
    """A source that knows the lines of paths; `__` stands between a path's parts."""
    places: dict[Path, Place] = {
        tuple(name.split("__")): Place(at, 1) for name, at in lines.items()
    }
    return Source("job.yaml", "/at", "", places)


@pytest.mark.parametrize("text", ["azureml:e:1", "e:1"])
def test_a_components_environment(text: str) -> None:
    found = resolved(component(body={"environment": text}))
    assert found.environment == Environment("numpy\n", "3.10")
    assert found.refusals == ()


def test_a_curated_environment() -> None:
    found = resolved(component(body={"environment": SKLEARN}))
    assert found.environment.requirements.startswith("scikit-learn==1.5")


def test_what_is_complete_stays_as_it_is() -> None:
    whole = component(environment=Environment("x"), body={"environment": "azureml:none:1"})
    assert resolved(whole) == whole
    assert resolved(component()) == component()
    assert resolved(component(body={"environment": {"image": "i"}})).refusals == ()
    nodes = {"a": PipelineNode("./a.yaml", {"x": LocalPath("d/x"), "y": Reference("inputs", "i")})}
    assert resolved(pipeline(nodes)) == pipeline(nodes)


def test_a_pipelines_data_and_components() -> None:
    nodes = {
        "a": PipelineNode(
            "azureml:train:1",
            {"x": LocalPath("azureml:taxi:1"), "y": LocalPath("https://h/a/b.csv?sig=1")},
        )
    }
    found = resolved(pipeline(nodes, data={"i": LocalPath("azureml:taxi:1")}))
    assert found.nodes["a"].component == "/c/train.yaml"
    assert found.nodes["a"].inputs == {"x": LocalPath("/d/taxi"), "y": LocalPath("/d/web/a/b.csv")}
    assert found.data == {"i": LocalPath("/d/taxi")}
    assert found.refusals == ()


def test_definitions_written_inline_are_resolved_as_well() -> None:
    inner = pipeline(
        {"b": PipelineNode("azureml:train:1"), "c": PipelineNode("")},
        definitions={"c": component(body={"environment": "azureml:e:1"})},
    )
    found = resolved(pipeline({"a": PipelineNode("")}, definitions={"a": inner}))
    assert found.definitions["a"].nodes["b"].component == "/c/train.yaml"
    assert found.definitions["a"].definitions["c"].environment.python == "3.10"


def sweep(trial: str) -> Component:
    body = {"trial": trial, "limits": {"max_total_trials": "3"}}
    ports = {"x": Input("any"), "own": Input("file")}
    return component(work="sweep", body=body, env={"A": "sweep"}, inputs=ports)


def test_a_sweeps_trial() -> None:
    trial = component(
        code=Code("src"), body={"environment": "azureml:e:1"}, env={"A": "trial", "B": "b"},
        inputs={"x": Input("folder")}, outputs={"y": Output("folder")},
        parameters={"rate": Parameter("Float")}, source=Source("/c/train.yaml", "/c"),
        refusals=("/c/train.yaml:1: no",),
    )  # fmt: skip
    found: Any = resolve(sweep("azureml:train:1"), REFERENCES, Bridges(), lambda _file: trial)
    assert (found.work, found.name, found.command) == ("sweep", "train", "true")
    assert found.body["trial"] == "/c/train.yaml"
    assert found.body["limits"] == {"max_total_trials": "3"}
    assert found.code == Code("/c/src")
    assert found.environment == Environment("numpy\n", "3.10")
    assert found.env == {"A": "sweep", "B": "b"}
    assert found.inputs == {"x": Input("folder"), "own": Input("file")}
    assert (found.outputs, found.parameters) == (trial.outputs, trial.parameters)
    assert found.refusals == ("/c/train.yaml:1: no",)


def test_a_trial_of_another_kind_is_told() -> None:
    other = component(work="distributed")
    found: Any = resolve(sweep("azureml:train:1"), REFERENCES, Bridges(), lambda _file: other)
    assert (found.work, found.body["trial_work"]) == ("sweep", "distributed")


def test_a_trial_that_is_not_there() -> None:
    missing = resolved(sweep("azureml:none:1"))
    assert '  component "azureml:none:1"' in missing.refusals[0].splitlines()
    assert missing.body["trial"] == "azureml:none:1"
    assert resolved(sweep("./t.yaml")) == sweep("./t.yaml")
    found = resolve(sweep("azureml:train:1"), REFERENCES, Bridges(), lambda _file: pipeline({}))
    reason = "the trial /c/train.yaml is no component that runs here"
    assert found.refusals == (f"train.yaml: train: {reason}",)


def test_all_that_is_missing_in_a_file_is_one_message() -> None:
    nodes = {
        "a": PipelineNode("azureml:other:1", {"x": LocalPath("https://web/x.csv?sig=secret")}),
        "b": PipelineNode("", {"y": LocalPath("azureml:none:2")}),
        "c": PipelineNode("azureml:other:1"),
    }
    inner = component(body={"environment": "azureml:env@latest"}, source=Source())
    lines = {
        "inputs__i": 3, "jobs__a": 5, "jobs__a__component": 6, "jobs__a__inputs__x": 8,
        "jobs__a__inputs__x__path": 9, "jobs__b": 11, "jobs__b__component": 12,
        "jobs__b__component__environment": 13, "jobs__c": 15, "jobs__c__component": 16,
    }  # fmt: skip
    found = resolved(
        pipeline(
            nodes,
            definitions={"b": inner},
            data={"i": LocalPath("azureml:none:1")},
            refusals=("job.yaml:1: already so",),
            source=source(**lines),
        )
    )
    assert found.definitions["b"].refusals == ()
    assert found.refusals[0] == "job.yaml:1: already so"
    assert found.refusals[1:] == (
        """\
job.yaml: 5 references have no entry in the reference map:
  line 3: data "azureml:none:1" (or give it to the run: -i i=PATH)
  line 6: component "azureml:other:1"
  line 9: data "https://web/x.csv"
  line 11: data "azureml:none:2"
  line 13: environment "azureml:env@latest"
Say what each stands for in $MILLWORK_HOME/settings.yaml:
references:
  components:
    "azureml:other:1": /path/of/its/component.yaml
  data:
    "azureml:none:1": /path/of/the/data
    "https://web/x.csv": /path/of/the/data
    "azureml:none:2": /path/of/the/data
  environments:
    "azureml:env@latest": {requirements: [package==1.0]}  # or a requirements.txt or conda file""",
    )


def test_one_missing_reference_of_a_component() -> None:
    found = resolved(component(body={"environment": 'azureml:"e":1'}, source=source(environment=7)))
    assert found.refusals[0].splitlines()[:2] == [
        "job.yaml: 1 reference has no entry in the reference map:",
        '  line 7: environment "azureml:\\"e\\":1"',
    ]


def test_data_that_the_run_gives_is_not_looked_for() -> None:
    data = {"i": LocalPath("azureml:none:1")}
    assert resolved(pipeline({}, data=data), given=("i",)).refusals == ()
    nodes = {"a": PipelineNode("", {"i": LocalPath("/d")})}
    inner = {"a": pipeline({}, data=data)}
    assert resolved(pipeline(nodes, definitions=inner)).refusals == ()


def external(type_name: str, ref_id: str = "", **fields: Any) -> Component:
    body: dict[str, Any] = {"type": type_name, "hemera": {"ref_id": ref_id}}
    return Component(
        "ext", "2", "", flavour="azureml-old", syntax="braces", work="external", body=body,
        inputs={"x": Input(native="CosmosStructuredStream")}, outputs={"y": Output()},
        parameters={"n": Parameter("Int", 1)}, source=source(type=2, hemera=4), **fields,
    )  # fmt: skip


def bridged(definition: Definition, bridge: Bridge, other: Definition | None = None) -> Any:
    def load(file: str) -> Definition:
        if other is None:
            raise BadRequest(f"cannot read {file}: gone")
        return other

    return resolve(definition, REFERENCES, Bridges({"HemeraComponent": bridge}), load)


def test_without_a_bridge_one_message_says_what_to_add() -> None:
    nodes = {"a": PipelineNode(""), "b": PipelineNode("")}
    definitions = {"a": external("HemeraComponent", "ab-12"), "b": external("ScopeComponent@1-x")}
    lines = source(jobs__a=3, jobs__b=9)
    found = resolved(pipeline(nodes, definitions=definitions, source=lines))
    assert found.refusals == (
        """\
job.yaml: no bridge is known for what runs on other systems only:
  line 3: HemeraComponent with ref_id ab-12
  line 9: ScopeComponent
Say what runs here in its place in $MILLWORK_HOME/settings.yaml:
bridges:
  "ab-12": /path/of/a/component.yaml  # or {command: ...}
  ScopeComponent: /path/of/a/component.yaml  # or {command: ...}""",
    )
    assert found.definitions["a"].work == "external"


def test_a_bridge_that_is_a_command() -> None:
    found = bridged(external("HemeraComponent"), Bridge(command="run {inputs.x} {outputs.y}"))
    assert (found.work, found.command, found.syntax) == (
        "command", "run {inputs.x} {outputs.y}", "braces",
    )  # fmt: skip
    assert found.inputs["x"].native == "CosmosStructuredStream"
    assert (found.name, found.refusals, found.body) == ("ext", (), {})


def test_a_bridge_that_is_a_component() -> None:
    other = Component(
        "mine", "1.0.0", "python x.py", image="i", code=Code("src", includes=("../lib", "/abs")),
        env={"A": "theirs", "B": "b"}, body={"environment": "azureml:e:1"},
        inputs={"x": Input("folder"), "more": Input("folder", required=False)},
        outputs={"y": Output("folder")},
        parameters={"n": Parameter("Float", 2.0), "extra": Parameter("Int", 3)},
        source=Source("b/c.yaml", "/b"), refusals=("b/c.yaml:1: no",),
    )  # fmt: skip
    original = external("HemeraComponent", env={"A": "ours", "C": "c"}, is_deterministic=False)
    found = bridged(original, Bridge(component="/b/c.yaml"), other)
    assert (found.name, found.version, found.work) == ("ext", "2", "command")
    assert (found.command, found.syntax, found.image) == ("python x.py", "shell", "i")
    assert found.code == Code("/b/src", includes=("/lib", "/abs"))
    assert found.environment == Environment("numpy\n", "3.10")
    assert found.inputs == {**original.inputs, "more": other.inputs["more"]}
    assert found.outputs == original.outputs
    assert found.parameters == {"n": Parameter("Int", 1), "extra": Parameter("Int", 3)}
    assert found.env == {"A": "theirs", "B": "b", "C": "c"}
    assert found.source == original.source
    assert not found.is_deterministic
    assert found.refusals == ("b/c.yaml:1: no",)


def test_code_elsewhere_than_in_a_folder_stays() -> None:
    other = component(code=Code("", git="https://h/r.git"), source=Source("c.yaml", "/b"))
    found = bridged(external("HemeraComponent"), Bridge(component="/b/c.yaml"), other)
    assert found.code == Code("", git="https://h/r.git")


@pytest.mark.parametrize(
    ("other", "reason"),
    [
        (None, "the bridge /b/c.yaml cannot be read: cannot read /b/c.yaml: gone"),
        (pipeline({}), "the bridge /b/c.yaml is no component that runs here"),
        (component(work="external"), "the bridge /b/c.yaml is no component that runs here"),
        (
            component(
                inputs={"z": Input(), "n": Input(required=False)},
                parameters={"x": Parameter("Int", 1), "m": Parameter("Int", required=True)},
                outputs={"w": Output()},
            ),
            (
                "the bridge /b/c.yaml asks for what it has not: input 'z', input 'n', "
                "parameter 'x', parameter 'm', output 'w'"
            ),
        ),
    ],
)
def test_a_bridge_that_cannot_be_taken(other: Definition | None, reason: str) -> None:
    found = bridged(external("HemeraComponent"), Bridge(component="/b/c.yaml"), other)
    assert found.refusals == (f"job.yaml: ext: {reason}",)
    assert found.work == "external"


def test_a_component_as_the_reader_gives_it() -> None:
    text = """\
name: ext
type: HemeraComponent@1-legacy
inputs: {x: {type: AnyFile}}
outputs: {y: {type: AnyDirectory}}
hemera: {ref_id: ab-12}
"""
    files = Files("/at", lambda _path: "folder", lambda _path: None)
    read, _ = read_azureml_component(parse(text, "h.yaml"), text, "h.yaml", files)
    refused = resolve(read, REFERENCES, Bridges(), no_files)
    assert "  HemeraComponent with ref_id ab-12" in refused.refusals[0].splitlines()
    bridges = Bridges({"AB-12": Bridge(command="run {inputs.x}")})
    found: Any = resolve(read, REFERENCES, bridges, no_files)
    assert (found.work, found.command, found.refusals) == ("command", "run {inputs.x}", ())


def test_v2_has_no_bridges() -> None:
    automl = replace(component(work="external"), refusals=("job.yaml:1: automl",))
    assert bridged(automl, Bridge(command="x")) == automl
