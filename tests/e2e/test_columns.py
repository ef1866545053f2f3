"""Columns are known before anything runs: told by `plan`, and wrong ones refused."""

from __future__ import annotations

import json
import os
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


def test_columns_of_a_component_of_ones_own_are_a_word_of_warning(
    millwork: Millwork, folder: Path, component: Component
) -> None:
    file = component(
        "true", "train",
        inputs={"rows": {"type": "table"}},
        parameters={"label": {"type": "Column", "input": "rows", "required": True}},
    )  # fmt: skip
    given = ("-i", f"rows={folder / 'penguins.csv'}")
    assert millwork("plan", written(folder, nodes())).code == 0  # the libraries are there now
    assert "label" not in millwork("run", file, *given, "-p", "label=mass").err
    wrong = millwork("run", file, *given, "-p", "label=weight")
    assert wrong.code == 0  # it may read its table in a way of its own
    assert "there is no column 'weight'; there are: species, mass, year" in wrong.err


def test_a_step_that_may_be_skipped_refuses_nothing(millwork: Millwork, folder: Path) -> None:
    asked = nodes()
    asked["sort"] |= {"when": "1 > 2"}
    asked["sort"]["parameters"]["by"] = "meen"
    file = written(folder, asked)
    assert millwork("plan", file).code == 0
    run = millwork("run", file)
    assert run.code == 0
    assert "there is no column 'meen'" in run.err


def test_a_long_chain_that_is_written_last_first(millwork: Millwork, folder: Path) -> None:
    chain = {"n0": node("sort_rows", {"table": {"path": "./penguins.csv"}}, by="mass")}
    for i in range(1, 600):
        chain[f"n{i}"] = node("sort_rows", {"table": {"from": f"n{i - 1}.table"}}, by="mass")
    file = written(folder, dict(reversed(chain.items())))
    planned = millwork("plan", file, "--json")
    assert planned.code == 0
    assert len(planned.json["steps"]) == 600


def test_a_pipe_does_not_hold_a_plan(millwork: Millwork, folder: Path) -> None:
    os.mkfifo(folder / "pipe.csv")
    planned = millwork("plan", "builtin:summary", "-i", f"table={folder / 'pipe.csv'}")
    assert planned.code in (0, 2)


def test_a_transform_that_is_wired_nowhere_is_told(millwork: Millwork, folder: Path) -> None:
    table = {"table": {"from": "read.table"}}
    asked = {
        "read": nodes()["read"],
        "scale": node("standardise", table, columns="mass"),
        "learn": node("ridge", {"table": {"from": "scale.table"}}, label="year"),
    }
    said = "step 'learn': its table was changed by 'scale', whose transform is wired nowhere"
    assert said in millwork("plan", written(folder, asked)).err
    asked["learn"]["inputs"]["transform"] = {"from": "scale.transform"}
    assert "wired nowhere" not in millwork("plan", written(folder, asked)).err


def test_the_rows_of_an_output_can_be_looked_at(millwork: Millwork, folder: Path) -> None:
    file = written(folder, nodes())
    assert millwork("run", file).code == 0
    shown = millwork("artifacts", "preview", "last", "sort", "table", "--json").json
    assert (shown["columns"], shown["kind"]) == (["species", "mean"], "table")
    assert shown["rows"] == [["Adelie", "3750.0"], ["Gentoo", "5000.0"]]
    printed = millwork("artifacts", "preview", "last", "sort", "table").out
    assert printed.splitlines()[0].split() == ["species", "mean"]


def test_a_near_name_is_told(millwork: Millwork, folder: Path) -> None:
    asked = nodes()
    asked["hot"]["parameters"]["columns"] = "specis"
    assert "did you mean 'species'?" in millwork("plan", written(folder, asked)).err
