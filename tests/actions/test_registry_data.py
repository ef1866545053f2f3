"""Datasets, models, images and code sources in the registry, and what came of what."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from millwork.api.binding import binding_of
from millwork.base.errors import BadRequest, Forbidden, NotFound
from tests.actions.shelf import Asker, component, names
from tests.conftest import EXAMPLES, run_command

if TYPE_CHECKING:
    from pathlib import Path

    from millwork.actions.context import Context


# --- data, models, images, code sources ---------------------------------------------------


def test_datasets_count_their_versions(ann: Asker) -> None:
    made = ann("datasets.create", name="flights", uri="s3://lake/flights", type="table",
               options={"format": "parquet"}, mount_path="/mnt/flights")  # fmt: skip
    assert (made["version"], made["document"]["type"]) == ("v1", "table")
    assert ann("datasets.create", name="flights", uri="s3://lake/f2")["version"] == "v2"
    clean = ann("datasets.create", name="clean", uri="s3://lake/clean",
                source={"dataset": "flights", "version": "v1"})  # fmt: skip
    assert clean["document"]["source"]["version"] == "v1"
    assert ann("datasets.lineage", name="flights", version="v1")["used_by"] == ["dataset:clean@v1"]
    assert ann("datasets.lineage", name="flights", version="v2")["used_by"] == []
    with pytest.raises(BadRequest, match="named as the source"):
        ann("datasets.create", name="loop", uri="dataset:loop@v1")
    for source in ({"dataset": "nowhere"}, {"run": "x"}, {"run": "x", "step": "y", "port": "z"},
                   {"dataset": "flights", "run": "x"}):  # fmt: skip
        with pytest.raises(BadRequest):
            ann("datasets.create", name="bad", uri="s3://b/x", source=source)


def test_models_are_approved_by_who_may(context: Context, ann: Asker) -> None:
    made = ann("models.create", name="delay", uri="s3://m/delay", framework="xgboost",
               metrics={"rmse": 9.5}, specs={"inference": {"port": 8080}})  # fmt: skip
    assert (made["version"], made["stage"]) == ("0.1.0", "Pending")
    ask = {"name": "delay", "version": "0.1.0", "stage": "Approved", "comment": "rmse below 10"}
    with pytest.raises(Forbidden):
        ann("models.approve", **ask)
    approved = Asker(context, "ops")("models.approve", **ask)
    assert (approved["stage"], approved["comment"]) == ("Approved", "rmse below 10")
    assert names(ann("models.list", stage="Approved")) == ["delay"]
    assert ann("models.create", name="delay", uri="s3://m/delay2")["version"] == "0.2.0"
    assert names(ann("models.list", stage="Approved")) == []
    with pytest.raises(BadRequest, match=r"metrics: at most 8 KB(?s:.*)specs: there is no 'x'"):
        ann("models.create", name="big", uri="s3://m/x", metrics={"x": "y" * 9000},
            specs={"x": {}})  # fmt: skip


def test_images_and_code_sources(ann: Asker) -> None:
    assert (
        ann("images.create", name="py", uri="python:3.11", labels={"gpu": "no"})["version"] == "1"
    )
    assert ann("images.create", name="py", uri="python:3.12", version="3.12")["version"] == "3.12"
    assert names(ann("images.list", label="gpu=no")) == []  # labels are those of the latest
    repository = "https://example.org/a/b.git"
    made = ann("codes.create", name="b", repository=repository, branch="main", connection="git")
    assert made["document"]["branch"] == "main"
    with pytest.raises(BadRequest, match="connection"):
        ann("codes.create", name="c", repository="https://u:p@example.org/a")
    found = ann("codes.create", name="b", repository=repository, commit="a" * 40)
    assert found["version"] == "2"
    told = ann("codes.diff", name="b", before="1", after="2")
    paths = [each["path"] for each in told["differences"]]
    assert paths == ["branch", "commit", "connection"]


def test_a_dataset_of_this_machine_is_there(ann: Asker, tmp_path: Path) -> None:
    (tmp_path / "a.csv").write_text("a\n1\n")
    with pytest.raises(BadRequest, match=r"there is no .*/b\.csv"):
        ann("datasets.create", name="b", uri=f"file://{tmp_path}/b.csv")
    made = ann("datasets.create", name="a", uri=f"file://{tmp_path}/a.csv")
    assert made["document"]["type"] == "file"
    made = ann("datasets.create", name="all", uri=f"file://{tmp_path}")
    assert made["document"]["type"] == "folder"


@pytest.mark.parametrize("noun", ["datasets", "models"])
def test_an_unknown_word_of_a_source_is_refused(ann: Asker, noun: str) -> None:
    said = {"name": "x", "source": {"run": "r", "step": "s", "prt": "p"}}
    with pytest.raises(BadRequest, match=r"source\.prt: there is none; there are: dataset, port"):
        ann(f"{noun}.create", **binding_of(f"{noun}.create").read({}, [], said))


# --- lineage ------------------------------------------------------------------------------


def test_lineage_both_ways(context: Context, ann: Asker, home: Path, tmp_path: Path) -> None:
    done = run_command(["run", str(EXAMPLES / "hello"), "--json"], home, cwd=tmp_path)
    run = done.json["run"]
    source = {"run": run, "step": "hello", "port": "greeting"}
    made = ann("models.create", name="greeter", source=source)
    assert made["run"] == run
    assert made["document"]["source"]["digest"]
    lineage = ann("models.lineage", name="greeter", version="0.1.0")
    step = lineage["run"]["steps"][0]
    assert step["component"].startswith("hello ")
    assert step["outputs"]["greeting"] == made["document"]["source"]["digest"]
    assert len(step["code"]["digest"]) == 64
    assert lineage["run"]["registered"] == ["model:greeter@0.1.0"]
    assert step["registered"] == {"greeting": ["model:greeter@0.1.0"]}
    ann("datasets.create", name="hidden", source=source, visibility="private")
    assert Asker(context, "bob")("runs.lineage", run=run)["registered"] == ["model:greeter@0.1.0"]
    assert len(ann("runs.lineage", run=run)["registered"]) == 2
    for word in ("last", run[:-1]):  # a run is called here as it is everywhere
        made = ann("models.create", name="greeter", source={**source, "run": word})
        assert made["run"] == run
    with pytest.raises(NotFound, match="left no output"):
        ann("models.create", name="greeter", source={**source, "port": "nothing"})
    with pytest.raises(NotFound, match="there is no run"):
        Asker(context, "eve", "other")("models.create", name="m", source=source)
    ann("components.create", text=component(inputs={"data": {"type": "any"}}))
    given = {"data": "dataset:hidden@v1"}  # it lies in the home, and a run made it
    assert ann("runs.create", component="train@1.0.0", inputs=given)["run"]


def test_a_dataset_knows_the_runs_that_use_it(ann: Asker, bob: Asker, tmp_path: Path) -> None:
    (tmp_path / "flights.csv").write_text("a,b\n1,2\n")
    ann("datasets.create", name="flights", uri=f"file://{tmp_path}/flights.csv", type="file")
    ann("components.create", text=component(inputs={"data": {"type": "file"}}))
    ask = {"component": "train@1.0.0", "inputs": {"data": "dataset:flights@v1"}}
    run = ann("runs.create", **ask, visibility="private")["run"]
    assert ann("datasets.lineage", name="flights", version="v1")["runs"] == [run]
    assert bob("datasets.lineage", name="flights", version="v1")["runs"] == []
    assert ann("runs.lineage", run=run)["uses"] == ["component:train@1.0.0", "dataset:flights@v1"]
