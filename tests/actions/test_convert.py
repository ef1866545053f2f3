"""Files in other flavours: their own text within one, and the same behaviour across."""

from __future__ import annotations

import csv
import os
import re
import shutil
import subprocess
from collections import Counter
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from millwork.actions.convert import TARGETS, convert
from millwork.actions.load import Options, load
from millwork.actions.preview import preview
from millwork.base.errors import BadRequest, InvalidFile
from millwork.cli import parser
from millwork.plan.graph import Arguments
from millwork.spec import values
from millwork.spec.model import Component, Pipeline
from millwork.spec.tree import Tree
from tests.corpus import CORPUS, INDEX, needs_corpus

if TYPE_CHECKING:
    from collections.abc import Iterator

    from millwork.spec.model import Parameter

_HERE = Path(__file__).parents[2] / "examples"
EXAMPLES = (
    *sorted(_HERE.glob("flights/*/component.yaml")),
    _HERE / "hello/component.yaml",
    _HERE / "pai-seed/algorithm.json",
)
READING = Options(check_code=False)
HOSTILE = "a  b $(id) 'q' \"d\" `id` \\ *"
REASONS = re.compile(r"'.+' (is|defines) .|jobs\.\S+: .+ is a reference|distribution\.type: ")
STUB = '#!/bin/sh\nprintf \'%s\\0\' "${0##*/}" "$@"\necho\n'
V2 = """\
# Kept as it is
$schema: https://azuremlschemas.azureedge.net/latest/commandComponent.schema.json
type: command
name: train
version: 1
unknown: {a: [1, 2]}   # and so is this
inputs: {x: {type: string, default: "1.10"}, z: {type: uri_file, optional: true}}
outputs: {o: {type: uri_file}}
command: python t.py ${{inputs.x}} $[[--z ${{inputs.z}}]] ${{outputs.o}}
environment: {image: python:3.11}
"""


@pytest.fixture
def write(tmp_path: Path) -> Any:
    def write(name: str, text: str) -> str:
        path = tmp_path / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(text.encode())
        return str(path)

    return write


@pytest.mark.quick
def test_the_command_line_knows_the_flavours() -> None:
    assert parser.DIALECTS == TARGETS


@pytest.mark.quick
@pytest.mark.parametrize("text", [V2, V2.replace("\n", "\r\n"), "\ufeff" + V2])
def test_a_file_of_the_flavour_comes_out_byte_for_byte(write: Any, text: str) -> None:
    definition = load(write("c.yaml", text)).tree.definition
    converted = convert(definition, "azureml-v2")
    assert converted.text == text
    assert converted.left_out == ()
    # Without the file, it is the text that was read.
    moved = replace(definition, source=replace(definition.source, folder=""))
    assert convert(moved, "azureml-v2").text == definition.source.text


@pytest.mark.quick
def test_the_implicit_output_is_not_written(write: Any) -> None:
    tree = load(write("c.yaml", V2)).tree
    assert "artifacts" in tree.definition.outputs
    for flavour in ("azureml-old", "millwork"):
        assert "artifacts:" not in convert(tree.definition, flavour).text
    own = V2.replace("o: {type: uri_file}", "artifacts: {type: uri_folder}")
    own = own.replace("outputs.o", "outputs.artifacts")
    tree = load(write("own.yaml", own)).tree
    for flavour in ("azureml-old", "millwork"):
        assert "artifacts:" in convert(tree.definition, flavour).text


@pytest.mark.quick
def test_through_all_flavours(write: Any) -> None:
    tree = load(write("c.yaml", V2.replace("$[[--z ${{inputs.z}}]] ", ""))).tree
    for number, flavour in enumerate(("azureml-old", "azureml-v2", "millwork", "azureml-v2")):
        converted = convert(tree.definition, flavour)
        assert ("unknown: " in "".join(converted.left_out)) == (number == 0)
        tree = load(write(f"c{number}.yaml", converted.text)).tree
        assert tree.definition.flavour == flavour
        assert tree.parameters["x"].default == "1.10"
    converted = convert(tree.definition, "pai")
    assert load(write("c.json", converted.text)).tree.definition.flavour == "pai"
    assert any("CodeDir" in line for line in converted.left_out)


@pytest.mark.quick
@pytest.mark.parametrize("flavour", ["azureml-old", "azureml-v2"])
@pytest.mark.parametrize("example", EXAMPLES, ids=str)
def test_the_examples_are_read_back(example: Path, flavour: str, write: Any) -> None:
    source = load(str(example), READING).tree
    text = convert(source.definition, flavour, source.children).text
    back = load(write("c.yaml", text), READING).tree.definition
    assert isinstance(back, Component)
    assert isinstance(source.definition, Component)
    assert back.command == source.definition.command
    assert set(back.inputs) == set(source.inputs)
    assert set(back.parameters) == set(source.parameters)
    assert {name: values_of(parameter) for name, parameter in back.parameters.items()} == {
        name: values_of(parameter) for name, parameter in source.parameters.items()
    }


