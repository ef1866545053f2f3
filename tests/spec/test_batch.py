"""`batch` in component files: every field and form, each rule at its place, and the way back."""

from __future__ import annotations

import json
from dataclasses import fields, replace
from typing import Any

import jsonschema
import pytest
import yaml
from hypothesis import HealthCheck, given, settings

from millwork.base.errors import InvalidFile
from millwork.plan.codec import decode_component, encode_component
from millwork.spec.batch import BATCH, SPLIT
from millwork.spec.fields import Reading
from millwork.spec.model import (
    JOB_TYPES,
    Batch,
    Component,
    Pipeline,
    ReplicaGroup,
    RunPolicy,
    Source,
    Split,
)
from millwork.spec.reader import read_text
from millwork.spec.roles import faults as role_faults
from millwork.spec.schema import json_schema
from millwork.spec.tree import Tree
from millwork.spec.types import PORT_TYPES, holds_files
from millwork.spec.wiring import check_wiring
from millwork.spec.writer import to_document, to_text
from tests.spec.definitions import batches

pytestmark = pytest.mark.quick

HEAD = """\
apiVersion: millwork/v1
kind: Component
name: score
version: 1.0.0
command: python score.py
"""
TYPED = HEAD + "job_type: ElasticBatchJob\n"
PORTS = """\
inputs:
  images: {type: folder}
  hint: {type: value}
  more: {required: false}
outputs:
  scores: {}
  log: {type: report}
  mean: {type: value}
"""
LINE = TYPED.count("\n") + PORTS.count("\n") + 1
VALIDATOR = jsonschema.Draft202012Validator(json_schema())
EXACTLY_ONE = "expected auto, or exactly one of: files, bytes, rows, keys, list"
MOST = 2**31 - 1


def read(batch: str, ports: str = PORTS, head: str = TYPED) -> Component:
    definition, reading = read_text(f"{head}{ports}batch: {batch}\n", "component.yaml")
    assert isinstance(definition, Component)
    assert reading.faults == []
    return definition


def batch_of(batch: str, ports: str = PORTS) -> Batch:
    found = read(batch, ports).batch
    assert found
    return found


def faults_of(batch: str, ports: str = PORTS, head: str = TYPED) -> list[str]:
    with pytest.raises(InvalidFile) as caught:
        read_text(f"{head}{ports}batch: {batch}\n", "component.yaml")
    assert all(fault.file == "component.yaml" and fault.column for fault in caught.value.faults)
    return [f"{fault.path}: {fault.message}" for fault in caught.value.faults]


def test_nothing_said_is_nothing() -> None:
    component, _ = read_text(TYPED, "component.yaml")
    assert isinstance(component, Component)
    assert component.batch is None
    assert read("").batch is None


def test_only_an_input_is_needed() -> None:
    assert batch_of("{input: images}") == Batch("images")
    assert batch_of("{input: images, split: }") == Batch("images", Split("auto"))


def test_every_field() -> None:
    assert batch_of(
        "{input: images, split: {files: 10}, output: scores, append: scores.jsonl, max_retries: 0, "
        "error_threshold: 5, mini_batch_error_threshold: -1, allowed_failed_percent: 12.5, "
        "partial_is_failure: true, speculates: false}"
    ) == Batch(
        "images", Split("files", 10), "scores", "scores.jsonl", 0, 5, -1, 12.5, True, False
    )  # fmt: skip


