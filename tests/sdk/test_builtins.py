"""Built-in components in Python: found, composed, saved, loaded, run, completed by editors."""

from __future__ import annotations

import re
from inspect import signature
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import pytest

import millwork
from millwork import BadRequest, Input, builtin, load, pipeline
from millwork.catalogue.index import declarations
from millwork.sdk.stubs import stub

if TYPE_CHECKING:
    from millwork import Outputs

PAGE = Path(__file__).parents[2] / "docs" / "catalogue" / "README.md"
split, scale = builtin("split_rows"), builtin("standardise")


@pipeline
def prepared(rows: Annotated[Input, "table"], part: float = 0.5) -> dict[str, object]:
    parts = split(table=rows, fraction=part)
    scaled = scale(table=parts.outputs.first, columns=["mass"])
    return {"table": scaled.outputs.table, "rest": parts.outputs.second}


def test_a_builtin_is_found_by_its_name() -> None:
    assert scale == load("builtin:standardise") == load("azureml://Normalize Data")
    assert "table" in signature(scale).parameters
    with pytest.raises(BadRequest, match="is it standardise"):
        builtin("standardize")
    with pytest.raises(BadRequest, match=r"'standardise' is 1\.0\.0 here, and 9\.0\.0 is asked"):
        builtin("standardise@9.0.0")


@pytest.mark.parametrize("name", sorted(declarations()))
def test_each_can_be_had_and_has_stubs(name: str) -> None:
    assert builtin(name).name == name
    text = stub(f"builtin:{name}")
    assert f"\n{name}: " in text
    compile(text, "steps.pyi", "exec")


def test_a_pipeline_of_builtins_is_saved_and_loaded(tmp_path: Path) -> None:
    path = prepared.save(tmp_path / "deep" / "pipeline.yaml")
    assert re.findall(r"component: (.*)", path.read_text()) == [
        "builtin:split_rows", "builtin:standardise",
    ]  # fmt: skip
    again = load(path)
    assert again == prepared
    assert load(again.save(tmp_path / "again.yaml")) == prepared
    assert not (tmp_path / "deep" / "components").exists()


def test_a_builtin_by_itself_is_saved_with_its_code(tmp_path: Path) -> None:
    own = load(scale.save(tmp_path / "mine" / "component.yaml"))
    assert signature(own) == signature(scale)
    assert (tmp_path / "mine" / "runtime" / "requirements.txt").is_file()


def test_they_run_by_themselves_and_in_a_pipeline(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    import polars as pl

    monkeypatch.setenv("MILLWORK_HOME", str(tmp_path / "home"))
    rows = tmp_path / "rows.csv"
    rows.write_text("mass,name\n" + "".join(f"{i},n{i}\n" for i in range(40)))
    alone = scale.run(table=rows, columns=["mass"])
    assert pl.read_parquet(alone.outputs["table"] / "*.parquet")["mass"].mean() == pytest.approx(0)
    run = prepared.run(rows=rows)
    counts = [pl.read_parquet(run.outputs[name] / "*.parquet").height for name in ("table", "rest")]
    assert sum(counts) == 40


def test_the_pages_example_composes(tmp_path: Path) -> None:
    (code,) = re.findall(r"```python\n(.*?)```", PAGE.read_text(encoding="utf-8"), re.DOTALL)
    (text,) = re.findall(r"```yaml\n(.*?)```", PAGE.read_text(encoding="utf-8"), re.DOTALL)
    file = tmp_path / "pipeline.yaml"
    file.write_text(text)
    space: dict[str, Outputs] = {}
    exec(compile(code, "page.py", "exec"), space)
    assert load(file).tree.inputs == space["prepared"].tree.inputs  # type: ignore[attr-defined]
    assert millwork.builtin is builtin