@pytest.mark.quick
def test_pipelines(write: Any) -> None:
    write("c.yaml", V2)
    job = """\
type: pipeline
inputs: {x: 3}
outputs: {r: {type: uri_file}}
jobs:
  a: {type: command, component: ./c.yaml, inputs: {x: "${{parent.inputs.x}}"}}
  b:
    component: ./c.yaml
    inputs: {z: "${{parent.jobs.a.outputs.o}}"}
    outputs: {o: "${{parent.outputs.r}}"}
    compute: big
"""
    tree = load(write("job.yaml", job)).tree
    assert convert(tree.definition, "azureml-v2", tree.children).text == job
    converted = convert(tree.definition, "millwork", tree.children)
    assert "jobs.b.compute: a node has no such field" in converted.left_out
    own = load(write("own.yaml", converted.text)).tree
    assert own.definition.flavour == "millwork"
    steps, moved = (preview(one, Arguments()) for one in (tree, own))
    assert moved == steps
    again = convert(own.definition, "azureml-v2", own.children)
    assert again.left_out == ()
    back = load(write("again.yaml", again.text)).tree
    assert preview(back, Arguments()) == steps


@pytest.mark.quick
@pytest.mark.parametrize(
    ("flavour", "message"),
    [
        ("azureml-old", "'p' is a pipeline; the old flavour has files of components only"),
        ("pai", "'p' is a pipeline; PAI's AlgorithmSpec is one component"),
        ("kfp", "there is no flavour 'kfp'; there are: millwork, pai, azureml-old, azureml-v2"),
    ],
)
def test_what_is_refused(flavour: str, message: str) -> None:
    with pytest.raises(BadRequest, match=message):
        convert(Pipeline("p", "1.0.0", {}, flavour="azureml-v2"), flavour)


# --- files that others wrote ------------------------------------------------------------------