@pytest.mark.parametrize(
    ("text", "split"),
    [
        ("auto", Split()),
        ("{files: 10}", Split("files", 10)),
        (f"{{files: {MOST}}}", Split("files", MOST)),
        ("{bytes: 10Mi}", Split("bytes", 10 * 2**20)),
        ("{bytes: 1000}", Split("bytes", 1000)),
        ("{rows: 10000}", Split("rows", 10_000)),
        ("{rows: 1}", Split("rows", 1)),
        ("{keys: [year, month]}", Split("keys", keys=("year", "month"))),
        ("{list: shards.txt}", Split("list", list="shards.txt")),
        ("{list: a/b.txt}", Split("list", list="a/b.txt")),
        ("{files: , rows: 3}", Split("rows", 3)),
    ],
)
def test_every_form_of_a_split(text: str, split: Split) -> None:
    found = read(f"{{input: images, split: {text}}}")
    assert found.batch
    assert found.batch.split == split
    (kinds,) = {type(found.batch.split.keys), type(split.keys)}
    assert kinds is tuple


def test_a_split_is_written_as_people_write_it() -> None:
    component = read("{input: images, output: log}")
    for split, written in {
        Split("files", 10): {"files": 10},
        Split("bytes", 10 * 2**20): {"bytes": "10Mi"},
        Split("rows", 10_000): {"rows": 10_000},
        Split("keys", keys=("year", "month")): {"keys": ["year", "month"]},
        Split("list", list="shards.txt"): {"list": "shards.txt"},
    }.items():
        changed = replace(component, batch=Batch("images", split, "log"))
        document = to_document(changed)["batch"]
        assert document == {"input": "images", "split": written, "output": "log"}
    assert to_document(component)["batch"] == {"input": "images", "output": "log"}


# --- the output that is meant -------------------------------------------------------------------


@pytest.mark.parametrize(
    ("outputs", "output"),
    [
        ("{}", ""),
        ("{mean: {type: value}}", ""),
        ("{scores: {}}", "scores"),
        ("{scores: {type: table}, mean: {type: value}}", "scores"),
        ("{scores: {}, log: {}}", ""),
    ],
)
def test_the_only_output_of_files_is_meant(outputs: str, output: str) -> None:
    ports = f"inputs: {{images: {{}}}}\noutputs: {outputs}\n"
    assert batch_of("{input: images}", ports).output == output


def test_where_there_are_more_it_is_said() -> None:
    assert batch_of("{input: images, output: log}").output == "log"
    ports = "inputs: {images: {}}\noutputs: {scores: {}}\n"
    assert batch_of("{input: images, append: a.txt}", ports) == Batch(
        "images", output="scores", append="a.txt"
    )


# --- the tables ---------------------------------------------------------------------------------


def test_the_table_has_a_row_for_each_attribute() -> None:
    assert [row.name for row in BATCH.fields] == [field.name for field in fields(Batch)]
    assert ["auto", *SPLIT.rows] == ["auto", "files", "bytes", "rows", "keys", "list"]


def test_the_defaults_in_the_table_are_the_models() -> None:
    """Those that are written as a value; that of the output is explained in words."""
    for row in BATCH.fields:
        default = getattr(Batch("x"), row.name)
        if isinstance(default, int | float):
            assert yaml.safe_load(row.default) == default, row.name
        elif row.name == "split":
            assert row.default == default.by
        else:
            assert default == "x" or not row.default or " " in row.default


@pytest.mark.parametrize("port_type", PORT_TYPES)
def test_ports_of_files(port_type: str) -> None:
    assert holds_files(port_type) == (port_type != "value")
    ports = f"inputs: {{images: {{type: {port_type}}}}}\noutputs: {{o: {{type: {port_type}}}}}\n"
    if holds_files(port_type):
        assert batch_of("{input: images, output: o}", ports).output == "o"
    else:
        assert len(faults_of("{input: images, output: o}", ports)) == 2


