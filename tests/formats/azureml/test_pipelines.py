"""Pipeline jobs and pipeline components of v2, whose jobs name their components."""

from pathlib import Path

import pytest

from millwork.formats.azureml.pipeline import is_job, read_azureml_pipeline
from millwork.spec.document import parse
from millwork.spec.model import (
    Input,
    LocalPath,
    Parameter,
    Pipeline,
    Range,
    Reference,
    ReplicaGroup,
)
from tests.corpus import CORPUS, INDEX, needs_corpus
from tests.formats.azureml.jobs import FILES, JOB, STEP, changed, given
from tests.formats.azureml.wired import (
    NO_CODE,
    errors_of,
    pipeline_of,
    read,
    settled,
    warnings_of,
)

pytestmark = pytest.mark.quick


def test_a_pipeline_job_is_read() -> None:
    pipeline = pipeline_of(JOB)
    assert pipeline.flavour == "azureml-v2"
    assert pipeline.inputs == {"data": Input("folder", native="uri_folder", mode="download")}
    assert pipeline.data == {"data": LocalPath("./data")}
    assert pipeline.parameters == {"x": Parameter("Int", 1, required=True)}
    assert pipeline.outputs == {"p": Reference("a", "o")}
    a, b = pipeline.nodes.values()
    assert (a.component, b.component) == ("./step.yaml", "./step.yaml")
    assert a.inputs == {"data": Reference("inputs", "data")}
    assert a.parameters == {"n": Reference("parameters", "x")}
    assert b.inputs == {"data": Reference("a", "o")}
    assert b.parameters == {"word": "plain"}
    assert settled(JOB, FILES)[1] == {}


def test_the_text_and_places_are_kept() -> None:
    pipeline, _ = read(JOB)
    assert pipeline.source.text == JOB
    assert pipeline.source.places["jobs", "b", "inputs", "word"].line == 18


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("3", Parameter("Int", 3, required=True)),
        ("-0.5", Parameter("Float", -0.5, required=True)),
        ("True", Parameter("Bool", True, required=True)),
        ("no", Parameter("Bool", False, required=True)),
        ("'3'", Parameter("String", "3", required=True)),
        ("cpu-cluster", Parameter("String", "cpu-cluster", required=True)),
        ("{value: 3}", Parameter("Int", 3, required=True)),
        (
            "{type: integer, default: 2, min: 1, max: 9, optional: true, description: d}",
            Parameter("Int", 2, range=Range(1, 9), description="d"),
        ),
        (
            "{type: string, enum: [a, b]}",
            Parameter("String", required=True, enum=("a", "b")),
        ),
    ],
)
def test_values_are_parameters_of_the_type_that_they_have(text: str, expected: Parameter) -> None:
    assert pipeline_of(changed("x: 1", f"x: {text}")).parameters["x"] == expected


def test_a_value_that_only_unused_fields_name_need_not_be_given() -> None:
    text = JOB.replace("x: 1", "x: 1\n  pool: {type: string}").replace(
        "component: ./step", "compute: ${{parent.inputs.pool}}\n    component: ./step"
    )
    assert pipeline_of(text).parameters["pool"] == Parameter("String")


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("{type: uri_folder, path: ./d}", LocalPath("./d")),
        ("{path: file:./d, mode: ro_mount}", LocalPath("./d")),
        ("{type: mltable, path: azureml:names@latest}", LocalPath("azureml:names@latest")),
        ("{path: azureml://datastores/s/paths/d}", LocalPath("azureml://datastores/s/paths/d")),
        ("{type: uri_file, path: '${{parent.inputs.data}}'}", Reference("inputs", "data")),
        ("'${{parent.jobs.a.outputs.o}}'", Reference("a", "o")),
        ("'${{ parent.jobs.a.outputs.artifacts }}'", Reference("a", "artifacts")),
        ("'${{jobs.a.outputs.o}}'", Reference("a", "o")),
        ("'${{inputs.data}}'", Reference("inputs", "data")),
    ],
)
def test_what_an_input_may_be_given(text: str, expected: object) -> None:
    assert pipeline_of(given(f"{{data: {text}}}")).nodes["b"].inputs == {"data": expected}


