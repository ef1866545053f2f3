"""The templates: each runs on its real data, and its report says what it should."""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import polars as pl
import pytest

from millwork import Client
from millwork.actions.call import Call
from millwork.actions.load import check, load
from millwork.actions.nouns import templates as verbs
from millwork.base.errors import NotFound
from millwork.catalogue.templates import NAMES, template_file
from millwork.spec.model import Pipeline
from tests.conftest import run_command
from tests.e2e.server import serving

if TYPE_CHECKING:
    from collections.abc import Mapping

    from tests.conftest import Millwork

CALL = Call(None)  # type: ignore[arg-type]
FOLDER = Path(template_file(NAMES[0])).parent


@dataclass(frozen=True)
class Expected:
    """What a template's report holds, and between what a number of its metrics lies."""

    sections: tuple[str, ...]
    metric: str
    low: float
    high: float
    known: tuple[tuple[str, str, str], ...]  # a node, its port, a column that is known there


EXPECTED = {
    "penguins": Expected(
        ("bill_length_mm by species", "Length and depth of the bill", "Who is taken for whom"),
        "accuracy", 0.95, 1.0,
        (("split", "first", "species"), ("predict", "table", "prediction_detail")),
    ),
    "breast-cancer": Expected(
        ("How the threshold was chosen", "The chosen threshold and the usual one, on the last part",
         "ROC curve, AUC 0.99"),
        "auc", 0.97, 0.9999,
        (("predict-test", "table", "prediction_score"), ("evaluate-choice", "thresholds", "ks")),
    ),
    "flight-delays": Expected(
        ("What the model goes by", "Delay at landing, forecast against actual", "All metrics"),
        "mae", 11.0, 13.5,
        (("weather", "table", "pressure"), ("learn", "importance", "importance")),
    ),
    "customer-segments": Expected(
        ("The segments", "Who brings the money", "How many segments", "log10_spent by segment"),
        "silhouette", 0.45, 0.6,
        (("purchases", "table", "amount"), ("evaluate", "clusters", "silhouette")),
    ),
    "text-topics": Expected(
        ("The topics, by their heaviest words", "Texts by topic and area"),
        "", 0, 0,
        (("clean", "table", "text_clean"), ("find", "table", "topic_12")),
    ),
}  # fmt: skip


def pipeline(name: str) -> Pipeline:
    found = load(f"template:{name}").tree.definition
    assert isinstance(found, Pipeline)
    return found


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """One home for all of them: their libraries are installed once."""
    return tmp_path_factory.mktemp("templates") / "home"


@pytest.mark.quick
def test_the_templates_are_the_files_that_are_there() -> None:
    assert sorted(NAMES) == sorted(path.stem for path in FOLDER.glob("*.yaml"))
    assert list(EXPECTED) == list(NAMES)


@pytest.mark.quick
@pytest.mark.parametrize("name", NAMES)
def test_each_is_in_order_and_says_what_it_is_for(name: str) -> None:
    assert check(f"template:{name}") == ()
    found = pipeline(name)
    assert found.name == name
    assert found.description.startswith("**")
    assert "- **Honest**" in found.description or "**How " in found.description
    assert "- **To change it**" in found.description
    assert 6 <= len(found.nodes) <= 14
    assert all(node.component.startswith("builtin:") for node in found.nodes.values())
    assert {"report", "model", "metrics"} <= found.outputs.keys()
    assert found.layout.keys() == found.nodes.keys()
    assert len({tuple(place) for place in found.layout.values()}) == len(found.nodes)


def test_the_columns_are_known_before_anything_runs(millwork: Millwork) -> None:
    for name, expected in EXPECTED.items():
        steps = {
            each["node"]: each
            for each in millwork("plan", f"template:{name}", "--json").json["steps"]
        }
        for node, port, column in expected.known:
            found = steps[node]["columns"]["outputs"][port]
            assert column in [each["name"] for each in found["columns"]], (name, node, port)


@pytest.mark.parametrize("name", NAMES)
def test_each_runs_and_its_report_can_be_shown(name: str, home: Path, tmp_path: Path) -> None:
    expected, folder = EXPECTED[name], tmp_path / "out"
    words = ["run", f"template:{name}", "--json"]
    ran = run_command([*words, "-o", str(folder)], home, cwd=tmp_path, timeout=300)
    assert ran.code == 0, ran.err
    assert {step["status"] for step in ran.json["steps"]} == {"succeeded"}
    report = json.loads((folder / "report" / "report.json").read_text())
    titles = [section["title"] for section in report["sections"]]
    for title in expected.sections:
        assert any(each.startswith(title) for each in titles), titles
    assert "<svg" in (folder / "report" / "report.html").read_text()
    assert any((folder / "model").iterdir())
    if expected.metric:
        assert expected.low <= metrics(folder)[expected.metric] <= expected.high
    CHECKS.get(name, lambda _folder: None)(folder)
    again = run_command(words, home, cwd=tmp_path, timeout=300)
    anew = {step["node"] for step in again.json["steps"] if step["attempts"]}
    nodes = pipeline(name).nodes
    assert anew == {n for n in nodes if nodes[n].component == "builtin:python_script"}


def metrics(folder: Path) -> dict[str, float]:
    return dict(pl.read_parquet(folder / "metrics").rows())