# --- what is refused ----------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("text", "fault"),
    [
        ("{input: image}", "input: there is no input 'image'; did you mean 'images'?"),
        ("{input: scores}", "input: there is no input 'scores'"),
        ("{input: ''}", "input: '' is not accepted: it is empty"),
        ("{input: hint}", "input: the input 'hint' is a value; only files are cut into shards"),
        ("{input: more}",
         "input: the input 'more' is not required, and what may be missing is not cut"),
        ("{split: auto}", "input: missing: the input that is cut into shards"),
        ("{input: images, output: score}",
         "output: there is no output 'score'; did you mean 'scores'?"),
        ("{input: images, output: images}", "output: there is no output 'images'"),
        ("{input: images, output: ''}", "output: '' is not accepted: it is empty"),
        ("{input: images, output: mean}",
         "output: the output 'mean' is a value; shards write files"),
        ("{input: images, append: a.txt}", ("append: it needs `output`, the output that the file "
         "is in; outputs of files: scores, log")),
        ("{input: images, output: '', append: a}", "output: '' is not accepted: it is empty"),
        ("{input: images, max_retries: -1}",
         "max_retries: '-1' is not a whole number >= 0 and <= 1000"),
        ("{input: images, error_threshold: -2}",
         f"error_threshold: '-2' is not a whole number >= -1 and <= {MOST:g}"),
        ("{input: images, mini_batch_error_threshold: 1.5}",
         "mini_batch_error_threshold: expected a whole number >= -1, found '1.5'"),
        ("{input: images, allowed_failed_percent: 101}",
         "allowed_failed_percent: '101' is not a number >= 0 and <= 100"),
        ("{input: images, allowed_failed_percent: -1}",
         "allowed_failed_percent: '-1' is not a number >= 0 and <= 100"),
        ("{input: images, partial_is_failure: 1}",
         "partial_is_failure: expected true or false, found '1'"),
        ("{input: images, speculates: yes}", "speculates: expected true or false, found 'yes'"),
        ("{input: images, run_max_try: 3}", "run_max_try: unknown field; a batch has: input, "),
    ],
)  # fmt: skip
def test_a_batch_that_is_refused(text: str, fault: str) -> None:
    (found,) = faults_of(text)
    assert found.startswith(f"batch.{fault}")


def test_an_append_without_any_output() -> None:
    (found,) = faults_of("{input: images, append: a.txt}", "inputs: {images: {}}\n")
    assert found.endswith("outputs of files: none")


@pytest.mark.parametrize("output", ["score", "mean"])
def test_a_wrong_output_is_not_put_right(output: str) -> None:
    ports = "inputs: {images: {}}\noutputs: {scores: {}, mean: {type: value}}\n"
    (found,) = faults_of(f"{{input: images, output: {output}}}", ports)
    assert found.startswith("batch.output: ")


@pytest.mark.parametrize("text", ["images", "[images]", "true"])
def test_what_is_no_batch(text: str) -> None:
    (found,) = faults_of(text)
    assert found.startswith("batch: expected fields (input, split, output, ")


@pytest.mark.parametrize(
    ("text", "fault"),
    [
        ("{}", f": {EXACTLY_ONE}"),
        ("{files: }", f": {EXACTLY_ONE}"),
        ("{files: 1, rows: 1}", f": {EXACTLY_ONE}"),
        ("{files: 0, rows: 1}", f": {EXACTLY_ONE}"),
        ("Auto", ": expected 'auto', found 'Auto'"),
        ("10", ": expected 'auto', found '10'"),
        ("[files]", ": expected auto, or split, found a list"),
        ("{file: 10}", ".file: unknown field; did you mean 'files'?"),
        ("{files: 0}", f".files: '0' is not a whole number >= 1 and <= {MOST:g}"),
        ("{rows: 1.5}", ".rows: expected a whole number >= 1, found '1.5'"),
        ("{bytes: 0}", ".bytes: '0' is no size: leave it out"),
        ("{bytes: 10 MB}", (".bytes: '10 MB' is not a size: a size is a number and a unit: 512Mi, "
         "2Gi, 500M")),
        ("{keys: []}", ".keys: it names no key"),
        ("{keys: year}", ".keys: expected a list of text, found 'year'"),
        ("{keys: [year, '']}", ".keys[1]: '' is not accepted: it is empty"),
        ("{keys: [a, b, a]}", ".keys[2]: the key stands there twice"),
        ("{keys: [1, '1']}", ".keys[1]: the key stands there twice"),
        ("{keys: [[a]]}", ".keys[0]: expected text, found a list"),
    ],
)  # fmt: skip
def test_a_split_that_is_refused(text: str, fault: str) -> None:
    assert faults_of(f"{{input: images, split: {text}}}") == [f"batch.split{fault}"]