def test_the_early_dialect_binds_outputs_without_parent() -> None:
    text = changed("${{parent.outputs.p}}", "${{outputs.p}}")
    assert pipeline_of(text).outputs == {"p": Reference("a", "o")}


def test_an_output_of_the_pipeline_may_name_the_jobs() -> None:
    text = JOB.replace("p: {type: uri_folder}", "p: ${{parent.jobs.b.outputs.o}}")
    text = text.replace("    outputs:\n      o: ${{parent.outputs.p}}\n", "")
    assert pipeline_of(text).outputs == {"p": Reference("b", "o")}


def test_names_of_groups_have_dots() -> None:
    text = JOB.replace("x: 1", "x.y: 1").replace("parent.inputs.x", "parent.inputs.x.y")
    assert pipeline_of(text).nodes["a"].parameters == {"n": Reference("parameters", "x.y")}


def test_faults_come_all_at_once_with_suggestions() -> None:
    text = given("{data: '${{parent.jobs.aa.outputs.o}}', n: '${{parent.inputs.dat}}'}")
    assert errors_of(text.replace("type: command", "type: comand")) == {
        "jobs.a.type": "there is no type 'comand' of jobs; did you mean 'command'?",
        "jobs.b.inputs.n": "the pipeline has no input 'dat'; did you mean 'data'?",
        "jobs.b.inputs.data": "there is no node 'aa'",
    }


@pytest.mark.parametrize(
    "text",
    [
        "type: pipeline\njobs: []",
        "type: pipeline\njobs: {a: 3}",
        "type: pipeline\njobs: {a: {component: []}}",
        "type: pipeline\njobs: {a: {component: ''}}",
        "type: pipeline\njobs: {a: {component: ./a, inputs: [1]}}",
        "type: pipeline\njobs: {a: {component: ./a, outputs: {o: text}}}",
        "type: pipeline\njobs: {a: {component: ./a, outputs: {o: []}}}",
        "type: pipeline\njobs: {a: {component: ./a, resources: 3}}",
        "type: pipeline\njobs: {a: {component: ./a, limits: 3}}",
        "type: pipeline\njobs: {a: {component: ./a, environment_variables: []}}",
        "type: pipeline\njobs: {a: {component: ./a, inputs: {i: {path: []}}}}",
        "type: pipeline\nsettings: 3\njobs: {a: {component: ./a}}",
        "type: pipeline\ntags: {a: []}\njobs: {a: {component: ./a}}",
        "type: pipeline\nname: []\njobs: {a: {component: ./a}}",
        "type: pipeline\ninputs: {i: {default: 3}}\njobs: {a: {component: ./a}}",
    ],
)
def test_what_is_no_pipeline_is_told(text: str) -> None:
    assert errors_of(text)


def test_what_a_run_uses_of_a_job() -> None:
    text = JOB + "    limits: {timeout: 90}\n    environment_variables: {A: 1, B: two}\n"
    node = pipeline_of(text + "    resources: {instance_count: 3, shm_size: 2g}").nodes["b"]
    assert node.timeout == 90
    assert node.env == {"A": "1", "B": "two"}
    assert node.replicas == {"": ReplicaGroup(3)}


def test_what_means_nothing_here_is_named_once() -> None:
    text = JOB.replace("component: ./step", "compute: azureml:c\n    component: ./step") + (
        "    identity: {type: aml_token}\n    resources: {instance_type: s, instance_count: 1}\n"
        "compute: azureml:d\nservices: {}\n"
        "settings: {default_datastore: azureml:s, continue_on_step_failure: true,"
        " force_rerun: false}"
    )
    assert warnings_of(text) == {
        "compute": "compute, services, default_datastore, identity and instance_type are kept, "
        "not used here"
    }


