"""What is saved and loaded again is equal to what it was."""

from __future__ import annotations

import json
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from millwork import BadRequest, Component, Node, load, pipeline
from millwork.spec.writer import to_text
from tests.conftest import EXAMPLES
from tests.sdk.functions import inner, measure, words, write
from tests.spec.definitions import components

if TYPE_CHECKING:
    from millwork.spec.model import Component as Definition

pytestmark = [pytest.mark.quick, pytest.mark.long]
NAMES = ("extract", "features", "split", "train", "evaluate", "")
LOADED = {name: load(EXAMPLES / "flights" / name) for name in NAMES}
OPTIONS = st.fixed_dictionaries(
    {},
    optional={
        "retries": st.integers(0, 100),
        "timeout": st.sampled_from(["90s", "1h30m"]),
        "on_lost": st.sampled_from(["retry", "fail"]),
        "continue_on_failure": st.booleans(),
        "env": st.dictionaries(st.sampled_from(["A", "B_C"]), st.text("a'\" $\n:#", max_size=9)),
        "resources": st.fixed_dictionaries({}, optional={"cpu": st.floats(0.5, 8)}),
        "when": st.just("parameters.on == true"),
        "run_policy": st.fixed_dictionaries({}, optional={"restarts": st.integers(0, 9)}),
    },
)


@st.composite
def plans(draw: st.DrawFn) -> list[tuple[str, dict[str, Any]]]:
    kinds = st.sampled_from(["write", "measure", "inner", "split", "extract", "flights"])
    plan = [(kind, draw(OPTIONS)) for kind in draw(st.lists(kinds, min_size=1, max_size=6))]
    for kind, options in plan:
        if kind in ("inner", "flights"):
            for word in ("timeout", "env", "resources", "run_policy"):
                options.pop(word, None)
    return plan


def call(kind: str, rows: Node, scale: float, word: str) -> Node:
    if kind == "write":
        return write(word=word)
    if kind == "measure":
        return measure(rows=rows.outputs.rows, scale=scale)
    if kind == "inner":
        return inner(rows=rows.outputs.rows, scale=scale)
    if kind == "split":
        return LOADED["split"](rows=rows.outputs.rows, key=word or "day")
    return LOADED["extract"]() if kind == "extract" else LOADED[""](rounds=3)


def compose(plan: list[tuple[str, dict[str, Any]]], numbers: list[float], word: str) -> Component:
    """A pipeline of these nodes, each reading from the one before that has rows."""

    @pipeline(name="drawn", description=word)
    def drawn(number: float = 1.5, on: bool = True) -> dict[str, Node]:
        del on
        rows = write(count=2, word=word)
        ends = {}
        for index, (kind, options) in enumerate(plan):
            scale = numbers[index] if index < len(numbers) else number
            node = call(kind, rows, scale, word)
            node.with_(**options)
            if kind in ("inner", "measure"):
                ends[f"end-{index}"] = node
            rows = node if kind == "write" else rows
        return ends

    return drawn


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(plans(), st.lists(st.floats(-1e9, 1e9), max_size=3), st.text("ab: '\n#é", max_size=9))
def test_pipelines(plan: list[tuple[str, dict[str, Any]]], numbers: list[float], word: str) -> None:
    composed = compose(plan, numbers, word)
    with TemporaryDirectory() as folder:
        saved = composed.save(Path(folder, "deep", "pipeline.yaml"))
        loaded = load(saved)
        assert loaded == composed
        again = load(loaded.save(Path(folder, "again.yaml")))
        assert again == composed


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(components())
def test_components(definition: Definition) -> None:
    with TemporaryDirectory() as folder:
        file = Path(folder, "component.yaml")
        file.write_text(to_text(definition), encoding="utf-8")
        part = load(file)
        assert load(part.save(Path(folder, "other", "part.yaml"))) == part


@pytest.mark.parametrize("part", [write, measure, inner, words], ids=lambda part: str(part.name))
def test_what_python_wrote(part: Component, tmp_path: Path) -> None:
    saved = load(part.save(tmp_path / "new" / part.file_name))
    assert saved == part
    assert load(part.save(tmp_path / "new" / part.file_name)) == part, "saving again replaces"
    assert saved != LOADED["extract"]
    assert (saved == 5) is False


def test_examples_of_pai(tmp_path: Path) -> None:
    part = load(EXAMPLES / "pai-seed" / "algorithm.json")
    assert load(part.save(tmp_path / "component.yaml")) == part


def test_components_with_one_name_get_folders_of_their_own(tmp_path: Path) -> None:
    from tests.sdk import twins

    @pipeline
    def both() -> None:
        write()
        twins.write()

    saved = load(both.save(tmp_path / "pipeline.yaml"))
    assert saved == both
    assert sorted(path.name for path in (tmp_path / "components").iterdir()) == [
        "write", "write-2",
    ]  # fmt: skip


def test_files_of_others_are_not_replaced(tmp_path: Path) -> None:
    (tmp_path / "components" / "write").mkdir(parents=True)
    (tmp_path / "components" / "write" / "component.yaml").write_text("mine")
    with pytest.raises(BadRequest, match="holds files that Millwork did not write; save elsewhere"):
        words.save(tmp_path / "pipeline.yaml")
    (tmp_path / "requirements.txt").write_text("mine")
    with pytest.raises(BadRequest, match="holds files that Millwork did not write"):
        write.save(tmp_path / "component.yaml")
    assert (tmp_path / "requirements.txt").read_text() == "mine"


def test_a_step_s_call(tmp_path: Path) -> None:
    measure.save(tmp_path / "component.yaml")
    call = json.loads((tmp_path / "millwork_step.json").read_text())
    assert call == {
        "module": "tests.sdk.functions",
        "file": "tests/sdk/functions.py",
        "function": "measure",
        "paths": {"rows": "PAI_INPUT_ROWS", "extra": "PAI_INPUT_EXTRA"},
        "value": "PAI_OUTPUT_VALUE",
    }
    assert (tmp_path / "tests" / "sdk" / "words.txt").is_file()
