"""The example of every built-in runs, as its step does it, and leaves what is foretold of it."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest

from millwork.catalogue.index import declarations
from millwork.runtime import reports, step, tables
from millwork.runtime.models import Model
from millwork.runtime.transforms import Transform
from millwork.spec import values
from tests.catalogue.calls import agrees
from tests.docs.catalogue import foretold

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from pathlib import Path

ALL = declarations()
LOOK: Mapping[str, Callable[[Path], Any]] = {
    "table": lambda path: tables.scan(path).collect(),
    "model": Model.load,
    "transform": Transform.load,
    "report": reports.read,
    "value": lambda path: json.loads(path.read_text()),
    "file": lambda path: next(path.iterdir()),
    "folder": lambda path: next(path.iterdir()),
}


@pytest.fixture(scope="module")
def done(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    """Where the examples that have been run left their outputs."""
    return {"": tmp_path_factory.mktemp("examples")}


@pytest.mark.parametrize("name", list(ALL))
def test_the_example_runs(name: str, done: dict[str, Path]) -> None:
    folder = made(name, {}, done)
    shapes = foretold(ALL[name])
    for port, output in ALL[name].outputs.items():
        content = LOOK[output.type](folder / port)
        if output.type == "table":
            assert not agrees(shapes.get(port), content), port


def made(name: str, given: Mapping[str, str], done: dict[str, Path]) -> Path:
    """The folder of a component's outputs, run on its example, or on these parameters."""
    declared = ALL[name]
    known = f"{name} {given or ''}"
    if known in done:
        return done[known]
    said = {**declared.example.parameters, **given}
    variables = {"PAI_HPS": json.dumps(arguments(name, said))}
    for port, source in declared.example.inputs.items():
        variables[f"PAI_INPUT_{port.upper()}"] = str(data(source, done))
    folder = done[""] / f"{len(done)}"
    for port, output in declared.outputs.items():
        place = folder / port
        (place.parent if output.type == "value" else place).mkdir(parents=True, exist_ok=True)
        variables[f"PAI_OUTPUT_{port.upper()}"] = str(place)
    step.run(declared.function, [declared.member] if declared.member else [], variables)
    done[known] = folder
    return folder


def arguments(name: str, said: Mapping[str, str]) -> dict[str, Any]:
    """The parameters with their values, the defaults among them, as JSON has them."""
    return {
        word: values.read(parameter, said[word]) if word in said else parameter.default
        for word, parameter in ALL[name].parameters.items()
        if word in said or parameter.default is not None
    }


def data(source: str, done: dict[str, Path]) -> Path:
    """What an example's input names: a sample, or what another one left at a port."""
    maker, _, port = source.partition(".")
    return (
        made(maker, {}, done) / port
        if port
        else made("sample_data", {"name": maker}, done) / "table"
    )