@pytest.fixture(scope="module")
def files(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """A copy of the corpus, beside whose files the converted ones can stand."""
    folder = tmp_path_factory.mktemp("corpus") / "azureml"
    shutil.copytree(CORPUS, folder)
    for name in ("environment/context", "docker-context"):  # folders that are not in the corpus
        for place in [*folder.rglob("spec.yaml"), *folder.rglob("component.yml")]:
            file = place.parent / name / "Dockerfile"
            file.parent.mkdir(parents=True, exist_ok=True)
            file.touch()
    yield folder
    shutil.rmtree(folder)


def trees(folder: Path) -> Iterator[tuple[Path, Tree]]:
    with INDEX.open() as table:
        for row in csv.DictReader(table, delimiter="\t"):
            try:
                yield folder / row["file"], load(str(folder / row["file"]), READING).tree
            except InvalidFile:
                continue  # what is rejected is another test's matter


def read_back(text: str, beside: Path, flavour: str) -> Tree:
    file = beside.with_name(f"converted.{'json' if flavour == 'pai' else 'yaml'}")
    file.write_text(text)
    return load(str(file), READING).tree


def is_own(file: Path, text: str) -> bool:
    return file.read_bytes() == text.encode()


def count(files: Path, flavour: str) -> Counter[tuple[str, str]]:
    """How many of each flavour come to which end; whatever is written is read back."""
    counted: Counter[tuple[str, str]] = Counter()
    for file, tree in trees(files):
        source = tree.definition
        kind = "pipeline" if isinstance(source, Pipeline) else source.flavour
        try:
            converted = convert(source, flavour, tree.children)
        except BadRequest as refusal:
            reason = str(refusal)
            counted[kind, "refused" if REASONS.match(reason) else reason] += 1
            continue
        if source.flavour == flavour:
            assert is_own(file, converted.text)
            assert not converted.left_out
            counted[kind, "own text"] += 1
            continue
        back = read_back(converted.text, file, flavour)
        assert back.definition.flavour == flavour
        if isinstance(source, Component):
            check_alike(source, back.definition, flavour)
        counted[kind, "written"] += 1
    return counted


def check_alike(source: Component, back: Any, flavour: str) -> None:
    """The two take and give the same; what may differ is the kind of a port and of an enum."""
    inner = {"inputs": source.inputs, "outputs": source.outputs, "parameters": source.parameters}
    for kind, named in inner.items():
        there = getattr(back, kind)
        names = named if flavour.startswith("azureml") else named.keys() - {"artifacts"}
        assert set(there) == {name.lstrip("_").replace(".", "_") for name in names} or set(
            there
        ) == set(names)
    for name, parameter in source.parameters.items():
        if name in back.parameters:
            other = back.parameters[name]
            assert values_of(other) == values_of(parameter)
            assert (other.type == parameter.type) or parameter.enum


def values_of(parameter: Parameter) -> tuple[object, ...]:
    default = "" if parameter.default is None else values.to_text(parameter.default)
    return default, tuple(map(values.to_text, parameter.enum)), parameter.description


@needs_corpus
@pytest.mark.parametrize(
    ("flavour", "counted"),
    [
        ("azureml-old", {
            ("azureml-old", "own text"): 25, ("azureml-v2", "written"): 176,
            ("azureml-v2", "refused"): 1, ("pipeline", "refused"): 30,
        }),
        ("azureml-v2", {
            ("azureml-v2", "own text"): 177, ("azureml-old", "written"): 25,
            ("pipeline", "own text"): 30,
        }),
        ("millwork", {
            ("azureml-v2", "written"): 152, ("azureml-v2", "refused"): 25,
            ("azureml-old", "written"): 20, ("azureml-old", "refused"): 5,
            ("pipeline", "written"): 2, ("pipeline", "refused"): 28,
        }),
        ("pai", {
            ("azureml-v2", "written"): 152, ("azureml-v2", "refused"): 25,
            ("azureml-old", "written"): 20, ("azureml-old", "refused"): 5,
            ("pipeline", "refused"): 30,
        }),
    ],
)  # fmt: skip
def test_the_corpus(flavour: str, counted: dict[tuple[str, str], int], files: Path) -> None:
    assert dict(count(files, flavour)) == counted


@needs_corpus
@pytest.mark.parametrize("flavour", ["millwork", "azureml-old", "azureml-v2"])
def test_commands_of_the_corpus_run_the_same(flavour: str, files: Path, tmp_path: Path) -> None:
    """Every program is a stub that prints its words: both print the same."""
    (tmp_path / "a b.txt").touch()
    (tmp_path / "a b").mkdir()
    compared = 0
    for file, tree in trees(files):
        source = tree.definition
        if not isinstance(source, Component) or source.work != "command":
            continue
        if source.flavour == flavour:
            continue
        back = read_back(convert(source, flavour).text, file, flavour)
        for everything in (True, False):
            first = planned(source, tmp_path, everything=everything)
            second = planned(back.definition, tmp_path, everything=everything)
            if first["argv"] != second["argv"]:
                assert flavour == "millwork"
                in_shell = first["argv"][:2] == ["bash", "-c"]
                printed = run_stubbed(first, tmp_path, in_shell=in_shell)
                assert printed == run_stubbed(second, tmp_path, in_shell=in_shell), file
                assert printed[1], file
            compared += 1
    assert compared > 30


def planned(component: Any, data: Path, *, everything: bool) -> dict[str, Any]:
    arguments = Arguments(
        {
            name: str(data / ("a b.txt" if port.type == "file" else "a b"))
            for name, port in component.inputs.items()
            if everything or port.required
        },
        {
            name: example(parameter)
            for name, parameter in component.parameters.items()
            if everything or (parameter.required and parameter.default is None)
        },
    )
    (step,) = preview(Tree(replace(component, refusals=())), arguments)
    replica: dict[str, Any] = step["replicas"][0]
    return replica


def example(parameter: Parameter) -> str:
    if parameter.enum:
        return values.to_text(parameter.enum[0])
    if parameter.type in ("Int", "Float"):
        least = parameter.range.minimum if parameter.range else None
        return "1" if least is None else f"{least:g}"
    return "true" if parameter.type == "Bool" else HOSTILE


def run_stubbed(
    replica: dict[str, Any], folder: Path, *, in_shell: bool
) -> tuple[int, bytes, bool]:
    """The outcome where all programs print what they are given, but for bash if it is meant."""
    program, *words = replica["argv"]
    programs = folder / "programs"
    shutil.rmtree(programs, ignore_errors=True)
    programs.mkdir()
    (programs / ".stub").write_text(STUB)
    (programs / ".stub").chmod(0o755)
    known = {*re.findall(r"[A-Za-z0-9_.-]+", " ".join(replica["argv"]))} - {".", "..", ".stub"}
    for word in known | {"bash"}:
        target = shutil.which("bash") if word == "bash" and in_shell else ".stub"
        os.symlink(str(target), programs / word)
    runner = shutil.which(program) if words[:1] == ["-c"] else programs / program
    here = folder / "here"
    here.mkdir(exist_ok=True)
    done = subprocess.run(
        [str(runner), *words],
        env={**replica["env"], "PATH": str(programs)},
        cwd=here,
        capture_output=True,
        timeout=60,
    )
    return done.returncode, done.stdout, bool(done.stderr)