@pytest.mark.parametrize(
    ("settings", "named"),
    [
        ("continue_on_step_failure: true", False),
        ("continue_on_step_failure: false", True),
        ("force_rerun: true", True),
        ("force_rerun: false", False),
    ],
)
def test_settings_that_differ_from_what_is_done_here_are_named(settings: str, named: bool) -> None:
    said = warnings_of(JOB + f"settings: {{{settings}}}")
    assert bool(said) is named


def test_the_head_is_kept() -> None:
    head = "name: p\nversion: 1.10\ndisplay_name: P\ndescription: Does.\nexperiment_name: e\n"
    pipeline = pipeline_of(JOB + head + "tags: {who: me, none: }")
    assert (pipeline.name, pipeline.version, pipeline.display_name) == ("p", "1.10", "P")
    assert (pipeline.description, pipeline.experiment) == ("Does.", "e")
    assert pipeline.tags == {"who": "me", "none": ""}


@pytest.mark.parametrize(
    ("output", "name"),
    [
        ("{type: uri_file, path: ./out/rows.csv}", "rows.csv"),
        ("{path: 'azureml://datastores/s/paths/${{name}}/rows.csv'}", "rows.csv"),
        ("{type: uri_folder, path: ./out/rows}", ""),
        ("{type: uri_file, path: ./out/}", ""),
        ("{type: uri_file, path: './out/${{name}}'}", ""),
        ("{type: uri_file, path: ./out/..}", ""),
    ],
)
def test_the_name_of_a_file_is_the_one_at_the_end_of_its_path(output: str, name: str) -> None:
    by_job = pipeline_of(JOB + f"    outputs: {{f: {output}}}")
    assert by_job.nodes["b"].file_names == ({"f": name} if name else {})
    text = changed("p: {type: uri_folder}", f"p: {output}").replace("      o: $", "      f: $")
    assert pipeline_of(text).nodes["a"].file_names == ({"f": name} if name else {})


def test_only_an_output_of_one_file_has_the_files_name() -> None:
    text = JOB + "    outputs: {f: {path: ./rows.csv}, o: {path: ./rows}}"
    assert pipeline_of(text).nodes["b"].file_names == {"f": "rows.csv", "o": "rows"}
    tree, _ = settled(text, FILES)
    assert isinstance(tree.definition, Pipeline)
    assert tree.definition.nodes["b"].file_names == {"f": "rows.csv"}


def test_storage_that_nothing_is_put_at_is_named_once() -> None:
    text = JOB + "    outputs: {f: {path: azureml://a/x}, o: {path: azureml://b/y}}"
    message = "outputs are kept with the run; nothing is put at azureml://a/x and 1 more"
    assert warnings_of(text) == {"jobs.b.outputs.f": message}


def test_a_component_may_stand_in_the_job_in_full() -> None:
    inline = "component:\n      " + STEP.replace("\n", "\n      ")
    pipeline = pipeline_of(JOB.replace("component: ./step.yaml", inline))
    assert pipeline.nodes["b"].component == ""
    assert list(pipeline.definitions) == ["b"]
    assert pipeline.definitions["b"].name == "step"
    faulty = inline.replace("type: integer", "type: whole")
    assert list(errors_of(JOB.replace("component: ./step.yaml", faulty))) == [
        "jobs.b.component.inputs.n.type"
    ]


def corpus() -> list[Path]:
    rows = [line.split("\t") for line in INDEX.read_text().splitlines()]
    return [CORPUS / row[0] for row in rows if row[1] == "pipeline" and row[3] == "valid"]


@needs_corpus
def test_every_pipeline_that_the_oracle_accepts_is_read() -> None:
    assert len(corpus()) > 30
    for path in corpus():
        text = path.read_text()
        root = parse(text, path.name)
        assert is_job(root)
        pipeline, _ = read_azureml_pipeline(root, text, path.name, NO_CODE)
        assert pipeline.nodes