def breast_cancer(folder: Path) -> None:
    """The threshold keeps its promise where it was chosen, and is lower than the usual one."""
    chosen = pl.read_parquet(folder / "threshold").row(0, named=True)
    assert chosen["missed"] == 1
    judged = pl.read_parquet(folder / "judged").rows_by_key("name", named=True, unique=True)
    assert judged["chosen"]["threshold"] < judged["usual"]["threshold"] == 0.5
    assert judged["chosen"]["missed"] < judged["usual"]["missed"]
    assert judged["chosen"]["false_alarms"] > judged["usual"]["false_alarms"]


def flight_delays(folder: Path) -> None:
    """It beats the forecast that a flight lands as late as it left, on days it has not seen."""
    found = pl.read_parquet(folder / "predictions")
    error = (pl.col("arr_delay") - pl.col("dep_delay")).abs().mean()
    assert metrics(folder)["mae"] < 0.9 * found.select(error).item()
    assert 80 <= found["date"].n_unique() <= 105


def customer_segments(folder: Path) -> None:
    """The best customers are few, and bring more than half of the money."""
    segments = pl.read_parquet(folder / "segments")
    assert segments["segment"].to_list() == ["A", "B", "C"]
    assert segments["customers"].sum() == 23_570
    assert segments["% of customers"][0] < 20
    assert segments["% of money"][0] > 50


def text_topics(folder: Path) -> None:
    """Topics lie in few areas: most texts are of the area that is commonest in their topic."""
    areas = pl.read_parquet(folder / "metrics")
    assert areas.group_by("row").agg(pl.col("count").max())["count"].sum() > 0.6 * 822
    words = pl.read_parquet(folder / "words")
    tops = words.group_by("topic").agg("word")["word"].to_list()
    assert any({"test", "hypothesis"} <= set(each) for each in tops)


CHECKS = {
    "breast-cancer": breast_cancer,
    "flight-delays": flight_delays,
    "customer-segments": customer_segments,
    "text-topics": text_topics,
}


def test_a_parameter_changes_the_number_of_segments(millwork: Millwork) -> None:
    plan = millwork("plan", "template:customer-segments", "-p", "segments=5", "--json").json
    (step,) = [each for each in plan["steps"] if each["node"] == "cluster"]
    assert parameters(step)["clusters"] == 5
    refused = millwork("plan", "template:customer-segments", "-p", "segments=1")
    assert (refused.code, "segments" in refused.err) == (2, True)


def parameters(step: Mapping[str, Any]) -> dict[str, Any]:
    found: dict[str, Any] = json.loads(step["replicas"][0]["env"]["PAI_HPS"])
    return found


def test_they_are_listed_shown_and_copied(millwork: Millwork, tmp_path: Path) -> None:
    assert millwork("templates", "list", "--json").json == verbs.list_(CALL)
    listed, shown = millwork("templates", "list"), millwork("templates", "show", "penguins")
    assert all(name in listed.out for name in NAMES)
    for part in ("Which of three species", "builtin:one_hot", "One-hot encoding", "run template:"):
        assert part in shown.out
    assert millwork("templates", "show", "penguins", "--json").json == verbs.show(CALL, "penguins")
    assert millwork("templates", "copy", "penguins").code == 0
    copied = tmp_path / "penguins" / "pipeline.yaml"
    assert copied.read_text() == Path(template_file("penguins")).read_text()
    assert millwork("validate", "penguins").code == 0
    copied.write_text("mine")
    refused = millwork("templates", "copy", "penguins")
    assert refused.code == 2
    assert "penguins/pipeline.yaml is there already" in refused.err
    assert copied.read_text() == "mine"
    assert millwork("templates", "copy", "penguins", "a/b").code == 0
    assert (tmp_path / "a" / "b" / "pipeline.yaml").exists()


@pytest.mark.parametrize(
    "words", ["run template:X", "plan template:X", "templates show X", "templates copy X"]
)
def test_an_unknown_name_is_said_to_be_so(words: str, millwork: Millwork, tmp_path: Path) -> None:
    refused = millwork(*words.replace("X", "penguin").split())
    assert refused.code == 2
    assert "there is no template 'penguin': is it penguins?" in refused.err
    assert "there are: penguins, " in millwork(*words.replace("X", "../x").split()).err
    assert not (tmp_path / "penguin").exists()


def test_a_pipeline_has_no_template_as_a_node(tmp_path: Path) -> None:
    file = tmp_path / "p.yaml"
    file.write_text(
        "apiVersion: millwork/v1\nkind: Pipeline\nname: p\nversion: 1.0.0\n"
        "nodes: {a: {component: 'template:penguins'}}\n"
    )
    assert any("template:penguins" in fault.message for fault in check(str(file)))


def test_a_server_runs_and_shows_them(home: Path, tmp_path: Path) -> None:
    home.mkdir(exist_ok=True)
    with serving(home) as server:
        client = Client(server.url, token=server.token)
        assert client.templates.list() == verbs.list_(CALL)
        assert client.templates.show("penguins") == verbs.show(CALL, "penguins")
        with pytest.raises(NotFound):
            client.templates.show("penguin")
        words = ["run", "template:penguins", "-o", str(tmp_path / "out")]
        assert run_command(words, home, cwd=tmp_path, timeout=300).code == 0
    assert (tmp_path / "out" / "report" / "report.html").is_file()
