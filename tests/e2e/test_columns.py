"""Columns are known before anything runs: told by `plan`, and wrong ones refused."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from pathlib import Path

    from tests.conftest import Component, Millwork

CSV = "species,mass,year\nAdelie,3750,2007\nGentoo,5000,2008\n"


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "penguins.csv").write_text(CSV)
    return tmp_path


def written(folder: Path, nodes: dict[str, Any]) -> Path:
    head = {"apiVersion": "millwork/v1", "kind": "Pipeline", "name": "p", "version": "1.0.0"}
    (folder / "p.json").write_text(json.dumps({**head, "nodes": nodes}))
    return folder / "p.json"


def node(name: str, inputs: dict[str, Any], **parameters: Any) -> dict[str, Any]:
    return {"component": f"builtin:{name}", "inputs": inputs, "parameters": parameters}


def nodes(query: str = "select species, avg(mass) as mean from t1 group by species") -> Any:
    return {
        "read": node("read_csv", {"file": {"path": "./penguins.csv"}}),
        "ask": node("sql", {"t1": {"from": "read.table"}}, query=query),
        "sort": node("sort_rows", {"table": {"from": "ask.table"}}, by="mean"),
        "hot": node("one_hot", {"table": {"from": "read.table"}}, columns="species"),
    }


def test_plan_tells_the_columns_at_every_port(millwork: Millwork, folder: Path) -> None:
    file = written(folder, nodes())
    steps = {step["node"]: step for step in millwork("plan", file, "--json").json["steps"]}
    read = steps["read"]["columns"]["outputs"]["table"]
    assert read == {
        "columns": [
            {"name": "species", "type": "String"},
            {"name": "mass", "type": "Int64"},
            {"name": "year", "type": "Int64"},
        ],
        "whole": True,
    }
    ask = steps["ask"]["columns"]["outputs"]["table"]["columns"]
    assert ask == [{"name": "species", "type": "String"}, {"name": "mean", "type": "Float64"}]
    assert not steps["hot"]["columns"]["outputs"]["table"]["whole"]
    printed = millwork("plan", file).out
    assert "  output table: species String, mean Float64\n" in printed
    assert "others, known when it has run" in printed


def test_a_missing_column_is_refused_before_anything_starts(
    millwork: Millwork, folder: Path
) -> None:
    asked = nodes()
    asked["sort"]["parameters"]["by"] = "meen"
    file = written(folder, asked)
    said = "step 'sort': parameter 'by': there is no column 'meen'; there are: species, mean"
    planned = millwork("plan", file)
    assert (planned.code, said in planned.err) == (2, True)
    run = millwork("run", file)  # the libraries are there: plan has installed them
    assert (run.code, said in run.err) == (2, True)
    assert millwork("runs", "list", "--json").json == []


def test_a_query_that_cannot_be_is_refused_before_anything_starts(
    millwork: Millwork, folder: Path
) -> None:
    planned = millwork("plan", written(folder, nodes("select nope as mean from t1")))
    assert planned.code == 2
    assert "step 'ask': " in planned.err
    assert "nope" in planned.err


def test_columns_of_a_component_of_ones_own_are_checked_too(
    millwork: Millwork, folder: Path, component: Component
) -> None:
    file = component(
        "true", "train",
        inputs={"rows": {"type": "table"}},
        parameters={"label": {"type": "Column", "input": "rows", "required": True}},
    )  # fmt: skip
    given = ("-i", f"rows={folder / 'penguins.csv'}")
    assert millwork("plan", file, *given, "-p", "label=mass").code == 0
    wrong = millwork("plan", file, *given, "-p", "label=weight")
    assert wrong.code == 2
    assert "there is no column 'weight'; there are: species, mass, year" in wrong.err