OUTSIDE = ("/etc/passwd", "..", "../a", "a/../../b", "a/..", ".", "./a", "a//b", "a/", "/", "''")


@pytest.mark.parametrize("path", OUTSIDE)
def test_files_stay_within_their_folder(path: str) -> None:
    text = "is not accepted: a relative path without '.' and '..'"
    (found,) = faults_of(f"{{input: images, split: {{list: {path}}}}}")
    assert found.startswith("batch.split.list: ")
    assert found.endswith(text)
    (found,) = faults_of(f"{{input: images, output: log, append: {path}}}")
    assert found.startswith("batch.append: ")
    assert found.endswith(f"{text}, and not below .parts")


@pytest.mark.parametrize("path", [".parts", ".parts/a", ".parts/1.abc/scores.jsonl"])
def test_nothing_is_appended_among_what_is_staged(path: str) -> None:
    (found,) = faults_of(f"{{input: images, output: log, append: {path}}}")
    assert found.endswith("and not below .parts")
    assert batch_of(f"{{input: images, split: {{list: {path}}}}}").split.list == path


@pytest.mark.parametrize("path", ["a.txt", "a/b.txt", ".partsx", "a/.parts", "..a", "a b"])
def test_files_that_can_be_appended_to(path: str) -> None:
    assert batch_of(f"{{input: images, output: log, append: {path}}}").append == path


@pytest.mark.parametrize("job_type", JOB_TYPES)
def test_the_job_type(job_type: str) -> None:
    head = f"{HEAD}job_type: {job_type}\n"
    if job_type == "ElasticBatchJob":
        assert read("{input: images}", head=head).batch == Batch("images")
    else:
        assert faults_of("{input: images}", head=head) == [
            "batch: it needs job_type: ElasticBatchJob"
        ]


def test_all_faults_are_told_at_once_and_none_twice() -> None:
    text = "{input: image, split: {files: x}, output: mean, append: /a, speculates: x}"
    assert [fault.split(": ")[0] for fault in faults_of(text, head=HEAD)] == [
        "batch.split.files", "batch.append", "batch.speculates", "batch.input", "batch.output",
        "batch",
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("head", "ports", "path"),
    [
        (f"{HEAD}job_type: ElasticBatch\n", PORTS, "job_type"),
        (TYPED, "inputs: [images]\noutputs: {scores: {}}\n", "inputs"),
        (TYPED, "inputs: {images: [x]}\noutputs: {scores: {}}\n", "inputs.images"),
        (TYPED, "inputs: {images: {}}\noutputs: [x]\n", "outputs"),
        (TYPED, "inputs: {images: {}}\noutputs: {scores: [x]}\n", "outputs.scores"),
    ],
)
def test_what_could_not_be_read_is_one_fault(head: str, ports: str, path: str) -> None:
    (found,) = faults_of("{input: images, output: scores, append: a}", ports, head)
    assert found.startswith(f"{path}: ")


@pytest.mark.parametrize(
    ("text", "line", "column"),
    [
        ("batch:\n  split: auto\n  input: imags\n", LINE + 2, 3),
        ("batch:\n  input: images\n  split:\n    keys:\n      - a\n      - a\n", LINE + 5, 9),
        ("batch:\n  input: images\n  append: a.txt\n", LINE + 2, 3),
        ("batch: {input: images, split: {files: 1, rows: 2}}\n", LINE, 24),
    ],
)
def test_a_fault_has_its_place(text: str, line: int, column: int) -> None:
    with pytest.raises(InvalidFile) as caught:
        read_text(TYPED + PORTS + text, "component.yaml")
    (fault,) = caught.value.faults
    assert (fault.line, fault.column) == (line, column)


def test_the_job_types_fault_is_at_the_batch() -> None:
    with pytest.raises(InvalidFile) as caught:
        read_text(f"{HEAD}{PORTS}batch: {{input: images}}\n", "component.yaml")
    (fault,) = caught.value.faults
    assert (fault.line, fault.column, fault.path) == (LINE - 1, 1, "batch")


# --- with a job's other fields ------------------------------------------------------------------


def test_what_is_started_again_can_be_said_too() -> None:
    head = f"{TYPED}run_policy: {{restarts: 9, restart: replica}}\n"
    assert read("{input: images}", head=head).run_policy == RunPolicy(9, restart="replica")


def reasons(component: Component, **roles: int) -> list[Any]:
    return [*role_faults(component, {role: ReplicaGroup(n) for role, n in roles.items()})]


def test_its_replicas_are_workers() -> None:
    component = read("{input: images}")
    for count in (1, 2, 10_000):
        assert reasons(component, worker=count) == reasons(component, **{"": count}) == []
    without = replace(component, batch=None)
    for role in ("aimaster", "AIMaster"):
        refused = [((role,), "a batch has none: Millwork leases the shards itself")]
        assert reasons(component, worker=2, **{role: 1}) == refused
        assert reasons(without, worker=2, **{role: 1}) == []


def test_a_batch_of_any_work_has_many_replicas() -> None:
    component = replace(read("{input: images}"), work="parallel")
    assert reasons(component, worker=4) == []
    assert reasons(replace(component, batch=None), worker=4) == [
        ((), "only a command has more than one replica, and this is: parallel")
    ]


def test_a_node_has_no_aimaster_beside_it() -> None:
    pipeline, _ = read_text(
        "apiVersion: millwork/v1\nkind: Pipeline\nname: p\nversion: 1.0.0\nnodes:\n  score:\n"
        "    component: ./score.yaml\n    inputs: {images: {path: ./images}}\n"
        "    replicas: {worker: 3, aimaster: 1}\n",
        "p.yaml",
    )
    assert isinstance(pipeline, Pipeline)
    ports = "inputs: {images: {}}\n"
    reading = Reading("p.yaml")
    check_wiring(Tree(pipeline, {"score": Tree(read("{input: images}", ports))}), reading)
    assert [f"{fault.path}: {fault.message}" for fault in reading.faults] == [
        "nodes.score.replicas.aimaster: a batch has none: Millwork leases the shards itself"
    ]


# --- written, kept, and offered to editors ------------------------------------------------------


@given(batches(["images"], ["scores", "log"]))
@settings(
    max_examples=60,
    derandomize=True,
    deadline=None,
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large],
)
def test_what_is_written_and_kept_is_read_again(batch: Batch) -> None:
    component = replace(read("{input: images}"), batch=batch)
    document = json.loads(json.dumps(to_document(component)))
    assert [error.message for error in VALIDATOR.iter_errors(document)] == []
    for text in (to_text(component), json.dumps(document)):
        assert read_text(text, "x.yaml")[0] == component
    kept = decode_component(encode_component(component)[1])
    assert repr(kept) == repr(replace(component, source=Source()))


@pytest.mark.parametrize(
    "split",
    [{}, {"files": 1, "rows": 1}, {"files": 0}, {"keys": []}, {"keys": ["a", "a"]}, "Auto", 10],
)
def test_the_schema_refuses_what_the_reader_refuses(split: Any) -> None:
    document = to_document(read("{input: images}"))
    document["batch"]["split"] = split
    assert list(VALIDATOR.iter_errors(document))
    with pytest.raises(InvalidFile):
        read_text(json.dumps(document), "x.json")
